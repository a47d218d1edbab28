/* CPU and I/O priority of a thread. */
#include "base/scheduling.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#define IOPRIO_WHO_PROCESS 1

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

int hk_scheduler_apply(pid_t pid, struct hk_sched_attr *attr)
{
	attr->size = HK_SCHED_ATTR_SIZE_VER0;
	if (attr->flags & (HK_SCHED_FLAG_UTIL_CLAMP_MIN | HK_SCHED_FLAG_UTIL_CLAMP_MAX))
		reset_clamps(attr);
	return hk_sys_sched_setattr(pid, attr);
}

/* The process is alone in its group, and what it starts inherits the priority. */
int hk_io_priority_apply(pid_t pid, uint32_t value)
{
	return syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, value) < 0 ? -errno : 0;
}
