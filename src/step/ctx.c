/* What every step may need: the guard, the log, questions to the runtime, string arrays. */
#include "step/step.h"

#include "base/log.h"
#include "step/procfs.h"
#include "step/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>

/* If the runtime died before our prctl, no signal will ever come: the closed socket tells. getppid
 * cannot: the runtime is outside of our pid namespace. */
static int arm(struct hk_ctx *ctx)
{
	struct pollfd sock = {.fd = ctx->wire.fd};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	ctx->armed = true;
	if (poll(&sock, 1, 0) < 0)
		return -errno;
	return sock.revents & POLLHUP ? -EPIPE : 0;
}

int hk_ctx_guard(struct hk_ctx *ctx, struct hk_err *err)
{
	int r = ctx->wire.fd < 0 ? 0 : arm(ctx);

	if (r < 0)
		return hk_fail(err, -r, "tie the init stage to the runtime");
	/* before any process of a container can see us (CVE-2016-9962) */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return hk_fail(err, errno, "make the init stage non-dumpable");
	return 0;
}

int hk_ctx_disarm(struct hk_ctx *ctx, struct hk_err *err)
{
	if (!ctx->armed)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return hk_fail(err, errno, "untie the init stage from the runtime");
	ctx->armed = false;
	return 0;
}

int hk_ctx_root(struct hk_ctx *ctx, struct hk_err *err)
{
	if (ctx->rootfd < 0)
		ctx->rootfd = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ctx->rootfd < 0)
		return hk_fail(err, errno, "open '/'");
	return ctx->rootfd;
}

/* A private one is refused in a user namespace where what is on /proc has masks. That may be the
 * container's then, which is as good for files of our own: on the way to them no mount is crossed.
 */
int hk_ctx_procfs(struct hk_ctx *ctx, struct hk_err *err)
{
	int fd;

	if (ctx->procfd >= 0)
		return ctx->procfd;
	fd = hk_procfs_open_private(false);
	if (fd < 0)
		fd = hk_procfs_open_mounted();
	if (fd < 0)
		return hk_fail(err, -fd, "open /proc as a procfs");
	ctx->procfd = fd;
	return fd;
}

int hk_ctx_write_self(struct hk_ctx *ctx, const char *path, const char *text)
{
	int procfd = hk_ctx_procfs(ctx, NULL);
	int r = procfd < 0 ? procfd : hk_procfs_write(procfd, path, text);

	if (r != -EACCES)
		return r;
	/* the files of a non-dumpable process belong to root, whoever it is */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return r;
	r = hk_procfs_write(procfd, path, text);
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : r;
}

void hk_ctx_warn(struct hk_ctx *ctx, const char *fmt, ...)
{
	struct hk_msg_log log = {.level = HK_LOG_WARNING};
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(log.text, sizeof(log.text), fmt, ap);
	va_end(ap);
	/* a runtime that does not listen any more must not make a warning an error */
	(void)hk_wire_send(&ctx->wire, HK_MSG_LOG, &log, NULL, 0);
}

int hk_ctx_ask(struct hk_ctx *ctx, enum hk_msg_type type, const void *payload, int *ret_fd,
	struct hk_err *err)
{
	const char *name = hk_msg_rules[type].name;
	int fds[HK_WIRE_MAX_FDS];
	uint32_t fd_count;
	struct hk_msg msg;
	int r;

	hk_trace_wait_begin(ctx);
	r = hk_wire_send(&ctx->wire, type, payload, NULL, 0);
	if (r < 0)
		return hk_fail(err, -r, "send %s to the runtime", name);
	r = hk_wire_receive(&ctx->wire, &msg, fds, &fd_count);
	hk_trace_wait_end(ctx);
	if (r < 0)
		return hk_fail(err, -r, "receive the runtime's answer to %s", name);
	/* the rule table has checked that it is the answer, with as many fds as it must have */
	if (ret_fd)
		*ret_fd = fds[0];
	return 0;
}

int hk_ctx_tell(struct hk_ctx *ctx, enum hk_msg_type type, int fd, struct hk_err *err)
{
	int r = hk_wire_send(&ctx->wire, type, NULL, &fd, fd < 0 ? 0 : 1);

	return r < 0 ? hk_fail(err, -r, "send %s to the runtime", hk_msg_rules[type].name) : 0;
}

/* Not malloc: a page from the kernel is cheaper than libc's bookkeeping, in time and in the image.
 */
void *hk_ctx_alloc(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

char **hk_ctx_strings(const struct hk_ctx *ctx, hk_ref_strs strings)
{
	char **list = hk_ctx_alloc(((size_t)strings.count + 2) * sizeof(*list));

	/* execve's argument type is not const, but it does not write */
	for (uint32_t i = 0; list && i < strings.count; i++)
		list[i] = (char *)hk_plan_strs_at(ctx->plan, strings, i);
	return list;
}
