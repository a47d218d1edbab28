/* A child that does nothing but be in a user namespace. */
#include "stage/keeper.h"
#include "stage/userns.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3 /* glibc before 2.36 */
#endif

/* Only async-signal-safe calls: the parent may have threads. */
static _Noreturn void keep(int user_ns, int sock)
{
	unsigned char code = 0;

	if (user_ns >= 0 && setns(user_ns, CLONE_NEWUSER) < 0)
		code = (unsigned char)errno;
	(void)!write(sock, &code, 1); /* a parent that is gone: nothing to tell */
	(void)!read(sock, &code, 1);  /* until it has closed its end, or has gone */
	_exit(0);
}

static int clone_child(int user_ns, int sock[2], struct hk_keeper *ret)
{
	/* Exit signal 0: the caller's own SIGCHLD handling does not see this child. */
	struct hk_clone_args args = {
		.flags = HK_CLONE_PIDFD | HK_CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)&ret->pidfd,
	};

	if (user_ns < 0)
		args.flags |= HK_CLONE_NEWUSER;
	ret->pid = hk_sys_clone3(&args);
	if (ret->pid == 0) {
		(void)close(sock[0]); /* else the parent's close would not end us */
		keep(user_ns, sock[1]);
	}
	return ret->pid < 0 ? ret->pid : 0;
}

int hk_keeper_start(int user_ns, struct hk_keeper *ret, struct hk_err *err)
{
	const char *what = user_ns < 0 ? "make a user namespace" : "join the user namespace", *hint;
	struct hk_keeper keeper = {.pidfd = -1};
	HK_FD int theirs = -1;
	unsigned char code = 0;
	char buf[256];
	int sock[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock) < 0)
		return hk_fail(err, errno, "make a socket pair");
	keeper.sock = sock[0];
	theirs = sock[1];
	r = clone_child(user_ns, sock, &keeper);
	if (r < 0) {
		hk_close(&keeper.sock);
		r = hk_fail(err, -r, "%s", what);
		hint = hk_userns_explain(-r, buf, sizeof(buf));
		if (hint || r == -ENOSPC)
			hk_err_hint(err, "%s",
				hint ? hint
				     : "the limit in /proc/sys/user/max_user_namespaces is "
				       "reached");
		return r;
	}
	hk_close(&theirs);
	r = hk_read_full(keeper.sock, &code, 1);
	if (r == 0 && code)
		r = -code;
	if (r < 0) {
		hk_keeper_end(&keeper);
		return hk_fail(err, -r, "%s", what);
	}
	*ret = keeper;
	return 0;
}

void hk_keeper_end(struct hk_keeper *keeper)
{
	siginfo_t info;

	hk_close(&keeper->sock);
	/* a child of another thread may have a copy of that: it alone might not be enough */
	(void)hk_sys_pidfd_send_signal(keeper->pidfd, SIGKILL); /* ESRCH: it has ended */
	while (waitid((idtype_t)P_PIDFD, (id_t)keeper->pidfd, &info, WEXITED | __WALL) < 0 &&
		errno == EINTR)
		continue;
	hk_close(&keeper->pidfd);
}
