/* hako_process: a process of a container, named by its pidfd. */
#include "lib/container.h"

#include "base/fd.h"
#include "base/sys.h"
#include "lib/errors.h"

#include <hako/process.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>

#ifndef P_PIDFD
#define P_PIDFD 3 /* glibc before 2.36 */
#endif

int hk_process_new(pid_t pid, int pidfd, struct hako_process **ret, struct hk_err *err)
{
	struct hako_process *process = malloc(sizeof(*process));

	if (!process) {
		hk_close(&pidfd);
		return hk_fail(err, ENOMEM, "open process %d", (int)pid);
	}
	*process = (struct hako_process){.pid = pid, .pidfd = pidfd};
	*ret = process;
	return 0;
}

static int container_process(
	struct hako_container *container, struct hako_process **ret, struct hk_err *err)
{
	HK_LOADED loaded = HK_LOADED_INIT;
	int fd, r;

	if (container->pidfd >= 0) { /* made by this handle: known also after its end */
		fd = fcntl(container->pidfd, F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			return hk_fail(err, errno, "open the container's init");
		return hk_process_new(container->pid, fd, ret, err);
	}
	r = hk_container_load(container->root, container->id, false, &loaded, err);
	if (r < 0)
		return r;
	if (loaded.pidfd < 0)
		return hk_refuse(err, ESRCH, "container not running");
	return hk_process_new(loaded.state.init_pid, hk_take_fd(&loaded.pidfd), ret, err);
}

int hako_container_process(hako_container *container, hako_process **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(container_process(container, ret, &e), &e, err);
}

void hk_kill_and_reap(int pidfd, const struct hk_log *log)
{
	struct hk_err e = {0};
	siginfo_t info;

	if (hk_kill_and_wait(pidfd, &e) < 0)
		hk_logf(log, HK_LOG_WARNING, "%s", e.message);
	else
		(void)waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED);
}

void hako_process_free(hako_process *process)
{
	if (!process)
		return;
	hk_close(&process->pidfd);
	free(process);
}

pid_t hako_process_pid(const hako_process *process)
{
	return process->pid;
}

int hako_process_fd(const hako_process *process)
{
	return process->pidfd;
}

int hako_process_wait(hako_process *process, int *ret_status, hako_error **err)
{
	struct hk_err e = {0};
	siginfo_t info;
	int r;

	do
		r = waitid((idtype_t)P_PIDFD, (id_t)process->pidfd, &info, WEXITED);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return hk_give(
			hk_fail(&e, errno, "wait for process %d", (int)process->pid), &e, err);
	*ret_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

int hako_process_kill(hako_process *process, int signal, hako_error **err)
{
	struct hk_err e = {0};
	int r = hk_sys_pidfd_send_signal(process->pidfd, signal);

	if (r == -ESRCH)
		r = hk_refuse(&e, ESRCH, "container not running");
	else if (r < 0)
		r = hk_fail(&e, -r, "send signal %d to process %d", signal, (int)process->pid);
	return hk_give(r, &e, err);
}
