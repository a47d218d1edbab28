/* A container's cgroup as a whole: deciding where it is, opening, describing, removing it. */
#include "cgroup/group.h"
#include "cgroup/host.h"
#include "cgroup/paths.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

/* The names of a hierarchy other than the directory's own, comma-separated; "" for none. */
static const char *other_names(struct hk_arena *arena, const char *controllers, const char *own)
{
	char *names = hk_arena_alloc(arena, strlen(controllers) + 1);
	size_t used = 0;

	for (size_t len; names && *controllers; controllers += len + (controllers[len] == ',')) {
		len = strcspn(controllers, ",");
		if (len == strlen(own) && strncmp(controllers, own, len) == 0)
			continue;
		if (used)
			names[used++] = ',';
		memcpy(names + used, controllers, len);
		used += len;
	}
	return names;
}

/* How the hierarchy is mounted once more for the container: "none,name=systemd" has no controller,
 * and "cpu,cpuacct" is also reached by each of its names. */
static int describe_mount(struct hk_cgroup *cgroup, const struct hk_cgroup_host *host,
	const struct hk_cgroup_hierarchy *h, const char *source)
{
	struct hk_cgroup_mount *mount = &cgroup->mounts[cgroup->mount_count];
	const char *name = strrchr(h->mountpoint, '/');

	if (!source)
		return -ENOMEM;
	*mount = (struct hk_cgroup_mount){.source = source, .v2 = h->v2};
	if (h->v2) {
		mount->name = host->mode == HK_CGROUP_V2 ? "" : "unified";
	} else {
		mount->name = hk_arena_strdup(&cgroup->arena, name ? name + 1 : h->controllers);
		mount->options = hk_arena_printf(&cgroup->arena, "%s%s",
			hk_starts_with(h->controllers, "name=") ? "none," : "", h->controllers);
		if (!mount->name || !mount->options)
			return -ENOMEM;
		if (strchr(h->controllers, ',')) {
			mount->links = other_names(&cgroup->arena, h->controllers, mount->name);
			if (!mount->links)
				return -ENOMEM;
		}
	}
	cgroup->mount_count++;
	return 0;
}

/* The directory for the container in that hierarchy. */
static int place(struct hk_cgroup *cgroup, const struct hk_cgroup_host *host,
	const struct hk_cgroup_hierarchy *h, const struct hk_cgroup_request *request,
	const char **ret, struct hk_err *err)
{
	const char *wanted = request->cgroups_path;

	if (request->manager == HK_CGROUP_MANAGER_DISABLED)
		return 0;
	if (request->unit_path)
		wanted = request->unit_path;
	/* a unit's cgroup that holds processes could not hand its controllers down; beside v1 it
	 * has none */
	if (request->unit_path && request->subgroup && host->mode == HK_CGROUP_V2)
		wanted = hk_arena_printf(
			&cgroup->arena, "%s/%s", request->unit_path, request->subgroup);
	if (request->unit_path && !wanted)
		return hk_fail(err, ENOMEM, "place the cgroup");
	return hk_cgroup_place(&cgroup->arena, h, wanted, request->id, ret, err);
}

static int place_leaf(struct hk_cgroup *cgroup, struct hk_cgroup_dir *dir, const char *leaf)
{
	if (!leaf || !dir->path || !hk_cgroup_dir_is_v2(dir))
		return 0;
	dir->leaf = hk_arena_strdup(&cgroup->arena, leaf);
	return dir->leaf ? 0 : -ENOMEM;
}

/* The directory that the container takes for its own; NULL when memory is out. */
static const char *seen_as(struct hk_cgroup *cgroup, const struct hk_cgroup_dir *dir)
{
	if (dir->leaf)
		return hk_arena_printf(&cgroup->arena, "%s/%s", dir->path, dir->leaf);
	return dir->path ? dir->path : dir->own;
}

static int check_leaf(
	struct hk_cgroup *cgroup, const struct hk_cgroup_request *request, struct hk_err *err)
{
	if (!request->leaf || hk_cgroup_find_v2(cgroup))
		return 0;
	(void)hk_refuse(err, ENOTSUP,
		"only a cgroup v2 of the container's own can be delegated, and it has none");
	hk_err_hint(err,
		"delegation is not safe on cgroup v1, which is all that there is here, or all "
		"that the caller may use");
	return hk_err_at(err, HK_CGROUP_LEAF_PROPERTY);
}

/* One directory in each hierarchy, or with the disabled manager none but our own to look at. */
static int place_all(struct hk_cgroup *cgroup, const struct hk_cgroup_host *host,
	const struct hk_cgroup_request *request, struct hk_err *err)
{
	bool disabled = request->manager == HK_CGROUP_MANAGER_DISABLED;

	for (size_t i = 0; i < host->count; i++) {
		const struct hk_cgroup_hierarchy *h = &host->hierarchies[i];
		struct hk_cgroup_dir *dir = &cgroup->dirs[cgroup->count];
		const char *path = NULL;
		int r;

		dir->mount = &cgroup->mounts[cgroup->mount_count];
		dir->version = h->v2 ? &hk_cgroup_v2 : &hk_cgroup_v1;
		dir->controllers = hk_arena_strdup(&cgroup->arena, h->controllers);
		dir->mountpoint = hk_arena_strdup(&cgroup->arena, h->mountpoint);
		dir->own = hk_cgroup_own_place(&cgroup->arena, h);
		if (dir->own)
			dir->own = hk_arena_strdup(&cgroup->arena, dir->own);
		r = place(cgroup, host, h, request, &path, err);
		if (r < 0)
			return r;
		dir->path = path;
		if (!dir->controllers || !dir->mountpoint || !dir->own ||
			place_leaf(cgroup, dir, request->leaf) < 0 ||
			describe_mount(cgroup, host, h, seen_as(cgroup, dir)) < 0)
			return hk_fail(err, ENOMEM, "place the cgroup");
		if (!disabled)
			cgroup->count++;
	}
	return 0;
}

