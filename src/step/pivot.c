/* Making the root file system "/". */
#include "step/step.h"

#include "base/fd.h"
#include "base/sys.h"
#include "step/mount_point.h"
#include "step/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define MOUNTINFO_MAX (1u << 20)

static int chroot_here(struct hk_err *err)
{
	if (chroot(".") < 0)
		return hk_fail(err, errno, "chroot into the root file system");
	return chdir("/") < 0 ? hk_fail(err, errno, "chdir to '/'") : 0;
}

/* The old root ends up on top of the new one, where nothing but our descriptor names it. */
static int pivot(struct hk_ctx *ctx, struct hk_err *err)
{
	HK_FD int old = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old < 0)
		return hk_fail(err, errno, "open the host's root");
	if (fchdir(ctx->rootfd) < 0)
		return hk_fail(err, errno, "chdir into the root file system");
	if (hk_sys_pivot_root(".", ".") < 0)
		return hk_fail(err, errno, "pivot_root into the root file system");
	if (fchdir(old) < 0)
		return hk_fail(err, errno, "chdir to the host's root");
	/* unmounting it must not reach the host, if it is shared with us */
	if (mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return hk_fail(err, errno, "make the host's mounts slaves");
	if (umount2(".", MNT_DETACH) < 0)
		return hk_fail(err, errno, "unmount the host's root");
	return chdir("/") < 0 ? hk_fail(err, errno, "chdir to '/'") : 0;
}

/* "\040" and its like, in place. */
static void unescape(char *s)
{
	char *out = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

/* A line of mountinfo: field 5 is the mount point, the first field behind " - " the type. */
static int hide_line(const struct hk_ctx *ctx, char *line, struct hk_err *err)
{
	size_t root_len = strlen(ctx->root_path);
	char *type = strstr(line, " - "), *point = line;

	if (!type || (strncmp(type + 3, "proc ", 5) != 0 && strncmp(type + 3, "sysfs ", 6) != 0))
		return 0;
	for (int i = 0; i < 4 && point; i++) {
		point = strchr(point, ' ');
		point = point ? point + 1 : NULL;
	}
	if (!point)
		return 0;
	point[strcspn(point, " ")] = '\0';
	unescape(point);
	if (strncmp(point, ctx->root_path, root_len) == 0 &&
		(point[root_len] == '/' || point[root_len] == '\0'))
		return 0;
	if (umount2(point, MNT_DETACH) == 0 || errno == EINVAL || errno == ENOENT)
		return 0; /* EINVAL, ENOENT: it went with the one that it lay on */
	/* locked in a user namespace: cover it */
	if (mount("tmpfs", point, "tmpfs", MS_RDONLY, NULL) < 0)
		return hk_fail(err, errno, "hide the host's '%s'", point);
	return 0;
}

/* Without pivot_root the host's mounts stay below ours, slaves (plan/build_rootfs.c). A visible
 * proc or sysfs there would let the container mount its own without masks. */
static int hide_host_mounts(struct hk_ctx *ctx, struct hk_err *err)
{
	char *text = hk_ctx_alloc(MOUNTINFO_MAX), *line, *rest;
	long n =
		text ? hk_procfs_read(ctx->procfd, "self/mountinfo", text, MOUNTINFO_MAX) : -ENOMEM;
	int r = 0;

	if (n < 0)
		return hk_fail(err, (int)-n, "read /proc/self/mountinfo");
	for (line = strtok_r(text, "\n", &rest); line && r == 0; line = strtok_r(NULL, "\n", &rest))
		r = hide_line(ctx, line, err);
	return r;
}

static int move(struct hk_ctx *ctx, struct hk_err *err)
{
	int r = hide_host_mounts(ctx, err);

	if (r < 0)
		return r;
	if (fchdir(ctx->rootfd) < 0)
		return hk_fail(err, errno, "chdir into the root file system");
	r = hk_sys_move_mount(ctx->rootfd, "", AT_FDCWD, "/", HK_MOVE_MOUNT_F_EMPTY_PATH);
	if (r < 0)
		return hk_fail(err, -r, "move the root file system to '/'");
	return chroot_here(err);
}

int hk_step_pivot(struct hk_ctx *ctx, const struct hk_step_pivot *args, struct hk_err *err)
{
	if (ctx->rootfd < 0)
		ctx->rootfd = hk_take_fd(&ctx->slots[HK_SLOT_ROOT]);
	if (ctx->rootfd < 0)
		return hk_refuse(err, EINVAL, "there is no root file system to enter");
	hk_parent_forget(ctx);
	switch ((enum hk_pivot)args->how) {
	case HK_PIVOT_ROOT:
		return pivot(ctx, err);
	case HK_PIVOT_MOVE:
		return move(ctx, err);
	case HK_PIVOT_CHROOT:
		if (fchdir(ctx->rootfd) < 0)
			return hk_fail(err, errno, "chdir into the root file system");
		return chroot_here(err);
	}
	return hk_refuse(err, EPROTO, "no such way into the root file system: %u", args->how);
}

int hk_step_root_propagation(
	struct hk_ctx *ctx, const struct hk_step_root_propagation *args, struct hk_err *err)
{
	(void)ctx;
	return mount(NULL, "/", NULL, (unsigned long)args->flags, NULL) < 0
		       ? hk_fail(err, errno, "set the propagation of the root file system")
		       : 0;
}
