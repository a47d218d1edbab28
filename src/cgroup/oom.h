/* Hearing of it when the kernel kills for want of memory. */
#ifndef HK_CGROUP_OOM_H
#define HK_CGROUP_OOM_H

#include "cgroup/cgroup.h"

#include <stdint.h>

/* fds are -1 where there is none. Initialise with HK_CGROUP_WATCH_INIT. */
struct hk_cgroup_watch {
	int oom;	/* an eventfd of v1, or memory.events of v2 */
	int populated;	/* v2's cgroup.events */
	int directory;	/* v1: of the memory controller */
	uint64_t kills; /* v2: seen so far */
};

#define HK_CGROUP_WATCH_INIT                                                                       \
	{                                                                                          \
		.oom = -1, .populated = -1, .directory = -1                                        \
	}

/* Without a memory controller there is nothing to hear. */
int hk_cgroup_watch_open(struct hk_cgroup *cgroup, struct hk_cgroup_watch *ret, struct hk_err *err);
void hk_cgroup_watch_done(struct hk_cgroup_watch *watch);

/* What epoll(7) has to wait for, edge-triggered: an eventfd is read, a file of v2 changes. */
uint32_t hk_cgroup_watch_epoll(void);

/* Has something been killed since the last call? Never waits. */
bool hk_cgroup_watch_oom(struct hk_cgroup_watch *watch);
/* Is there, by v2, no process in it or below any more? False where v2 cannot tell. */
bool hk_cgroup_watch_empty(const struct hk_cgroup_watch *watch);

#endif