/* Without root's rights the container may stay where we are, but only where nobody asked for
 * anything that takes a cgroup of its own. Decided before the plan says what is joined. */
static int leave_out_forbidden(
	struct hk_cgroup *cgroup, const struct hk_cgroup_request *request, struct hk_err *err)
{
	struct hk_cgroup_limits limits;
	struct hk_arena arena = {0};
	int r;

	if (!request->rootless || request->unit_path ||
		(request->cgroups_path && *request->cgroups_path))
		return 0;
	r = hk_cgroup_limits_convert(cgroup, request->resources, &arena, &limits, err);
	hk_arena_done(&arena);
	if (r < 0 || limits.v1_count || limits.v2_count)
		return r;
	for (size_t i = cgroup->count; i > 0; i--)
		if (!hk_cgroup_dir_may_make(&cgroup->dirs[i - 1]))
			hk_cgroup_leave_out(cgroup, i - 1);
	return 0;
}

int hk_cgroup_new(const struct hk_cgroup_host *host, const struct hk_cgroup_request *request,
	struct hk_cgroup **ret, struct hk_err *err)
{
	struct hk_cgroup *cgroup = hk_cgroup_alloc();
	int r;

	if (!cgroup)
		return hk_fail(err, ENOMEM, "place the cgroup");
	r = place_all(cgroup, host, request, err);
	if (r == 0)
		r = leave_out_forbidden(cgroup, request, err);
	if (r == 0)
		r = check_leaf(cgroup, request, err);
	if (r == 0 && hk_cgroup_describe(cgroup) < 0)
		r = hk_fail(err, ENOMEM, "place the cgroup");
	if (r < 0) {
		hk_cgroup_free(cgroup);
		return r;
	}
	*ret = cgroup;
	return 0;
}

/* One pair a controller: those of a hierarchy that has several come with the same path. */
static int add_path(struct hk_cgroup *cgroup, const struct hk_pair *pair)
{
	struct hk_cgroup_dir *dir = NULL;

	for (size_t i = 0; i < cgroup->count && !dir; i++)
		if (strcmp(cgroup->dirs[i].path, pair->value) == 0)
			dir = &cgroup->dirs[i];
	if (dir) {
		dir->controllers =
			hk_arena_printf(&cgroup->arena, "%s,%s", dir->controllers, pair->key);
		return dir->controllers ? 0 : -ENOMEM;
	}
	if (cgroup->count == HK_CGROUP_MAX_HIERARCHIES)
		return -E2BIG;
	dir = &cgroup->dirs[cgroup->count];
	dir->version = *pair->key ? &hk_cgroup_v1 : &hk_cgroup_v2;
	dir->controllers = hk_arena_strdup(&cgroup->arena, pair->key);
	dir->path = hk_arena_strdup(&cgroup->arena, pair->value);
	if (!dir->controllers || !dir->path)
		return -ENOMEM;
	cgroup->count++;
	return 0;
}

int hk_cgroup_open(const struct hk_pairs *paths, struct hk_cgroup **ret, struct hk_err *err)
{
	struct hk_cgroup *cgroup = hk_cgroup_alloc();
	int r = cgroup ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < paths->count; i++) {
		r = hk_cgroup_path_is_sane(paths->items[i].value) ? 0 : -EINVAL;
		if (r == 0)
			r = add_path(cgroup, &paths->items[i]);
	}
	if (r == 0)
		r = hk_cgroup_describe(cgroup);
	if (r < 0) {
		hk_cgroup_free(cgroup);
		return hk_fail(err, -r, "open the container's cgroup");
	}
	*ret = cgroup;
	return 0;
}

bool hk_cgroup_oom_killed(struct hk_cgroup *cgroup)
{
	struct hk_cgroup_dir *memory = hk_cgroup_find_v1(cgroup, "memory");
	struct hk_cgroup_dir *dir = memory ? memory : hk_cgroup_find_v2(cgroup);

	return dir && dir->version->oom_killed(dir);
}

/* What the state on disk names must be a cgroup: an rmdir would take any empty directory. */
static int check_removable(const struct hk_cgroup_dir *dir)
{
	struct statfs sfs;

	if (dir->mountpoint) /* decided by ourselves */
		return 0;
	if (statfs(dir->path, &sfs) < 0)
		return -errno;
	return (unsigned long)sfs.f_type == HK_CGROUP_SUPER_MAGIC ||
			       (unsigned long)sfs.f_type == HK_CGROUP2_SUPER_MAGIC
		       ? 0
		       : -ENOTSUP;
}

int hk_cgroup_destroy(struct hk_cgroup *cgroup, struct hk_err *err)
{
	int budget_ms = HK_CGROUP_REMOVE_BUDGET_MS, result = 0;

	/* All are tried: one that stays is no reason to leave the others too. */
	for (size_t i = 0; i < cgroup->count; i++) {
		struct hk_cgroup_dir *dir = &cgroup->dirs[i];
		int r = check_removable(dir);

		hk_close(&dir->fd);
		if (r == 0)
			r = hk_cgroup_remove(dir->path, &budget_ms);
		if (r == 0)
			hk_cgroup_dir_unmake(dir);
		if (r < 0 && r != -ENOENT && result == 0)
			result = hk_fail(err, -r, "remove cgroup '%s'", dir->path);
	}
	return result;
}
