/* A netlink socket in another network namespace, without our threads ever being there. */
#include "net/netlink.h"

#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLONE_FILES_FLAG 0x400ull /* linux/sched.h */

/* In a copy of one thread of a process with maybe more: system calls only. */
static _Noreturn void open_inside(int netns, int pipe)
{
	int result = setns(netns, CLONE_NEWNET) < 0 ? -errno : hk_netlink_open();

	(void)!write(pipe, &result, sizeof(result)); /* the parent sees that nothing came */
	_exit(0);
}

/* The child shares our table of descriptors: the number of its socket is that of ours. It writes
 * before it ends, so that we do not wait for a word that a killed child never says. */
static int await_result(pid_t child, int pipe)
{
	int result;

	/* ECHILD: some other part of this program was faster; it has ended all the same */
	while (waitpid(child, NULL, __WALL) < 0 && errno == EINTR)
		continue;
	return read(pipe, &result, sizeof(result)) == sizeof(result) ? result : -ECHILD;
}

int hk_netlink_open_in(int netns)
{
	/* Exit signal 0: the caller's own SIGCHLD handling does not see this child. */
	struct hk_clone_args args = {.flags = CLONE_FILES_FLAG};
	sigset_t all, old;
	int pipe[2], r;
	pid_t child;

	if (pipe2(pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	/* no handler of our caller's may run in the copy of its process */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &old); /* cannot fail with these arguments */
	child = hk_sys_clone3(&args);
	if (child == 0)
		open_inside(netns, pipe[1]);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	r = child < 0 ? child : await_result(child, pipe[0]);
	hk_close(&pipe[0]);
	hk_close(&pipe[1]);
	return r;
}
