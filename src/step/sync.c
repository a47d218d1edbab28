/* The points at which the init stage waits for the outside. */
#include "step/mount_point.h"
#include "step/step.h"

#include "base/fd.h"

#include <errno.h>
#include <unistd.h>

int hk_step_sync(struct hk_ctx *ctx, const struct hk_step_sync *args, struct hk_err *err)
{
	struct hk_msg_sync message = {.point = args->point};

	hk_parent_forget(ctx); /* hooks of the runtime may mount */
	return hk_ctx_ask(ctx, HK_MSG_SYNC, &message, NULL, err);
}

int hk_step_rlimits(struct hk_ctx *ctx, const struct hk_step_rlimits *args, struct hk_err *err)
{
	struct hk_msg_sync message = {.point = HK_SYNC_RLIMITS};

	(void)args;
	return hk_ctx_ask(ctx, HK_MSG_SYNC, &message, NULL, err);
}

int hk_step_ready(struct hk_ctx *ctx, const struct hk_step_ready *args, struct hk_err *err)
{
	int r;

	(void)args;
	/* Before the answer: the runtime may be gone right behind it. If it dies without one, the
	 * end of the conversation tells. */
	r = hk_ctx_disarm(ctx, err);
	if (r == 0)
		r = hk_ctx_ask(ctx, HK_MSG_READY, NULL, NULL, err);
	if (r < 0)
		return r;
	hk_close(&ctx->wire.fd); /* from now on errors go to HK_SLOT_RESULT */
	/* a container that is only created may have processes already, by `exec`: they can see us
	 */
	hk_close(&ctx->procfd);
	return 0;
}

int hk_step_wait_start(
	struct hk_ctx *ctx, const struct hk_step_wait_start *args, struct hk_err *err)
{
	int *start = &ctx->slots[HK_SLOT_START];
	char byte;
	int r;

	(void)args;
	if (*start < 0)
		return hk_refuse(err, EBADF, "there is nothing to wait for start on");
	r = hk_read_full(*start, &byte, 1);
	hk_close(start); /* `start` tells by it that we do not wait any more */
	return r < 0 ? hk_fail(err, -r, "wait for start") : 0;
}
