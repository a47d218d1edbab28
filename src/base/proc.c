/* Who a process is: its start time, its pidfd. Part of the init image. */
#include "base/proc.h"

#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int hk_proc_start_time(pid_t pid, uint64_t *ret_start_time, char *ret_state)
{
	char path[64], stat[2048], *field, *end, state;
	unsigned long long value;
	HK_FD int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, stat, sizeof(stat) - 1); /* the kernel writes it at once */
	if (n < 0)
		return -errno;
	stat[n] = '\0';
	/* Field 2 is the program's name in parentheses: it may hold blanks and ")" itself. */
	field = strrchr(stat, ')');
	if (!field || field[1] != ' ' || !field[2] || field[3] != ' ')
		return -EPROTO;
	field += 2; /* field 3 */
	state = *field;
	for (int i = 3; i < 22; i++) {
		field = strchr(field, ' ');
		if (!field)
			return -EPROTO;
		field++;
	}
	value = strtoull(field, &end, 10);
	if (end == field)
		return -EPROTO;
	if (ret_state)
		*ret_state = state;
	*ret_start_time = value;
	return 0;
}

int hk_proc_is_alive(pid_t pid, uint64_t start_time, bool *ret)
{
	uint64_t now = 0;
	char state = 'X';
	int r = hk_proc_start_time(pid, &now, &state);

	if (r < 0 && r != -ESRCH)
		return r;
	*ret = r == 0 && now == start_time && state != 'Z' && state != 'X';
	return 0;
}

int hk_proc_open(pid_t pid, uint64_t start_time)
{
	HK_FD int pidfd = hk_sys_pidfd_open(pid);
	bool alive;
	int r;

	/* EINVAL, seen on 6.12: the process is gone, but its number lives on as the session or
	 * process group of what it has left behind. */
	if (pidfd == -EINVAL)
		return -ESRCH;
	if (pidfd < 0)
		return pidfd;
	/* Compared behind the opening: if it is the right one now, it was so when we opened it. */
	r = hk_proc_is_alive(pid, start_time, &alive);
	if (r < 0)
		return r;
	return alive ? hk_take_fd(&pidfd) : -ESRCH;
}

static pid_t pid_by_fdinfo(int pidfd)
{
	char path[64], text[1024], *line;
	HK_FD int fd = -1;
	ssize_t n;
	long pid;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -EBADF : -errno;
	n = hk_read_string(fd, text, sizeof(text));
	if (n < 0)
		return (pid_t)n;
	line = strstr(text, "\nPid:");
	if (!line)
		return -EBADF; /* no pidfd */
	pid = strtol(line + 5, NULL, 10);
	return pid > 0 ? (pid_t)pid : -ESRCH; /* -1: gone; 0: not in our pid namespace */
}

pid_t hk_pidfd_pid(int pidfd)
{
	struct hk_pidfd_info info = {0};

	/* what it refuses, an older kernel or a process that is gone, the file explains */
	return hk_sys_pidfd_info(pidfd, &info) == 0 ? (pid_t)info.pid : pid_by_fdinfo(pidfd);
}
