/* The init stage's side of a timeline. */
#include "step/trace.h"

#include "base/clock.h"
#include "base/fd.h"
#include "wire/trace.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>

int hk_trace_open(struct hk_ctx *ctx, struct hk_err *err)
{
	HK_FD int memory = hk_take_fd(&ctx->slots[HK_SLOT_TRACE]);
	size_t size =
		sizeof(struct hk_trace) + ctx->plan->step_count * sizeof(struct hk_trace_record);
	struct hk_trace *trace;
	struct stat st;

	if (memory < 0)
		return 0;
	if (fstat(memory, &st) < 0)
		return hk_fail(err, errno, "look at the memory of the timeline");
	if (st.st_size < 0 || (size_t)st.st_size != size)
		return hk_refuse(err, EPROTO, "the timeline has room for another plan");
	trace = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (trace == MAP_FAILED)
		return hk_fail(err, errno, "map the memory of the timeline");
	trace->received = hk_clock_now();
	ctx->trace = trace;
	return 0;
}

void hk_trace_begin(struct hk_ctx *ctx)
{
	const struct hk_step *step = &hk_plan_steps(ctx->plan)[ctx->index];

	if (!ctx->trace)
		return;
	ctx->trace->steps[ctx->index].start = hk_clock_now();
	if (step->kind == HK_STEP_SECCOMP && ctx->trace->flags & HK_TRACE_NOT_BEHIND_FILTER)
		ctx->trace = NULL; /* the filter might kill who asks for the time */
}

void hk_trace_end(struct hk_ctx *ctx, int r)
{
	if (!ctx->trace)
		return;
	ctx->trace->steps[ctx->index].failed = r < 0;
	ctx->trace->steps[ctx->index].end = hk_clock_now();
}

void hk_trace_wait_begin(struct hk_ctx *ctx)
{
	if (ctx->trace)
		ctx->trace->steps[ctx->index].wait_start = hk_clock_now();
}

void hk_trace_wait_end(struct hk_ctx *ctx)
{
	if (ctx->trace)
		ctx->trace->steps[ctx->index].wait_end = hk_clock_now();
}
