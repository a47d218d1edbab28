/* Where a container's cgroup goes. */
#include "cgroup/paths.h"
#include "base/err.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static int refuse(struct hk_err *err, int errnum, const char *cgroups_path, const char *why)
{
	char shown[256];

	(void)hk_refuse(err, errnum, "cgroup path '%s' %s",
		hk_printable(cgroups_path, shown, sizeof(shown)), why);
	(void)hk_err_at(err, "/linux/cgroupsPath");
	return -errnum;
}

/* The directory that holds a clean absolute path; "/" holds itself. */
static size_t parent_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash != path ? (size_t)(slash - path) : 1;
}

/* mountpoint + "/" + inner: "/" for an inner path that names the root. */
static const char *join(struct hk_arena *arena, const char *mountpoint, const char *inner)
{
	if (strcmp(inner, "/") == 0)
		return mountpoint;
	return hk_arena_printf(
		arena, "%s%s", strcmp(mountpoint, "/") == 0 ? "" : mountpoint, inner);
}

int hk_cgroup_place(struct hk_arena *arena, const struct hk_cgroup_hierarchy *hierarchy,
	const char *cgroups_path, const char *id, const char **ret, struct hk_err *err)
{
	const char *wanted = cgroups_path && *cgroups_path ? cgroups_path : id;
	char clean[PATH_MAX], own[PATH_MAX], *whole;

	/* Resolving ".." would be as safe, but nobody who writes it means what it would give. */
	if (hk_path_has_dot_dot(wanted))
		return refuse(err, EINVAL, wanted, "must not contain '..'");
	if (strchr(wanted, '\n'))
		return refuse(err, EINVAL, wanted, "must not contain a line break");
	if (hk_path_clean(wanted, true, clean, sizeof(clean)) < 0)
		return refuse(err, ENAMETOOLONG, wanted, "is too long");
	if (strcmp(clean, "/") == 0)
		return refuse(err, EINVAL, wanted, "names the root of every cgroup");
	if (hk_path_clean(hierarchy->self, true, own, sizeof(own)) < 0)
		return refuse(err, ENAMETOOLONG, hierarchy->self, "is too long");
	if (*wanted == '/')
		own[1] = '\0';
	else if (hierarchy->v2)
		own[parent_len(own)] = '\0';
	whole = hk_arena_printf(arena, "%s%s", strcmp(own, "/") == 0 ? "" : own, clean);
	if (whole)
		*ret = join(arena, hierarchy->mountpoint, whole);
	if (!whole || !*ret)
		return hk_fail(err, ENOMEM, "place the cgroup");
	/* room for "/cgroup.subtree_control" and the like behind it */
	if (strlen(*ret) > PATH_MAX - 128)
		return refuse(err, ENAMETOOLONG, wanted, "is too long");
	return 0;
}

const char *hk_cgroup_own_place(struct hk_arena *arena, const struct hk_cgroup_hierarchy *hierarchy)
{
	return join(arena, hierarchy->mountpoint, hierarchy->self);
}

bool hk_cgroup_path_is_sane(const char *path)
{
	char clean[PATH_MAX];

	return path && path[0] == '/' && path[1] && strlen(path) <= PATH_MAX - 128 &&
	       hk_path_clean(path, true, clean, sizeof(clean)) == 0 && strcmp(path, clean) == 0;
}
