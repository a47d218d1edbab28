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

#define REMOVE_BUDGET_MS 4000 /* for all directories together */

static struct hk_cgroup *alloc_cgroup(void)
{
	struct hk_cgroup *cgroup = calloc(1, sizeof(*cgroup));

	for (size_t i = 0; cgroup && i < HK_CGROUP_MAX_HIERARCHIES; i++)
		cgroup->dirs[i].fd = -1;
	return cgroup;
}

void hk_cgroup_free(struct hk_cgroup *cgroup)
{
	if (!cgroup)
		return;
	for (size_t i = 0; i < cgroup->count; i++)
		hk_close(&cgroup->dirs[i].fd);
	hk_arena_done(&cgroup->arena);
	free(cgroup);
}

/* How the hierarchy is mounted once more for the container: "none,name=systemd" has no controller,
 * and "cpu,cpuacct" is also reached by each of its names. */
static int describe_mount(struct hk_cgroup *cgroup, const struct hk_cgroup_host *host,
	const struct hk_cgroup_hierarchy *h, const char *source)
{
	struct hk_cgroup_mount *mount = &cgroup->mounts[cgroup->mount_count];
	const char *name = strrchr(h->mountpoint, '/');

	*mount = (struct hk_cgroup_mount){.source = source, .v2 = h->v2};
	if (h->v2) {
		mount->name = host->mode == HK_CGROUP_V2 ? "" : "unified";
	} else {
		mount->name = hk_arena_strdup(&cgroup->arena, name ? name + 1 : h->controllers);
		mount->options = hk_arena_printf(&cgroup->arena, "%s%s",
			hk_starts_with(h->controllers, "name=") ? "none," : "", h->controllers);
		if (strchr(h->controllers, ','))
			mount->links = hk_arena_strdup(&cgroup->arena, h->controllers);
		if (!mount->name || !mount->options)
			return -ENOMEM;
	}
	cgroup->mount_count++;
	return 0;
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
		int r = 0;

		dir->mount = &cgroup->mounts[cgroup->mount_count];
		dir->version = h->v2 ? &hk_cgroup_v2 : &hk_cgroup_v1;
		dir->controllers = hk_arena_strdup(&cgroup->arena, h->controllers);
		dir->mountpoint = hk_arena_strdup(&cgroup->arena, h->mountpoint);
		dir->own = hk_cgroup_own_place(&cgroup->arena, h);
		if (dir->own)
			dir->own = hk_arena_strdup(&cgroup->arena, dir->own);
		if (!disabled)
			r = hk_cgroup_place(
				&cgroup->arena, h, request->cgroups_path, request->id, &path, err);
		if (r < 0)
			return r;
		dir->path = path;
		if (!dir->controllers || !dir->mountpoint || !dir->own ||
			describe_mount(cgroup, host, h, path ? path : dir->own) < 0)
			return hk_fail(err, ENOMEM, "place the cgroup");
		if (!disabled)
			cgroup->count++;
	}
	return 0;
}

int hk_cgroup_new(const struct hk_cgroup_host *host, const struct hk_cgroup_request *request,
	struct hk_cgroup **ret, struct hk_err *err)
{
	struct hk_cgroup *cgroup;
	int r;

