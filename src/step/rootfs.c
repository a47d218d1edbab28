/* The root file system: opening it before anything is mounted in it. */
#include "step/attach.h"

#include "base/fd.h"
#include "base/sys.h"
#include "step/device.h"
#include "step/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

int hk_step_propagation(
	struct hk_ctx *ctx, const struct hk_step_propagation *args, struct hk_err *err)
{
	(void)ctx;
	return mount(NULL, "/", NULL, (unsigned long)args->flags, NULL) < 0
		       ? hk_fail(err, errno, "set the propagation of the host's mounts")
		       : 0;
}

/* The path without links: unshare_parent climbs it, and mount points are compared with it. */
static int name_root(struct hk_ctx *ctx, int fd, struct hk_err *err)
{
	char link[HK_PROCFS_FD_PATH_MAX];
	int procfd = hk_ctx_procfs(ctx, err);
	ssize_t n;

	if (procfd < 0)
		return procfd;
	n = readlinkat(
		procfd, hk_procfs_fd_path(fd, link), ctx->root_path, sizeof(ctx->root_path) - 1);
	if (n < 0)
		return hk_fail(err, errno, "read the path of the root file system");
	ctx->root_path[n] = '\0';
	return 0;
}

/* Make the mount that holds the root private, or a slave: what is mounted in the container must not
 * appear on the host, and pivot_root refuses a root on a shared mount. The root, a copy of it, then
 * is the same. EINVAL: no mount is at that path. */
static int unshare_parent(const char *root_path, bool slave, struct hk_err *err)
{
	const unsigned long type = slave ? MS_SLAVE : MS_PRIVATE;
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s", root_path); /* as big */
	while (mount(NULL, path, NULL, type, NULL) < 0) {
		char *slash = strrchr(path, '/');

		if (errno != EINVAL || !slash || strcmp(path, "/") == 0)
			return hk_fail(err, errno, "make the mount of '%s' %s", root_path,
				slave ? "a slave" : "private");
		slash[slash == path] = '\0'; /* "/a" -> "/" */
	}
	return 0;
}

/* A mount of its own, on its old place: pivot_root wants a mount, and read-only must not concern
 * what else is on that file system. */
static int bind_root(
	struct hk_ctx *ctx, const struct hk_step_rootfs *args, int place, struct hk_err *err)
{
	HK_FD int tree = -1;
	int r;

	r = args->on_host ? 0 : unshare_parent(ctx->root_path, args->slave, err);
	if (r < 0)
		return r;
	tree = hk_tree_clone(place, args->recursive);
	if (tree < 0)
		return hk_fail(err, -tree, "bind the root file system '%s'", ctx->root_path);
	/* while nothing is mounted in it: all that came along with it */
	r = args->readonly ? hk_tree_attrs(tree, true, HK_MOUNT_ATTR_RDONLY, 0) : 0;
	if (r < 0)
		return hk_fail(err, -r, "make the root file system '%s' read-only", ctx->root_path);
	r = hk_tree_attach(tree, place);
	if (r < 0)
		return hk_fail(
			err, -r, "bind the root file system '%s' onto itself", ctx->root_path);
	/* on a shared mount it has become shared */
	r = args->on_host ? hk_tree_propagate(tree, MS_PRIVATE, 0, ctx->root_path, err) : 0;
	if (r < 0)
		return r;
	ctx->rootfd = hk_take_fd(&tree);
	return 0;
}

/* Refused in a user namespace where the host's /proc has masks: the host's own must do then, which
 * shows us the same files of ourselves. */
static void open_procfs(struct hk_ctx *ctx)
{
	int procfd = hk_procfs_open_private(true);

	if (procfd < 0)
		return;
	hk_close(&ctx->procfd);
	ctx->procfd = procfd;
}

/* From now on what the container's image holds decides over paths: whatever of the host is needed
 * later is opened here. */
static int open_host_things(struct hk_ctx *ctx, struct hk_err *err)
{
	ctx->null_cover.fd = hk_host_null_open(err);
	return ctx->null_cover.fd < 0 ? ctx->null_cover.fd : 0;
}

int hk_step_rootfs(struct hk_ctx *ctx, const struct hk_step_rootfs *args, struct hk_err *err)
{
	const char *source = hk_plan_str(ctx->plan, args->source);
	HK_FD int place = -1;
	int r;

	if (!source)
		return hk_refuse(err, EINVAL, "the plan names no root file system");
	place = openat(AT_FDCWD, source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place < 0)
		return hk_fail(err, errno, "open the root file system '%s'", source);
	if (!args->open_only || ctx->procfd < 0)
		open_procfs(ctx);
	r = name_root(ctx, place, err);
	if (r < 0)
		return r;
	if (args->open_only) {
		ctx->rootfd = hk_take_fd(&place);
	} else {
		r = bind_root(ctx, args, place, err);
		if (r == 0)
			r = open_host_things(ctx, err);
	}
	if (r < 0)
		return r;
	/* where createContainer hooks run, wherever our caller was */
	return fchdir(ctx->rootfd) < 0 ? hk_fail(err, errno, "chdir into the root file system") : 0;
}
