/* When and where the kernel runs the process: CPU time, I/O, CPUs, memory nodes; and what system it
 * pretends to be. */
#include "step/step.h"

#include "base/idlist.h"
#include "base/scheduling.h"
#include "base/sys.h"

#include <errno.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BITS_PER_LONG (8 * sizeof(unsigned long))

/* A raw call, for as many CPUs as there can be: libc's cpu_set_t ends at 1024. The kernel takes
 * what the cpuset allows. */
int hk_step_affinity(struct hk_ctx *ctx, const struct hk_step_affinity *args, struct hk_err *err)
{
	const uint32_t *cpus = hk_plan_u32s(ctx->plan, args->cpus);
	unsigned long mask[HK_CPU_LIMIT / BITS_PER_LONG];

	memset(mask, args->cpus.count ? 0 : 0xff, sizeof(mask));
	for (uint32_t i = 0; i < args->cpus.count; i++)
		mask[cpus[i] / BITS_PER_LONG] |= 1ul << cpus[i] % BITS_PER_LONG;
	if (syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask) < 0)
		return hk_fail(
			err, errno, "%s the CPU affinity", args->cpus.count ? "set" : "reset");
	return 0;
}

/* In a user namespace nobody has the host's CAP_SYS_NICE; whoever is outside may have it, and knows
 * what to say where it is refused as well. */
static int ask_outside(struct hk_ctx *ctx, enum hk_sync_point point, struct hk_err *err)
{
	struct hk_msg_sync message = {.point = point};

	return hk_ctx_ask(ctx, HK_MSG_SYNC, &message, NULL, err);
}

int hk_step_scheduler(struct hk_ctx *ctx, const struct hk_step_scheduler *args, struct hk_err *err)
{
	struct hk_sched_attr attr = {
		.policy = args->policy,
		.flags = args->flags,
		.nice = (int32_t)args->nice,
		.priority = (uint32_t)args->priority,
		.runtime = args->runtime,
		.deadline = args->deadline,
		.period = args->period,
	};

	return hk_scheduler_apply(0, &attr) < 0 ? ask_outside(ctx, HK_SYNC_SCHEDULER, err) : 0;
}

int hk_step_io_priority(
	struct hk_ctx *ctx, const struct hk_step_io_priority *args, struct hk_err *err)
{
	if (hk_io_priority_apply(0, args->value) == 0)
		return 0;
	return ask_outside(ctx, HK_SYNC_IO_PRIORITY, err);
}

int hk_step_personality(
	struct hk_ctx *ctx, const struct hk_step_personality *args, struct hk_err *err)
{
	(void)ctx;
	if (personality((unsigned long)args->domain) < 0)
		return hk_fail(err, errno, "set the personality");
	return 0;
}

/* Inherited by all that the program starts: they share cores with each other, and nobody else. */
int hk_step_core_sched(
	struct hk_ctx *ctx, const struct hk_step_core_sched *args, struct hk_err *err)
{
	(void)ctx;
	if (args->share && prctl(HK_PR_SCHED_CORE, HK_PR_SCHED_CORE_SHARE_FROM, args->share,
				   HK_PR_SCHED_CORE_THREAD, 0) < 0)
		return hk_fail(err, errno, "share the container's core-scheduling cookie");
	if (!args->share && prctl(HK_PR_SCHED_CORE, HK_PR_SCHED_CORE_CREATE, 0,
				    HK_PR_SCHED_CORE_THREAD_GROUP, 0) < 0)
		return hk_fail(err, errno, "make a core-scheduling cookie");
	return 0;
}

int hk_step_memory_policy(
	struct hk_ctx *ctx, const struct hk_step_memory_policy *args, struct hk_err *err)
{
	const uint32_t *nodes = hk_plan_u32s(ctx->plan, args->nodes);
	unsigned long mask[HK_NODE_LIMIT / BITS_PER_LONG] = {0};
	int r;

	for (uint32_t i = 0; i < args->nodes.count; i++)
		mask[nodes[i] / BITS_PER_LONG] |= 1ul << nodes[i] % BITS_PER_LONG;
	if (args->nodes.count)
		r = hk_sys_set_mempolicy(args->mode | args->flags, mask, HK_NODE_LIMIT + 1);
	else
		r = hk_sys_set_mempolicy(args->mode | args->flags, NULL, 0);
	return r < 0 ? hk_fail(err, -r, "set the memory policy") : 0;
}
