/* What of a container's words to its service manager is passed on. */
#ifndef HK_STAGE_NOTIFY_FILTER_H
#define HK_STAGE_NOTIFY_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HK_NOTIFY_MAX 4096 /* bytes of a datagram, as systemd takes them */

/* The lines of one datagram of sd_notify(3) that may be passed on, each assignment once: readiness,
 * status and watchdog, but no process or descriptors, nor who else may speak. Where it says READY=1
 * and pid is not 0, MAINPID=pid goes before it. now: the host's monotonic clock, for the container
 * may have another. Returns the length, 0 where nothing is left. */
size_t hk_notify_filter(const char *text, size_t len, pid_t pid, uint64_t now_usec,
	char ret[static HK_NOTIFY_MAX], bool *ret_ready);

#endif
