/* A child that only waits to be killed. */
#include "systemd/holder.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3 /* glibc before 2.36 */
#endif

/* Only async-signal-safe calls: the parent may have threads. */
static _Noreturn void hold(pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* cannot fail with a valid signal */
	if (getppid() != parent)
		_exit(0); /* it ended before */
	/* not the lock of the state directory, nor a pipe whose end somebody waits for */
	(void)hk_sys_close_range(0, ~0u, 0); /* ENOSYS: they close with us */
	for (;;)
		(void)pause();
}

int hk_holder_start(struct hk_holder *ret, struct hk_err *err)
{
	struct hk_holder holder = {.pidfd = -1};
	/* Exit signal 0: the caller's own SIGCHLD handling does not see this child. */
	struct hk_clone_args args = {
		.flags = HK_CLONE_PIDFD | HK_CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)&holder.pidfd,
	};
	pid_t parent = getpid();

	holder.pid = hk_sys_clone3(&args);
	if (holder.pid == 0)
		hold(parent);
	if (holder.pid < 0)
		return hk_fail(err, -holder.pid, "clone a process for the scope to begin with");
	*ret = holder;
	return 0;
}

void hk_holder_end(struct hk_holder *holder)
{
	siginfo_t info;

	if (holder->pidfd < 0)
		return;
	(void)hk_sys_pidfd_send_signal(holder->pidfd, SIGKILL); /* ESRCH: it has ended */
	while (waitid((idtype_t)P_PIDFD, (id_t)holder->pidfd, &info, WEXITED | __WALL) < 0 &&
		errno == EINTR)
		continue;
	hk_close(&holder->pidfd);
}
