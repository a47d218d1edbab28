/* Which processes a proc shows is decided by who opens it: by the pid namespace that this process
 * is in. There the container's processes see it, and one that may trace it can open whatever it has
 * open, and its root directory. So it is none that has anything of the host's: a child leaves all
 * that behind while nobody sees it, and only the child of that goes in. */
#include "step/inside.h"

#include "base/fd.h"
#include "base/passfd.h"
#include "base/sys.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCK_FD	     0
#define INIT_FD	     1
#define TIMEOUT_MSEC 30000 /* the container may stop the process */

/* Gone are both processes when the socket has no other end. They are let end by themselves, for
 * only the first one waits for the second, which is the container's init's to wait for otherwise.
 */
static int end(int sock, pid_t pid)
{
	struct pollfd gone = {.fd = sock};
	int status = 0;

	(void)poll(&gone, 1, TIMEOUT_MSEC);
	(void)kill(pid, SIGKILL); /* ours, and not waited for yet; the second one dies with it */
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ESRCH;
}

/* Nothing is open but the two descriptors, whose numbers are known then. */
static int drop_all_but(int sock, int init)
{
	if (dup2(sock, SOCK_FD) < 0 || dup2(init, INIT_FD) < 0)
		return -errno;
	return hk_sys_close_range(2, ~0u, 0);
}

/* The exit status is 0 or, as on the way there, an errno. */
static _Noreturn void open_and_send(void)
{
	HK_FD int fs = -1;
	ssize_t n;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* its parent's end is its own */
	fs = hk_sys_fsopen("proc");
	if (fs < 0)
		_exit(-fs);
	n = hk_send_fds(SOCK_FD, "", 1, &fs, 1);
	_exit(n < 0 ? (int)-n : 0);
}

/* Root and working directory are the container's as well behind setns. */
static _Noreturn void go_in(int sock, int init, uint64_t namespaces)
{
	int r = drop_all_but(sock, init), status = 0;
	pid_t pid;

	if (r < 0)
		_exit(-r);
	if (setns(INIT_FD, (int)namespaces) < 0)
		_exit(errno);
	(void)close(INIT_FD);
	pid = fork();
	if (pid < 0)
		_exit(errno);
	if (pid == 0)
		open_and_send();
	if (waitpid(pid, &status, 0) < 0)
		_exit(errno);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : ESRCH);
}

/* What is sent is not believed: the container may have changed it. -EPIPE: there is nothing. */
static int take_fd(int sock)
{
	struct pollfd readable = {.fd = sock, .events = POLLIN};
	uint32_t count;
	char byte;
	int fd;
	ssize_t n;

	if (poll(&readable, 1, TIMEOUT_MSEC) == 0)
		return -ETIMEDOUT;
	n = hk_receive_fds(sock, &byte, 1, &fd, 1, &count);
	if (n < 0)
		return (int)n;
	return count == 1 ? fd : -EPIPE;
}

int hk_inside_open_proc(const struct hk_ctx *ctx)
{
	int init = ctx->slots[HK_SLOT_INIT];
	HK_FD int ours = -1, theirs = -1;
	int pair[2], fd, r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		go_in(theirs, init, ctx->visit.namespaces);
	hk_close(&theirs);
	fd = take_fd(ours);
	r = end(ours, pid);
	return fd == -EPIPE && r < 0 ? r : fd;
}
