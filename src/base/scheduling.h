/* A thread's CPU and I/O priority: the init stage's own, or set from outside by the runtime, which may do
 * more. Part of the init image. */
#ifndef HK_BASE_SCHEDULING_H
#define HK_BASE_SCHEDULING_H

#include "base/sys.h"

#include <stdint.h>
#include <sys/types.h>

/* Each gives 0 or a negative errno. pid 0: the caller. attr->size is filled in. */
int hk_scheduler_apply(pid_t pid, struct hk_sched_attr *attr);
/* value as ioprio_set(2) takes it. */
int hk_io_priority_apply(pid_t pid, uint32_t value);

#endif
