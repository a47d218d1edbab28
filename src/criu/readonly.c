/* Mounts of another mount namespace made read-only, without our threads ever being there. */
#include "criu/mounts.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3 /* glibc before 2.36 */
#endif

/* In a copy of one thread of a process with maybe more: system calls only. The paths are the
 * kernel's: whatever is not a mount point there is refused. */
static _Noreturn void change(int ns, const struct hk_strings *points)
{
	const struct hk_mount_attr attr = {.attr_set = HK_MOUNT_ATTR_RDONLY};
	int r = setns(ns, CLONE_NEWNS) < 0 ? -errno : 0;

	for (size_t i = 0; r == 0 && i < points->count; i++)
		r = hk_sys_mount_setattr(AT_FDCWD, points->items[i], AT_SYMLINK_NOFOLLOW, &attr);
	_exit(r < 0 ? -r : 0);
}

static int run(int ns, const struct hk_strings *points)
{
	HK_FD int pidfd = -1;
	/* Exit signal 0: the caller's own SIGCHLD handling does not see this child. */
	struct hk_clone_args args = {.flags = HK_CLONE_PIDFD | HK_CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)&pidfd};
	siginfo_t info = {0};
	pid_t child = hk_sys_clone3(&args);
	int r;

	if (child == 0)
		change(ns, points);
	if (child < 0)
		return child;
	do
		r = waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED | __WALL);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return info.si_code == CLD_EXITED ? -info.si_status : -ECHILD;
}

int hk_mounts_make_readonly(pid_t pid, const struct hk_strings *points, struct hk_err *err)
{
	HK_FD int ns = -1;
	char path[48];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	r = ns < 0 ? -errno : run(ns, points);
	return r < 0 ? hk_fail(err, -r, "make mounts read-only") : 0;
}
