/* process.scheduler and process.ioPriority, set from outside: in a user namespace nobody may set
 * those that take CAP_SYS_NICE. */
#include "stage/spawn.h"

#include "base/err.h"
#include "base/scheduling.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <sched.h>

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

int hk_scheduler_set(pid_t pid, const struct hk_spec *spec, struct hk_err *err)
{
	const struct hk_scheduler *s = spec->process ? spec->process->scheduler : NULL;
	struct hk_sched_attr attr;
	const char *hint;
	int r;

	if (!s)
		return hk_refuse(
			err, EPROTO, "the init stage asks for a scheduler that it has not");
	attr = (struct hk_sched_attr){
		.policy = s->policy,
		.flags = s->flags,
		.nice = s->nice,
		.priority = (uint32_t)s->priority,
		.runtime = s->runtime,
		.deadline = s->deadline,
		.period = s->period,
	};
	r = hk_scheduler_apply(pid, &attr);
	if (r == 0)
		return 0;
	(void)hk_fail(err, -r, "set the scheduler");
	hint = scheduler_hint(s->policy, -r);
	if (hint)
		hk_err_hint(err, "%s", hint);
	return hk_err_at(err, "%s/scheduler", hk_spec_process_at(spec));
}

int hk_io_priority_set(pid_t pid, const struct hk_spec *spec, struct hk_err *err)
{
	const struct hk_io_priority *io = spec->process ? spec->process->io_priority : NULL;
	int r;

	if (!io)
		return hk_refuse(err, EPROTO, "the init stage asks for a priority that it has not");
	r = hk_io_priority_apply(pid, IOPRIO_PRIO_VALUE(io->class, (uint32_t)io->priority));
	if (r == 0)
		return 0;
	(void)hk_fail(err, -r, "set the I/O priority");
	return hk_err_at(err, "%s/ioPriority", hk_spec_process_at(spec));
}
