/* Changing the mounts of a container that runs.
 *
 * A mount is made in a mount namespace of our own, which shows the host, and the place for it is
 * found from a descriptor of the container's root. Only to put it there do we go over. So no path
 * of the host's is ever looked up where the container's processes decide what it means. */
#include "step/visit.h"

#include "base/fd.h"
#include "base/sys.h"
#include "step/mount_point.h"
#include "step/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* The container may put mounts on top of ours as fast as we take them away. */
#define TRIES 64

struct hk_visited {
	int fd;
	const char *where;
};

static int change(int ns, const char *whose, struct hk_err *err)
{
	return setns(ns, (int)HK_CLONE_NEWNS) < 0
		       ? hk_fail(err, errno, "enter %s mount namespace", whose)
		       : 0;
}

int hk_visit_enter(struct hk_ctx *ctx, struct hk_err *err)
{
	return change(ctx->visit.theirs, "the container's", err);
}

int hk_visit_leave(struct hk_ctx *ctx, struct hk_err *err)
{
	hk_parent_forget(ctx); /* the container's processes go on, and rename what we have open */
	return change(ctx->visit.ours, "our own", err);
}

static int open_root(struct hk_ctx *ctx, struct hk_err *err)
{
	int r = hk_visit_enter(ctx, err);

	if (r < 0)
		return r;
	/* of the namespace, whatever its init has taken for its own since */
	ctx->rootfd = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ctx->rootfd < 0)
		return hk_fail(err, errno, "open the container's root");
	memcpy(ctx->root_path, "/", sizeof("/"));
	return hk_visit_leave(ctx, err);
}

/* From here on there is something to be taken away, so neither the runtime's end nor a terminal's
 * ^C may be ours: that the runtime is gone shows where it is asked, in `ready` at the latest. */
static int outlive(struct hk_ctx *ctx, struct hk_err *err)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL); /* nothing is executed that would inherit it */
	return hk_ctx_disarm(ctx, err);
}

int hk_step_visit(struct hk_ctx *ctx, const struct hk_step_visit *args, struct hk_err *err)
{
	struct hk_visit *visit = &ctx->visit;
	int r = outlive(ctx, err);

	if (r < 0)
		return r;
	visit->namespaces = args->namespaces;
	visit->ours = openat(ctx->procfd, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (visit->ours < 0)
		return hk_fail(err, errno, "open our own mount namespace");
	visit->theirs = hk_take_fd(&ctx->slots[args->slot]);
	if (visit->theirs < 0)
		return hk_refuse(
			err, EBADF, "the container's mount namespace did not come with the plan");
	return open_root(ctx, err);
}

int hk_visit_note(struct hk_ctx *ctx, int mount, const char *where, struct hk_err *err)
{
	struct hk_visit *visit = &ctx->visit;
	int fd;

	if (!visit->mounts)
		visit->mounts = hk_ctx_alloc(ctx->plan->step_count * sizeof(*visit->mounts));
	if (!visit->mounts)
		return hk_fail(err, ENOMEM, "remember mounts");
	if (visit->count >= ctx->plan->step_count) /* each step has one */
		return hk_refuse(err, EPROTO, "a step has more than one mount");
	fd = fcntl(mount, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return hk_fail(err, errno, "remember the mount on '%s'", where);
	visit->mounts[visit->count++] = (struct hk_visited){fd, where};
	return 0;
}

int hk_visit_find(const struct hk_ctx *ctx, const char *where)
{
	const struct hk_visit *visit = &ctx->visit;

	for (uint32_t i = visit->count; i-- > 0;)
		if (strcmp(visit->mounts[i].where, where) == 0)
			return visit->mounts[i].fd;
	return -ENOENT;
}

/* umount2(2) takes no descriptor; its magic link in our own procfs is as good. 0 or a negative
 * errno. */
static int unmount(struct hk_ctx *ctx, int mount, int flags)
{
	char link[HK_PROCFS_FD_PATH_MAX];

	if (fchdir(ctx->procfd) < 0)
		return -errno;
	return umount2(hk_procfs_fd_path(mount, link), flags) < 0 ? -errno : 0;
}

/* The kernel unmounts the topmost of what lies there: it is ours when there is no more. EINVAL: it
 * is no mount of this namespace any more. */
static int take_away(struct hk_ctx *ctx, int mount)
{
	for (int i = 0; i < TRIES; i++) {
		int r = unmount(ctx, mount, MNT_DETACH);

		if (r < 0)
			return r == -EINVAL ? 0 : r;
	}
	return -EBUSY;
}

/* All that are remembered, the last first. The first failure counts, but does not end it. */
static int take_all_away(struct hk_ctx *ctx, struct hk_err *err)
{
	struct hk_visit *visit = &ctx->visit;
	int first = hk_visit_enter(ctx, err);

	if (first < 0)
		return first;
	while (visit->count > 0) {
		struct hk_visited *mount = &visit->mounts[--visit->count];
		int r = take_away(ctx, mount->fd);

		if (r < 0 && first == 0)
			first = hk_fail(err, -r, "unmount '%s'", mount->where);
	}
	return first;
}

void hk_visit_undo(struct hk_ctx *ctx, struct hk_err *err)
{
	struct hk_err e = {0};

	if (ctx->visit.put && take_all_away(ctx, &e) < 0)
		hk_err_hint(err, "what was mounted before stays: %s (errno %d)", e.message, e.code);
}

/* MNT_EXPIRE on a mount that is open, as it is by our descriptor, does nothing but say EBUSY; what
 * cannot be unmounted is refused before. */
static int find(struct hk_ctx *ctx, int mount, const char *where, struct hk_err *err)
{
	int r = unmount(ctx, mount, MNT_EXPIRE);

	if (r == -EBUSY || r == -EAGAIN)
		return 0;
	if (r != -EINVAL)
		return hk_fail(err, -r, "unmount '%s'", where);
	(void)hk_refuse(err, EINVAL, "unmount '%s': nothing is mounted there", where);
	hk_err_hint(err, "or it came with a whole tree from outside of the container's user "
			 "namespace, and goes with that only");
	return -EINVAL;
}

static int find_mount(struct hk_ctx *ctx, const char *where, struct hk_err *err)
{
	HK_FD int mount = hk_mount_point_find(ctx, where, err);
	int r, left;

	if (mount < 0)
		return mount;
	r = hk_visit_note(ctx, mount, where, err);
	if (r == 0)
		r = hk_visit_enter(ctx, err);
	if (r < 0)
		return r;
	r = find(ctx, mount, where, err);
	left = hk_visit_leave(ctx, r < 0 ? NULL : err);
	return r < 0 ? r : left;
}

int hk_step_unmount(struct hk_ctx *ctx, const struct hk_step_unmount *args, struct hk_err *err)
{
	const char *where = hk_plan_str(ctx->plan, args->target);

	if (ctx->visit.theirs < 0)
		return hk_refuse(err, EPROTO, "there is no container to unmount from");
	return where ? find_mount(ctx, where, err) : take_all_away(ctx, err);
}

int hk_step_finish(struct hk_ctx *ctx, const struct hk_step_finish *args, struct hk_err *err)
{
	(void)ctx;
	(void)args;
	(void)err;
	_exit(0);
}
