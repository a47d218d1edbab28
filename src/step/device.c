/* Device nodes and symbolic links in the container's root. */
#include "step/device.h"

#include "base/fd.h"
#include "base/sys.h"
#include "step/attach.h"
#include "step/mount_point.h"
#include "step/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <unistd.h>

bool hk_is_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

int hk_host_null_open(struct hk_err *err)
{
	HK_FD int fd =
		hk_sys_open_tree(AT_FDCWD, "/dev/null", HK_OPEN_TREE_CLONE | AT_SYMLINK_NOFOLLOW);
	struct stat st;
	int r;

	if (fd < 0)
		return hk_fail(err, -fd, "open the host's /dev/null");
	if (fstat(fd, &st) < 0)
		return hk_fail(err, errno, "look at the host's /dev/null");
	if (!hk_is_null(&st)) /* CVE-2025-31133: it would show what must be hidden */
		return hk_refuse(err, ENODEV, "the host's /dev/null is not the null device");
	r = hk_tree_attrs(
		fd, false, HK_MOUNT_ATTR_RDONLY | HK_MOUNT_ATTR_NOSUID | HK_MOUNT_ATTR_NOEXEC, 0);
	if (r < 0)
		return hk_fail(err, -r, "make the mount of /dev/null read-only");
	return hk_take_fd(&fd);
}

static bool is_device(const struct hk_step_device *args, const struct stat *st)
{
	if ((st->st_mode & S_IFMT) != (args->mode & S_IFMT))
		return false;
	return S_ISFIFO(st->st_mode) || st->st_rdev == makedev(args->major, args->minor);
}

/* The node by itself, verified: whoever can write to the directory may have exchanged it. */
static int open_node(const struct hk_step_device *args, int dir, const char *name, const char *path,
	struct stat *ret_st, struct hk_err *err)
{
	HK_FD int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return hk_fail(err, errno, "open the device '%s'", path);
	if (fstat(fd, &st) < 0)
		return hk_fail(err, errno, "look at the device '%s'", path);
	if (!is_device(args, &st))
		return hk_refuse(err, EEXIST,
			"make the device '%s': something else exists at that path", path);
	*ret_st = st;
	return hk_take_fd(&fd);
}

static int set_owner_and_mode(struct hk_ctx *ctx, const struct hk_step_device *args, int node,
	const struct stat *st, const char *path, struct hk_err *err)
{
	char link[HK_PROCFS_FD_PATH_MAX];

	if ((st->st_uid != args->uid || st->st_gid != args->gid) &&
		fchownat(node, "", args->uid, args->gid, AT_EMPTY_PATH) < 0)
		return hk_fail(err, errno, "change the owner of the device '%s'", path);
	/* fchmod refuses O_PATH; the magic link is of our own procfs */
	if (fchmodat(ctx->procfd, hk_procfs_fd_path(node, link), args->mode & 07777, 0) < 0)
		return hk_fail(err, errno, "change the mode of the device '%s'", path);
	return 0;
}

/* Where mknod is not permitted: the host's node, which has to be the very device. */
static int bind_node(const struct hk_step_device *args, int dir, const char *name, const char *path,
	struct hk_err *err)
{
	HK_FD int tree = hk_sys_open_tree(AT_FDCWD, path, HK_OPEN_TREE_CLONE);
	HK_FD int target = -1, made = -1;
	struct stat st;
	int r;

	if (tree < 0)
		return hk_fail(err, -tree, "bind the host's device '%s'", path);
	if (fstat(tree, &st) < 0)
		return hk_fail(err, errno, "look at the host's device '%s'", path);
	if (!is_device(args, &st))
		return hk_refuse(err, ENODEV,
			"the host's '%s' is not the device that config.json describes", path);
	made = openat(dir, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (made < 0 && errno != EEXIST)
		return hk_fail(err, errno, "make the mount point '%s'", path);
	target = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return hk_fail(err, errno, "open the mount point '%s'", path);
	if (fstat(target, &st) < 0)
		return hk_fail(err, errno, "look at '%s'", path);
	if (made < 0 && is_device(args, &st))
		return 0;
	if (S_ISLNK(st.st_mode))
		return hk_refuse(err, ELOOP, "make the device '%s': it is a symbolic link", path);
	r = hk_tree_propagate(tree, 0, MS_PRIVATE, path, err);
	if (r < 0)
		return r;
	r = hk_tree_attach(tree, target);
	return r < 0 ? hk_fail(err, -r, "bind the host's device '%s'", path) : 0;
}

int hk_step_device(struct hk_ctx *ctx, const struct hk_step_device *args, struct hk_err *err)
{
	const char *path = hk_plan_str(ctx->plan, args->path);
	char name[NAME_MAX + 1];
	HK_FD int node = -1;
	struct stat st = {0};
	bool made;
	int dir;

	if (!path)
		return hk_refuse(err, EINVAL, "a device without a path");
	dir = hk_parent_open(ctx, path, name);
	if (dir < 0)
		return hk_fail(err, -dir, "open the directory of the device '%s'", path);
	if (args->bind)
		return bind_node(args, dir, name, path, err);
	made = mknodat(dir, name, args->mode & (S_IFMT | 0777),
		       makedev(args->major, args->minor)) == 0;
	if (!made && errno == EPERM)
		return bind_node(args, dir, name, path, err);
	if (!made && errno != EEXIST)
		return hk_fail(err, errno, "make the device '%s'", path);
	node = open_node(args, dir, name, path, &st, err);
	if (node < 0)
		return node;
	/* one that was there before is somebody else's, perhaps the host's */
	return made ? set_owner_and_mode(ctx, args, node, &st, path, err) : 0;
}

static bool is_link_to(int dir, const char *name, const char *target)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(dir, name, text, sizeof(text) - 1);

	if (n < 0)
		return false;
	text[n] = '\0';
	return strcmp(text, target) == 0;
}

int hk_step_symlink(struct hk_ctx *ctx, const struct hk_step_symlink *args, struct hk_err *err)
{
	const char *target = hk_plan_str(ctx->plan, args->target);
	const char *path = hk_plan_str(ctx->plan, args->path);
	char name[NAME_MAX + 1];
	int dir;

	if (!target || !path)
		return hk_refuse(err, EINVAL, "a symbolic link without a path or a target");
	dir = hk_parent_open(ctx, path, name);
	if (dir < 0)
		return hk_fail(err, -dir, "open the directory of '%s'", path);
	if (symlinkat(target, dir, name) == 0)
		return 0;
	if (errno != EEXIST)
		return hk_fail(err, errno, "make the symbolic link '%s'", path);
	if (!args->replace || is_link_to(dir, name, target))
		return 0;
	if (unlinkat(dir, name, 0) < 0 || symlinkat(target, dir, name) < 0)
		return hk_fail(err, errno, "replace '%s' by a symbolic link", path);
	return 0;
}
