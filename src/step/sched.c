/* When and where the kernel runs the process: CPU time, I/O, CPUs, memory nodes; and what system it
 * pretends to be. */
#include "step/step.h"

#include "base/idlist.h"
#include "base/sys.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define IOPRIO_WHO_PROCESS 1
#define BITS_PER_LONG	   (8 * sizeof(unsigned long))

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

/* The specification has the flags of utilization clamping, but no values to clamp to: -1 is the
 * system's default, and undoes a clamp that the runtime was started with. */
static void reset_clamps(struct hk_sched_attr *attr)
{
	attr->size = sizeof(*attr);
	if (attr->flags & HK_SCHED_FLAG_UTIL_CLAMP_MIN)
		attr->util_min = UINT32_MAX;
	if (attr->flags & HK_SCHED_FLAG_UTIL_CLAMP_MAX)
		attr->util_max = UINT32_MAX;
}

static const char *scheduler_hint(uint32_t policy, int code)
{
	if (code == EOPNOTSUPP)
		return "the kernel is built without CONFIG_UCLAMP_TASK: leave out "
		       "SCHED_FLAG_UTIL_CLAMP_MIN and SCHED_FLAG_UTIL_CLAMP_MAX";
	if (policy == SCHED_DEADLINE && code == EPERM)
		return "SCHED_DEADLINE needs CAP_SYS_NICE on the host, and a cpuset of all CPUs: "
		       "leave out linux.resources.cpu.cpus";
	if (policy == SCHED_DEADLINE && code == EBUSY)
		return "the CPUs have not that much time left for deadline tasks: lower runtime";
	if (policy == SCHED_DEADLINE && code == EINVAL)
		return "the period must lie within /proc/sys/kernel/sched_deadline_period_min_us "
		       "and _max_us";
	if (code == EPERM && (policy == SCHED_FIFO || policy == SCHED_RR))
		return "real-time policies need CAP_SYS_NICE on the host and, where its kernel "
		       "schedules groups, linux.resources.cpu.realtimeRuntime";
	if (code == EPERM)
		return "a lower nice value than the caller's needs CAP_SYS_NICE on the host";
	return NULL;
}

int hk_step_scheduler(struct hk_ctx *ctx, const struct hk_step_scheduler *args, struct hk_err *err)
{
	struct hk_sched_attr attr = {
		.size = HK_SCHED_ATTR_SIZE_VER0,
		.policy = args->policy,
		.flags = args->flags,
		.nice = (int32_t)args->nice,
		.priority = (uint32_t)args->priority,
		.runtime = args->runtime,
		.deadline = args->deadline,
		.period = args->period,
	};
	const char *hint;
	int r;

	(void)ctx;
	if (attr.flags & (HK_SCHED_FLAG_UTIL_CLAMP_MIN | HK_SCHED_FLAG_UTIL_CLAMP_MAX))
		reset_clamps(&attr);
	r = hk_sys_sched_setattr(0, &attr);
	if (r == 0)
		return 0;
	(void)hk_fail(err, -r, "set the scheduler");
	hint = scheduler_hint(args->policy, -r);
	if (hint)
		hk_err_hint(err, "%s", hint);
	return r;
}

/* The process is alone in its group, and what it starts inherits the priority. */
int hk_step_io_priority(
	struct hk_ctx *ctx, const struct hk_step_io_priority *args, struct hk_err *err)
{
	(void)ctx;
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, args->value) < 0)
		return hk_fail(err, errno, "set the I/O priority");
	return 0;
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
