/* Loading the seccomp filter. */
#include "step/step.h"

#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#define FILTER_FLAG_TSYNC	 (1u << 0)
#define FILTER_FLAG_NEW_LISTENER (1u << 3)

/* A process that is not dumpable is out of reach for who has no CAP_SYS_PTRACE in the user
 * namespace in which our image was executed, the runtime's. The container's root, who has it in the
 * container's, can look at us as well from here on: it finds what it has itself. The guard makes an
 * end of that when credentials change; where they have, we are already what the program will be. */
static int let_fetch(struct hk_ctx *ctx, struct hk_err *err)
{
	hk_close(&ctx->procfd);
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0
		       ? hk_fail(err, errno, "let the runtime fetch the seccomp listener")
		       : 0;
}

int hk_step_seccomp(struct hk_ctx *ctx, const struct hk_step_seccomp *args, struct hk_err *err)
{
	struct sock_fprog program = {
		.len = (unsigned short)(args->filter.size / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *)((const char *)ctx->plan + args->filter.offset),
	};
	struct hk_msg_listener message;
	unsigned int flags = args->flags;
	HK_FD int listener = -1;
	int r;

	if (args->filter.size == 0 || args->filter.size % sizeof(struct sock_filter) != 0 ||
		args->filter.size / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return hk_refuse(err, EINVAL, "the seccomp filter has %u bytes", args->filter.size);
	/* behind it prctl may be forbidden, and what kills us with the runtime must not outlive it
	 */
	r = hk_ctx_disarm(ctx, err);
	if (r == 0 && args->dumpable)
		r = let_fetch(ctx, err);
	if (r < 0)
		return r;
	if (args->notify) /* TSYNC has nothing to do, and does not go along with a listener */
		flags = (flags & ~FILTER_FLAG_TSYNC) | FILTER_FLAG_NEW_LISTENER;
	r = hk_sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);
	if (r < 0)
		return hk_fail(err, -r, "load the seccomp filter");
	if (!args->notify)
		return 0;
	listener = r;
	message.fd = listener;
	return hk_ctx_ask(ctx, HK_MSG_LISTENER, &message, NULL, err);
}
