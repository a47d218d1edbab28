/* Mount points and detached mounts. */
#include "step/attach.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "step/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* What lxcfs and its like put over files of /proc. */
static const char *const allowed_under_proc[] = {
	"cpuinfo",
	"diskstats",
	"meminfo",
	"stat",
	"swaps",
	"uptime",
	"loadavg",
	"slabinfo",
	"sys/kernel/ns_last_pid",
	"sys/crypto/fips_enabled",
};

static bool is_allowed_under_proc(const char *file)
{
	for (size_t i = 0; i < sizeof(allowed_under_proc) / sizeof(allowed_under_proc[0]); i++)
		if (strcmp(file, allowed_under_proc[i]) == 0)
			return true;
	return false;
}

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
	return strcmp(path + len, "/") == 0 ? "" : path + len;
}

/* May something be mounted at this path inside the root? */
static int check_path(
	const char *path, const char *target, uint32_t how, bool covers_proc, struct hk_err *err)
{
	if (how & HK_MOUNT_ALLOW_UNDER_PROC || !hk_path_is_beneath(path, "/proc"))
		return 0;
	if (path[5] == '\0')
		return covers_proc ? 0
				   : hk_refuse(err, EPERM,
					     "mount on '%s': only a procfs may be mounted there",
					     target);
	if (is_allowed_under_proc(path + 6))
		return 0;
	return hk_refuse(err, EPERM, "mount on '%s': it is inside /proc", target);
}

/* Where the target really is: a link in the image may have led it elsewhere. */
static int check_place(struct hk_ctx *ctx, const char *target, int fd, uint32_t how,
	bool covers_proc, struct hk_err *err)
{
	char path[PATH_MAX];
	const char *inside = path_in_root(ctx, fd, path);

	if (!inside)
		return hk_refuse(err, EXDEV,
			"the mount point '%s' is not beneath the root file system", target);
	if (!inside[0])
		return hk_refuse(
			err, EINVAL, "mount on '%s': it is the root file system itself", target);
	return check_path(inside, target, how, covers_proc, err);
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

static int open_place(struct hk_ctx *ctx, const char *target, bool plain, bool directory)
{
	if (!directory)
		return hk_root_mkfile(ctx->rootfd, target, 0755); /* of parents as well */
	if (plain)
		return hk_root_plain_dir(ctx->rootfd, target, 0755);
	return hk_root_mkdirs(ctx->rootfd, target, 0755);
}

int hk_mount_point(struct hk_ctx *ctx, const char *target, uint32_t how, bool directory,
	bool covers_proc, struct hk_err *err)
{
	bool plain = how & HK_MOUNT_PLAIN_DIR || strcmp(target, "/proc") == 0;
	HK_FD int fd = -1;
	int r;

	/* as it is written, before anything is made; then where it has led */
	r = check_path(target, target, how, covers_proc, err);
	if (r < 0)
		return r;
	fd = open_place(ctx, target, plain, directory);
	if (fd == -ELOOP && plain)
		return hk_refuse(err, ELOOP,
			"mount on '%s': it must be an ordinary directory, not a symbolic link",
			target);
	if (fd < 0)
		return hk_fail(err, -fd, "make the mount point '%s'", target);
	r = check_place(ctx, target, fd, how, covers_proc, err);
	if (r == 0)
		r = check_kind(fd, target, directory, err);
	return r < 0 ? r : hk_take_fd(&fd);
}

int hk_tree_clone(int fd, bool recursive)
{
	return hk_sys_open_tree(
		fd, "", HK_OPEN_TREE_CLONE | AT_EMPTY_PATH | (recursive ? HK_AT_RECURSIVE : 0));
}

int hk_tree_attrs(int tree, bool recursive, uint64_t set, uint64_t clear)
{
	struct hk_mount_attr attr = {.attr_set = set, .attr_clr = clear};

	if (!set && !clear)
		return 0;
	/* the access time modes are one number, not bits: all of it is replaced */
	if ((set | clear) & HK_MOUNT_ATTR__ATIME)
		attr.attr_clr |= HK_MOUNT_ATTR__ATIME;
	return hk_sys_mount_setattr(
		tree, "", AT_EMPTY_PATH | (recursive ? HK_AT_RECURSIVE : 0), &attr);
}

int hk_tree_propagation(int tree, uint64_t flags)
{
	/* one at a time; shared behind slave makes a mount that is both */
	static const uint64_t types[] = {MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED};
	unsigned int at = AT_EMPTY_PATH | (flags & MS_REC ? HK_AT_RECURSIVE : 0);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct hk_mount_attr attr = {.propagation = types[i]};
		int r;

		if (!(flags & types[i]))
			continue;
		r = hk_sys_mount_setattr(tree, "", at, &attr);
		if (r < 0)
			return r;
	}
	return 0;
}

int hk_tree_attach(int tree, int target)
{
	return hk_sys_move_mount(
		tree, "", target, "", HK_MOVE_MOUNT_F_EMPTY_PATH | HK_MOVE_MOUNT_T_EMPTY_PATH);
}

int hk_cover_attach(struct hk_cover *cover, int target)
{
	HK_FD int tree = -1;
	int r;

	if (!cover->attached) {
		r = hk_tree_attach(cover->fd, target);
		cover->attached = r == 0;
		return r;
	}
	tree = hk_tree_clone(cover->fd, false);
	return tree < 0 ? tree : hk_tree_attach(tree, target);
}
