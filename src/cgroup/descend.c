/* Places below a container's cgroup, and the one that a process of it is in now: for exec. */
#include "cgroup/group.h"
#include "cgroup/host.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int move_below(
	struct hk_cgroup *cgroup, struct hk_cgroup_dir *dir, const char *below, struct hk_err *err)
{
	if (strcmp(below, "/") == 0)
		return 0;
	dir->path = hk_arena_printf(&cgroup->arena, "%s%s", dir->path, below);
	if (!dir->path)
		return hk_fail(err, ENOMEM, "find a cgroup");
	hk_close(&dir->fd);
	dir->fd = open(dir->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir->fd < 0 ? hk_fail(err, errno, "open the cgroup '%s'", dir->path) : 0;
}

/* The directory that has the controller, and not another's turn before; NULL with err. */
static struct hk_cgroup_dir *find_unmoved(
	struct hk_cgroup *cgroup, const char *controller, bool *moved, struct hk_err *err)
{
	struct hk_cgroup_dir *dir = hk_cgroup_find_v1(cgroup, controller);

	if (!dir) {
		(void)hk_refuse(err, EINVAL,
			"the container has no cgroup v1 of the controller '%s'", controller);
		return NULL;
	}
	if (moved[dir - cgroup->dirs]) {
		(void)hk_refuse(
			err, EINVAL, "the cgroup of controller '%s' is given twice", controller);
		return NULL;
	}
	moved[dir - cgroup->dirs] = true;
	return dir;
}

/* "NAME,NAME": all that have a hierarchy in common go there once. */
static int move_named(struct hk_cgroup *cgroup, const char *names, size_t len, const char *below,
	bool *moved, struct hk_err *err)
{
	for (const char *name = names; name <= names + len;) {
		size_t n = strcspn(name, ",:");
		struct hk_cgroup_dir *dir;
		char controller[NAME_MAX + 1];
		int r;

		if (n == 0 || n >= sizeof(controller))
			return hk_refuse(err, EINVAL, "no name of a controller before '%s'", name);
		(void)snprintf(controller, sizeof(controller), "%.*s", (int)n, name);
		dir = find_unmoved(cgroup, controller, moved, err);
		if (!dir)
			return -EINVAL;
		r = move_below(cgroup, dir, below, err);
		if (r < 0)
			return r;
		name += n + 1;
	}
	return 0;
}

static int move_all(struct hk_cgroup *cgroup, const char *below, struct hk_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < cgroup->count; i++)
		r = move_below(cgroup, &cgroup->dirs[i], below, err);
	return r;
}

int hk_cgroup_descend(
	struct hk_cgroup *cgroup, const char *const *places, size_t count, struct hk_err *err)
{
	bool moved[HK_CGROUP_MAX_HIERARCHIES] = {false};
	char below[PATH_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		const char *colon = strchr(places[i], ':');
		const char *path = colon ? colon + 1 : places[i];

		if (hk_path_has_dot_dot(path))
			return hk_refuse(err, EINVAL, "%s is not a sub cgroup path", path);
		r = hk_path_clean(path, true, below, sizeof(below));
		if (r < 0)
			return hk_fail(err, -r, "find the cgroup '%s'", path);
		if (!colon && count > 1)
			return hk_refuse(err, EINVAL,
				"'%s' has no controller, and is not the only cgroup", path);
		r = colon ? move_named(cgroup, places[i], (size_t)(colon - places[i]), below, moved,
				    err)
			  : move_all(cgroup, below, err);
	}
	if (r == 0 && hk_cgroup_describe(cgroup) < 0)
		r = hk_fail(err, ENOMEM, "find a cgroup");
	return r;
}

/* The path of the cgroup v2 that the process is in, as this host has it; NULL: none. */
static const char *current_path(pid_t pid, struct hk_arena *arena, struct hk_err *err)
{
	struct hk_cgroup_host host = {0}, theirs = {0};
	HK_FREE char *text = NULL;
	char file[40];
	int r;

	(void)snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	r = hk_read_file(file, &text);
	if (r == 0)
		r = hk_cgroup_parse_self(arena, text, &theirs);
	if (r < 0) {
		(void)hk_fail(err, -r, "read '%s'", file);
		return NULL;
	}
	if (hk_cgroup_host_probe(arena, &host, err) < 0)
		return NULL;
	for (size_t i = 0; i < host.count; i++) {
		if (!host.hierarchies[i].v2)
			continue;
		for (size_t j = 0; j < theirs.count; j++)
			if (theirs.hierarchies[j].v2)
				return hk_arena_printf(arena, "%s%s",
					host.hierarchies[i].mountpoint, theirs.hierarchies[j].self);
	}
	(void)hk_refuse(err, ENOENT, "process %d is in no cgroup v2", (int)pid);
	return NULL;
}

int hk_cgroup_open_current(struct hk_cgroup *cgroup, pid_t pid, struct hk_err *err)
{
	const struct hk_cgroup_dir *dir = hk_cgroup_find_v2(cgroup);
	const char *path = dir ? current_path(pid, &cgroup->arena, err) : NULL;
	int fd;

	if (!dir)
		return hk_refuse(err, ENOENT, "the container has no cgroup v2");
	if (!path)
		return -ENOENT;
	if (!hk_path_is_beneath(path, dir->path))
		return hk_refuse(err, EXDEV,
			"the container's init is in the cgroup '%s', which is not the container's",
			path);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? hk_fail(err, errno, "open the cgroup '%s'", path) : fd;
}
