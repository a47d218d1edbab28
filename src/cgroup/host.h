/* Reading the host's hierarchies: the pure half, for tests. */
#ifndef HK_CGROUP_HOST_H
#define HK_CGROUP_HOST_H

#include "cgroup/cgroup.h"

/* The text of /proc/self/cgroup: one hierarchy a line, controllers and self filled in, mountpoint
 * NULL. Lines that are none are -EBADMSG. */
int hk_cgroup_parse_self(struct hk_arena *arena, const char *text, struct hk_cgroup_host *ret);

/* Give each hierarchy of host its mountpoint from the text of /proc/self/mountinfo, and make self
 * relative to what is mounted there; those that are mounted nowhere leave the list. */
int hk_cgroup_parse_mountinfo(
	struct hk_arena *arena, const char *text, struct hk_cgroup_host *host);

/* mode from the list. */
void hk_cgroup_host_decide(struct hk_cgroup_host *host);

/* Is name one of the comma-separated names in list? */
bool hk_cgroup_names(const char *list, const char *name);

#endif
