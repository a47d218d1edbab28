/* How the kernel schedules the process: CPU, I/O, and what system it pretends to be. */
#include "step/step.h"

#include "base/sys.h"

#include <errno.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define IOPRIO_WHO_PROCESS 1

struct sched_attributes { /* struct sched_attr, SCHED_ATTR_SIZE_VER0 */
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

int hk_step_scheduler(struct hk_ctx *ctx, const struct hk_step_scheduler *args, struct hk_err *err)
{
	struct sched_attributes attributes = {
		.size = sizeof(attributes),
		.policy = args->policy,
		.flags = args->flags,
		.nice = (int32_t)args->nice,
		.priority = (uint32_t)args->priority,
		.runtime = args->runtime,
		.deadline = args->deadline,
		.period = args->period,
	};

	(void)ctx;
	if (syscall(SYS_sched_setattr, 0, &attributes, 0) == 0)
		return 0;
	(void)hk_fail(err, errno, "set the scheduler");
	if (err->code == EPERM)
		hk_err_hint(err,
			"realtime and deadline policies need CAP_SYS_NICE, and on cgroup v1 "
			"cpu.rt_runtime_us; a deadline task may not be in a cpuset");
	return -err->code;
}

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
	(void)args;
	if (prctl(HK_PR_SCHED_CORE, HK_PR_SCHED_CORE_CREATE, 0, HK_PR_SCHED_CORE_THREAD_GROUP, 0) <
		0)
		return hk_fail(err, errno, "make a core-scheduling cookie");
	return 0;
}
