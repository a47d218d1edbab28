/* The criu process that serves us: `criu swrk FD`, and the other end of that SOCK_SEQPACKET pair
 * ours.
 *
 * criu finds the directories that it is to use by /proc/PID/fd, PID being who made the pair. The
 * child makes it, behind entering a mount namespace of its own: criu mounts things in its working
 * directory, which only works where that is of its own namespace. */
#ifndef HK_CRIU_PROCESS_H
#define HK_CRIU_PROCESS_H

#include "criu/rpc.h"

#include <stddef.h>
#include <sys/types.h>

#define HK_CRIU_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Where it runs. HK_CRIU_PLACE_INIT: where we do. */
struct hk_criu_place {
	int stdio[3];	/* become its 0, 1, 2; -1: ours */
	const int *fds; /* stay open under their numbers */
	size_t fd_count;
	int image; /* directories, which stay open under their numbers too; -1: none */
	int work;
	const char *const *cgroup_join; /* host files to write "0" into, in order */
	size_t cgroup_join_count;
	int cgroup_v2; /* directory of the cgroup to move to; -1: none */
	/* Bound onto root_target, in a mount namespace of criu's own, which nothing outside sees
	 * and which goes with it; NULL: it shares ours. */
	const char *root_source;
	const char *root_target;
};

#define HK_CRIU_PLACE_INIT                                                                         \
	{                                                                                          \
		.stdio = {-1, -1, -1}, .image = -1, .work = -1, .cgroup_v2 = -1                    \
	}

struct hk_criu {
	int sock;
	int pidfd;
};

/* criu from PATH, or where it usually is. -ENOENT with a hint where it is not installed. */
int hk_criu_start(const struct hk_criu_place *place, struct hk_criu *ret, struct hk_err *err);
/* Close the connection and wait until it has ended. It is not killed: tasks that it holds would
 * stay as they are. */
void hk_criu_end(struct hk_criu *criu);

/* One datagram each. message is used up. ret_fd: a descriptor that came along, the caller's; or -1.
 */
int hk_criu_send(struct hk_criu *criu, struct hk_strbuf *message, struct hk_err *err);
int hk_criu_receive(
	struct hk_criu *criu, struct hk_criu_reply *ret, int *ret_fd, struct hk_err *err);

#endif
