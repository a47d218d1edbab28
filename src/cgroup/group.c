/* The container's directories as a list: finding, leaving out, and what is told of them. */
#include "cgroup/group.h"
#include "cgroup/host.h"
#include "base/fd.h"

#include <errno.h>
#include <string.h>

struct hk_cgroup *hk_cgroup_alloc(void)
{
	struct hk_cgroup *cgroup = calloc(1, sizeof(*cgroup));

	for (size_t i = 0; cgroup && i < HK_CGROUP_MAX_HIERARCHIES; i++)
		cgroup->dirs[i].fd = cgroup->dirs[i].leaf_fd = -1;
	return cgroup;
}

void hk_cgroup_free(struct hk_cgroup *cgroup)
{
	if (!cgroup)
		return;
	for (size_t i = 0; i < cgroup->count; i++) {
		hk_close(&cgroup->dirs[i].fd);
		hk_close(&cgroup->dirs[i].leaf_fd);
	}
	hk_arena_done(&cgroup->arena);
	free(cgroup);
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
	cgroup->dirs[cgroup->count] = (struct hk_cgroup_dir){.fd = -1, .leaf_fd = -1};
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

bool hk_cgroup_has_v2(struct hk_cgroup *cgroup)
{
	return hk_cgroup_find_v2(cgroup) != NULL;
}

int hk_cgroup_v2_fd(struct hk_cgroup *cgroup)
{
	struct hk_cgroup_dir *v2 = hk_cgroup_find_v2(cgroup);
	int fd = v2 ? hk_cgroup_dir_fd(v2) : -1;

	if (v2 && v2->leaf)
		return v2->leaf_fd;
	return fd < 0 ? -1 : fd;
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
