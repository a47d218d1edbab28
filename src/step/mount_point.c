/* Making what a mount or a node stands on, and refusing what must not be mounted over.
 *
 * A path without links and ".." needs no second look at where it has led. Those, nearly all, are
 * opened with no link followed; the rest goes the long way. Many steps in a row put things into the
 * same directory, hence it stays open. */
#include "step/mount_point.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/procpath.h"
#include "base/sys.h"
#include "step/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIR_MODE 0755

/* The path inside the root that the kernel has for fd, "" for the root itself. NULL where it is not
 * beneath the root. */
static const char *path_in_root(const struct hk_ctx *ctx, int fd, char path[PATH_MAX])
{
	char link[HK_PROCFS_FD_PATH_MAX];
	size_t len = strlen(ctx->root_path);
	ssize_t n = readlinkat(ctx->procfd, hk_procfs_fd_path(fd, link), path, PATH_MAX - 1);

	if (n < 0)
		return NULL;
	path[n] = '\0';
	if (len == 1) /* "/" */
		len = 0;
	if (strncmp(path, ctx->root_path, len) != 0 || (path[len] != '/' && path[len] != '\0'))
		return NULL;
	return path + len;
}

/* May something be mounted at this path inside the root? */
static int check_path(const char *path, const char *target, bool covers_proc, struct hk_err *err)
{
	if (strcmp(path, "/") == 0)
		return hk_refuse(
			err, EINVAL, "mount on '%s': it is the root file system itself", target);
	if (!hk_path_is_beneath(path, "/proc"))
		return 0;
	if (path[5] == '\0')
		return covers_proc ? 0
				   : hk_refuse(err, EPERM,
					     "mount on '%s': only a procfs may be mounted there",
					     target);
	if (hk_proc_may_be_covered(path))
		return 0;
	return hk_refuse(err, EPERM, "mount on '%s': it is inside /proc", target);
}

/* Where the target really is: a link in the image may have led it elsewhere. */
static int check_place(
	struct hk_ctx *ctx, const char *target, int fd, bool covers_proc, struct hk_err *err)
{
	char path[PATH_MAX];
	const char *inside = path_in_root(ctx, fd, path);

	if (!inside)
		return hk_refuse(err, EXDEV,
			"the mount point '%s' is not beneath the root file system", target);
	return check_path(inside[0] ? inside : "/", target, covers_proc, err);
}

/* move_mount would say EINVAL; clients look for "not a directory". */
static int check_kind(int fd, const char *target, bool directory, struct hk_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return hk_fail(err, errno, "look at the mount point '%s'", target);
	if (S_ISDIR(st.st_mode) == directory)
		return 0;
	return hk_fail(err, ENOTDIR, "mount a %s on '%s', which is a %s",
		directory ? "directory" : "file", target, directory ? "file" : "directory");
}

static bool is_clean(const char *path)
{
	char clean[PATH_MAX];

	return hk_path_clean(path, true, clean, sizeof(clean)) == 0 && strcmp(path, clean) == 0;
}

/* Length of the directory part of a clean path: "/a/b" -> 2, "/a" -> 1. */
static size_t parent_length(const char *path)
{
	size_t len = (size_t)(strrchr(path, '/') - path);

	return len > 0 ? len : 1;
}

static bool is_cached(const struct hk_parent *parent, const char *path, size_t len)
{
	return parent->fd >= 0 && strlen(parent->path) == len &&
	       memcmp(parent->path, path, len) == 0;
}

void hk_parent_forget(struct hk_ctx *ctx)
{
	hk_close(&ctx->parent.fd);
	ctx->parent.path[0] = '\0'; /* no path is that */
}

/* For a clean path. No link is followed. */
static int open_parent(struct hk_ctx *ctx, const char *path)
{
	struct hk_parent *parent = &ctx->parent;
	size_t len = parent_length(path);
	int fd;

	if (is_cached(parent, path, len))
		return parent->fd;
	hk_parent_forget(ctx);
	memcpy(parent->path, path, len);
	parent->path[len] = '\0';
	fd = hk_root_plain_dir(ctx->rootfd, parent->path, DIR_MODE);
	if (fd < 0) {
		hk_parent_forget(ctx);
		return fd;
	}
	parent->fd = fd;
	return fd;
}

