/* The program's stdin, stdout and stderr. */
#include "step/step.h"

#include "base/fd.h"
#include "base/path.h"
#include "step/device.h"
#include "step/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The container's own null device in place of the host's. One that is missing, or something else
 * under that name (CVE-2026-88265), leaves us with the host's: it is a null device as well. */
static int reopen_null(struct hk_ctx *ctx, int fd, struct hk_err *err)
{
	int root = hk_ctx_root(ctx, err);
	HK_FD int node = -1, null = -1;
	struct stat st;

	if (root < 0)
		return root;
	node = hk_root_open(root, "/dev/null", O_PATH | O_NOFOLLOW);
	if (node < 0 || fstat(node, &st) < 0 || !hk_is_null(&st))
		return 0;
	null = hk_procfs_reopen(hk_ctx_procfs(ctx, NULL), node, O_RDWR);
	if (null < 0)
		return 0; /* the device cgroup may forbid it */
	return dup2(null, fd) < 0 ? hk_fail(err, errno, "replace file descriptor %d", fd) : 0;
}

/* So that the program can open /dev/stdout again. Files keep their owner: they may be the host's
 * own, and not ours to give away. */
static int give_to_user(int fd, const struct stat *st, uid_t uid, struct hk_err *err)
{
	if (st->st_uid == uid)
		return 0;
	if (!S_ISFIFO(st->st_mode) && !S_ISCHR(st->st_mode) && !S_ISSOCK(st->st_mode))
		return 0;
	if (S_ISCHR(st->st_mode) && !isatty(fd))
		return 0;
	if (fchown(fd, uid, (gid_t)-1) == 0)
		return 0;
	/* not ours, or its owner has no name in this user namespace: it stays as it is */
	if (errno == EPERM || errno == EROFS || errno == EINVAL || errno == EOVERFLOW)
		return 0;
	return hk_fail(err, errno, "change the owner of file descriptor %d to %u", fd, uid);
}

int hk_step_stdio(struct hk_ctx *ctx, const struct hk_step_stdio *args, struct hk_err *err)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;
		int r;

		if (fstat(fd, &st) < 0)
			return hk_fail(err, errno, "look at file descriptor %d", fd);
		r = hk_is_null(&st) ? reopen_null(ctx, fd, err)
				    : give_to_user(fd, &st, args->uid, err);
		if (r < 0)
			return r;
	}
	return 0;
}