	/* The place of the systemd manager: it decides the paths and has a scope made for them; the
	 * files below stay those of v1 and v2. */
	if (request->manager == HK_CGROUP_MANAGER_SYSTEMD)
		return hk_refuse(err, ENOTSUP,
			"the systemd cgroup manager is not available in this version; use "
			"--cgroup-manager=cgroupfs");
	cgroup = alloc_cgroup();
	if (!cgroup)
		return hk_fail(err, ENOMEM, "place the cgroup");
	r = place_all(cgroup, host, request, err);
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
	struct hk_cgroup *cgroup = alloc_cgroup();
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

static int describe_dir(struct hk_cgroup *cgroup, const struct hk_cgroup_dir *dir)
{
	const char *names = dir->controllers;

	if (dir->version->join_file) {
		const char *file = hk_arena_printf(
			&cgroup->arena, "%s/%s", dir->path, dir->version->join_file);

		if (!file)
			return -ENOMEM;
		cgroup->join_files[cgroup->join_count++] = file;
	}
	do {
		size_t len = strcspn(names, ",");
		const char *name = hk_arena_strndup(&cgroup->arena, names, len);

		if (!name)
			return -ENOMEM;
		cgroup->paths[cgroup->path_count++] = (struct hk_pair){name, dir->path};
		names += len;
	} while (*names++ == ',');
	return 0;
}

int hk_cgroup_describe(struct hk_cgroup *cgroup)
{
	size_t names = 0;

	for (size_t i = 0; i < cgroup->count; i++) {
		names++;
		for (const char *c = cgroup->dirs[i].controllers; *c; c++)
			names += *c == ',';
	}
	cgroup->join_count = cgroup->path_count = 0;
	cgroup->join_files =
		hk_arena_array(&cgroup->arena, cgroup->count + 1, sizeof(*cgroup->join_files));
	cgroup->paths = hk_arena_array(&cgroup->arena, names + 1, sizeof(*cgroup->paths));
	if (!cgroup->join_files || !cgroup->paths)
		return -ENOMEM;
	for (size_t i = 0; i < cgroup->count; i++)
		if (describe_dir(cgroup, &cgroup->dirs[i]) < 0)
			return -ENOMEM;
	return 0;
}

void hk_cgroup_leave_out(struct hk_cgroup *cgroup, size_t i)
{
	struct hk_cgroup_dir *dir = &cgroup->dirs[i];

	hk_cgroup_dir_unmake(dir);
	if (dir->mount)
		dir->mount->source = dir->own;
	memmove(dir, dir + 1, (cgroup->count - i - 1) * sizeof(*dir));
	cgroup->count--;
	cgroup->dirs[cgroup->count] = (struct hk_cgroup_dir){.fd = -1};
}

struct hk_cgroup_dir *hk_cgroup_find_v1(struct hk_cgroup *cgroup, const char *controller)
{
	for (size_t i = 0; controller && i < cgroup->count; i++)
		if (!hk_cgroup_dir_is_v2(&cgroup->dirs[i]) &&
			hk_cgroup_names(cgroup->dirs[i].controllers, controller))
			return &cgroup->dirs[i];
	return NULL;
}

struct hk_cgroup_dir *hk_cgroup_find_v2(struct hk_cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->count; i++)
		if (hk_cgroup_dir_is_v2(&cgroup->dirs[i]))
			return &cgroup->dirs[i];
	return NULL;
}

const char *const *hk_cgroup_join_files(const struct hk_cgroup *cgroup, size_t *ret_count)
{
	*ret_count = cgroup->join_count;
	return cgroup->join_files;
}

int hk_cgroup_v2_fd(const struct hk_cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->count; i++)
		if (hk_cgroup_dir_is_v2(&cgroup->dirs[i]))
			return cgroup->dirs[i].fd;
	return -1;
}

const struct hk_cgroup_mount *hk_cgroup_mounts(const struct hk_cgroup *cgroup, size_t *ret_count)
{
	*ret_count = cgroup->mount_count;
	return cgroup->mounts;
}

size_t hk_cgroup_path_count(const struct hk_cgroup *cgroup)
{
	return cgroup->path_count;
}

void hk_cgroup_path(const struct hk_cgroup *cgroup, size_t i, const char **ret_controllers,
	const char **ret_path)
{
	*ret_controllers = cgroup->paths[i].key;
	*ret_path = cgroup->paths[i].value;
}

bool hk_cgroup_oom_killed(struct hk_cgroup *cgroup)
{
	struct hk_cgroup_dir *memory = hk_cgroup_find_v1(cgroup, "memory");
	struct hk_cgroup_dir *dir = memory ? memory : hk_cgroup_find_v2(cgroup);

	return dir && dir->version->oom_killed(dir);
}

int hk_cgroup_destroy(struct hk_cgroup *cgroup, struct hk_err *err)
{
	int budget_ms = REMOVE_BUDGET_MS, result = 0;

	/* All are tried: one that stays is no reason to leave the others too. */
	for (size_t i = 0; i < cgroup->count; i++) {
		struct hk_cgroup_dir *dir = &cgroup->dirs[i];
		int r;

		hk_close(&dir->fd);
		r = hk_cgroup_remove(dir->path, &budget_ms);
		if (r < 0 && result == 0)
			result = hk_fail(err, -r, "remove cgroup '%s'", dir->path);
	}
	return result;
}