int hk_parent_open(struct hk_ctx *ctx, const char *path, char name[NAME_MAX + 1])
{
	const char *last = strrchr(path, '/');

	if (is_clean(path) && last[1] && strlen(last + 1) <= NAME_MAX &&
		open_parent(ctx, path) >= 0) {
		memcpy(name, last + 1, strlen(last));
		return ctx->parent.fd;
	}
	hk_parent_forget(ctx);
	ctx->parent.fd = hk_root_parent(ctx->rootfd, path, DIR_MODE, name, NAME_MAX + 1);
	return ctx->parent.fd;
}

/* A directory whose clean path holds no link, made where missing; an error means nothing but that
 * the long way has to tell. */
static int open_direct(struct hk_ctx *ctx, const char *target)
{
	const char *name = strrchr(target, '/') + 1;
	int fd, dir;

	if (!is_cached(&ctx->parent, target, parent_length(target))) {
		fd = hk_sys_openat2(ctx->rootfd, target, O_PATH | O_DIRECTORY, 0,
			HK_RESOLVE_IN_ROOT | HK_RESOLVE_NO_SYMLINKS);
		if (fd != -ENOENT)
			return fd;
	}
	dir = open_parent(ctx, target);
	if (dir < 0)
		return dir;
	if (mkdirat(dir, name, DIR_MODE) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_place(struct hk_ctx *ctx, const char *target, bool plain, bool directory)
{
	if (!directory)
		return hk_root_mkfile(ctx->rootfd, target, DIR_MODE); /* of parents as well */
	if (plain)
		return hk_root_plain_dir(ctx->rootfd, target, DIR_MODE);
	return hk_root_mkdirs(ctx->rootfd, target, DIR_MODE);
}

/* Through links, to a place that is looked at afterwards. */
static int open_indirect(struct hk_ctx *ctx, const char *target, uint32_t how, bool directory,
	bool covers_proc, struct hk_err *err)
{
	bool plain = how & HK_MOUNT_PLAIN_DIR || strcmp(target, "/proc") == 0;
	HK_FD int fd = open_place(ctx, target, plain, directory);
	int r;

	if (fd == -ELOOP && plain)
		return hk_refuse(err, ELOOP,
			"mount on '%s': it must be an ordinary directory, not a symbolic link",
			target);
	if (fd < 0)
		return hk_fail(err, -fd, "make the mount point '%s'", target);
	r = check_place(ctx, target, fd, covers_proc, err);
	if (r == 0)
		r = check_kind(fd, target, directory, err);
	return r < 0 ? r : hk_take_fd(&fd);
}

int hk_mount_point_find(struct hk_ctx *ctx, const char *target, struct hk_err *err)
{
	HK_FD int fd = -1;
	int r = check_path(target, target, false, err);

	if (r < 0)
		return r;
	fd = hk_beneath_open(ctx->rootfd, target + 1, O_PATH, 0);
	if (fd < 0) {
		r = hk_fail(err, -fd, "open the mount point '%s'", target);
		if (r == -ELOOP)
			hk_err_hint(err,
				"the container decides where a symbolic link leads: name the "
				"place itself");
		return r;
	}
	r = check_place(ctx, target, fd, false, err);
	return r < 0 ? r : hk_take_fd(&fd);
}

int hk_mount_point(struct hk_ctx *ctx, const char *target, uint32_t how, bool directory,
	bool covers_proc, struct hk_err *err)
{
	bool clean = is_clean(target);
	int r, fd = -1;

	/* as it is written, before anything is made */
	r = check_path(target, target, covers_proc, err);
	if (r < 0)
		return r;
	if (clean && directory)
		fd = open_direct(ctx, target);
	if (fd < 0) {
		hk_parent_forget(ctx);
		return open_indirect(ctx, target, how, directory, covers_proc, err);
	}
	if (hk_path_is_beneath(ctx->parent.path, target)) /* will be covered */
		hk_parent_forget(ctx);
	return fd;
}
