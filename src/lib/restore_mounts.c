/* The mounts of a container that comes back: their points, their sources, and a look at what criu
 * has made of them. */
#include "lib/restoration.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "criu/image.h"
#include "criu/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define POINT_MODE 0755

/* Does it lie on a mount that comes before it? */
static bool is_covered(const struct hk_sources *sources, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (hk_path_is_beneath(sources->items[index].point, sources->items[i].point))
			return true;
	return false;
}

/* Where the root file system's links have led to. */
static int resolve(struct hk_restoration *r, int fd, struct hk_source *source)
{
	const char *rootfs = r->creation.prepared.rootfs;
	size_t len = strcmp(rootfs, "/") == 0 ? 0 : strlen(rootfs);
	char link[32], path[PATH_MAX];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	if (strncmp(path, rootfs, len) != 0 || path[len] != '/')
		return -EXDEV;
	source->point = hk_arena_strdup(&r->creation.prepared.arena, path + len);
	return source->point ? 0 : -ENOMEM;
}

static int make_point(struct hk_restoration *r, int root, struct hk_source *source)
{
	bool directory = source->directory;
	HK_FD int fd = -1;
	struct stat st;

	if (!source->made) {
		if (stat(source->path, &st) < 0)
			return -errno;
		directory = S_ISDIR(st.st_mode);
	}
	fd = directory ? hk_root_mkdirs(root, source->point, POINT_MODE)
		       : hk_root_mkfile(root, source->point, POINT_MODE & 0666);
	return fd < 0 ? fd : resolve(r, fd, source);
}

int hk_restoration_make_points(struct hk_restoration *r, struct hk_err *err)
{
	const char *rootfs = r->creation.prepared.rootfs;
	HK_FD int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return hk_fail(err, errno, "open the root file system '%s'", rootfs);
	for (size_t i = 0; i < r->sources.count; i++) {
		struct hk_source *source = &r->sources.items[i];
		int e;

		/* nodes and masks come with what they are on */
		if (is_covered(&r->sources, i) || (source->made && !source->directory))
			continue;
		e = make_point(r, root, source);
		if (e < 0)
			return hk_fail(err, -e, "make the mount point '%s'", source->point);
	}
	return 0;
}

static int add_mount(struct hk_restoration *r, size_t index, struct hk_err *err)
{
	struct hk_arena *arena = &r->creation.prepared.arena;
	const char *point = r->points.items[index];
	const struct hk_source *source = hk_source_find(&r->sources, point);
	const char *key = hk_image_mount_key(arena, index), *text;

	if (!source || !source->path)
		return hk_refuse(err, EINVAL,
			"the image has something of the host's on '%s', for which config.json has "
			"no mount",
			point);
	if (source->mapped)
		return hk_refuse(err, ENOTSUP,
			"the mount on '%s' is id-mapped, which criu cannot restore", point);
	text = key ? hk_arena_printf(arena, "mnt[%s]:%s", key, source->path) : NULL;
	if (!text)
		return hk_fail(err, ENOMEM, "list the mounts for criu");
	r->opts.external.items[r->opts.external.count++] = text;
	return 0;
}

int hk_restoration_add_mounts(struct hk_restoration *r, struct hk_err *err)
{
	struct hk_strings *external = &r->opts.external;
	int e = 0;

	external->items = hk_arena_array(
		&r->creation.prepared.arena, r->points.count + 1, sizeof(*external->items));
	if (!external->items)
		return hk_fail(err, ENOMEM, "list the mounts for criu");
	for (size_t i = 0; e == 0 && i < r->points.count; i++)
		e = add_mount(r, i, err);
	return e;
}

/* A place in a file system, as mountinfo has it. */
struct origin {
	const char *device;
	const char *root;
};

/* Where a path of ours is. */
static int locate(
	const char *path, const struct hk_mounts *ours, struct hk_arena *arena, struct origin *ret)
{
	HK_FD int fd = open(path, O_PATH | O_CLOEXEC);
	char link[32], real[PATH_MAX], id[24];
	struct statx st;
	ssize_t n;

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
		return -errno;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, real, sizeof(real) - 1);
	if (n < 0)
		return -errno;
	real[n] = '\0';
	(void)snprintf(id, sizeof(id), "%llu", (unsigned long long)st.stx_mnt_id);
	for (size_t i = 0; i < ours->count; i++) {
		const struct hk_mountinfo *mount = &ours->items[i];
		size_t point = strcmp(mount->point, "/") == 0 ? 0 : strlen(mount->point);
		const char *root = strcmp(mount->root, "/") == 0 ? "" : mount->root;

		if (strcmp(mount->id, id) != 0 || (size_t)n < point)
			continue;
		root = hk_arena_printf(arena, "%s%s", root, real + point);
		*ret = (struct origin){mount->device, root && !root[0] ? "/" : root};
		return root ? 0 : -ENOMEM;
	}
	return -ENOENT;
}

static bool is_of(const struct hk_mountinfo *mount, const struct origin *origin)
{
	return origin->device && strcmp(mount->device, origin->device) == 0 &&
	       hk_path_is_beneath(mount->root, origin->root);
}

/* May the container write to what this mount shows, by another mount of config.json's? */
static bool is_given(const struct hk_mountinfo *mount, const struct origin *writable, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_of(mount, &writable[i]))
			return true;
	return false;
}

/* Of config.json's sources. */
struct origins {
	struct origin *readonly, *writable;
	size_t readonly_count, writable_count;
};

static int list_origins(const struct hk_restoration *r, const struct hk_mounts *ours,
	struct hk_arena *arena, struct origins *ret)
{
	size_t cap = r->sources.count + 1;
	int e;

	ret->readonly = hk_arena_array(arena, cap, sizeof(*ret->readonly));
	ret->writable = hk_arena_array(arena, cap, sizeof(*ret->writable));
	if (!ret->readonly || !ret->writable)
		return -ENOMEM;
	e = locate(r->creation.prepared.rootfs, ours, arena, &ret->writable[0]);
	ret->writable_count = 1;
	for (size_t i = 0; e == 0 && i < r->sources.count; i++) {
		const struct hk_source *source = &r->sources.items[i];
		struct origin origin;

		if (source->made) /* nodes, and what is the container's own */
			continue;
		e = locate(source->path, ours, arena, &origin);
		if (e == 0 && source->readonly)
			ret->readonly[ret->readonly_count++] = origin;
		else if (e == 0)
			ret->writable[ret->writable_count++] = origin;
	}
	return e;
}

/* The points of the mounts that are writable and must not be. */
static int find_wrong(const struct hk_mounts *theirs, const struct origins *origins,
	struct hk_arena *arena, struct hk_strings *ret)
{
	ret->count = 0;
	ret->items = hk_arena_array(arena, theirs->count + 1, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	for (size_t i = 0; i < theirs->count; i++) {
		const struct hk_mountinfo *mount = &theirs->items[i];

		if (!hk_mount_has_flag(mount, "ro") &&
			is_given(mount, origins->readonly, origins->readonly_count) &&
			!is_given(mount, origins->writable, origins->writable_count))
			ret->items[ret->count++] = mount->point;
	}
	return 0;
}

static int look(pid_t pid, const struct origins *origins, struct hk_arena *arena,
	struct hk_strings *ret, struct hk_err *err)
{
	struct hk_mounts theirs = {0};
	int e = hk_mounts_read(pid, arena, &theirs, err);

	if (e == 0 && find_wrong(&theirs, origins, arena, ret) < 0)
		e = hk_fail(err, ENOMEM, "look at the container's mounts");
	return e;
}

/* criu 3.17 forgets flags of a mount where there are two of the same thing; an image may lie. */
static int correct(
	pid_t pid, const struct origins *origins, struct hk_arena *arena, struct hk_err *err)
{
	struct hk_strings wrong = {0};
	int e = look(pid, origins, arena, &wrong, err);

	if (e < 0 || wrong.count == 0)
		return e;
	e = hk_mounts_make_readonly(pid, &wrong, err);
	if (e < 0) {
		hk_err_prefix(err, "'%s', which config.json mounts read-only: ", wrong.items[0]);
		return e;
	}
	e = look(pid, origins, arena, &wrong, err);
	if (e == 0 && wrong.count)
		e = hk_refuse(err, EPERM, "'%s', which config.json mounts read-only, is writable",
			wrong.items[0]);
	return e;
}

int hk_restoration_check_mounts(const struct hk_restoration *r, pid_t pid, struct hk_err *err)
{
	struct hk_mounts ours = {0};
	struct origins origins = {0};
	struct hk_arena arena = {0};
	int e;

	e = hk_mounts_read(0, &arena, &ours, err);
	if (e == 0) {
		e = list_origins(r, &ours, &arena, &origins);
		if (e < 0)
			(void)hk_fail(err, -e, "find the sources of the container's mounts");
	}
	if (e == 0)
		e = correct(pid, &origins, &arena, err);
	hk_arena_done(&arena);
	return e;
}
