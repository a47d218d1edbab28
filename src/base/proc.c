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

/* Of /proc/PID/stat. */
struct proc_stat {
	char state;	       /* field 3 */
	unsigned long threads; /* field 20, with the first one until all others are gone */
	uint64_t start_time;   /* field 22 */
};

/* From one field to the one that is so many behind it; NULL: there is none. */
static const char *skip_fields(const char *field, int count)
{
	while (field && count-- > 0) {
		field = strchr(field, ' ');
		field = field ? field + 1 : NULL;
	}
	return field;
}

static int parse_stat(const char *text, struct proc_stat *ret)
{
	/* Field 2 is the program's name in parentheses: it may hold blanks and ")" itself. */
	const char *name_end = strrchr(text, ')'), *threads, *start_time;
	char *end;

	if (!name_end || name_end[1] != ' ' || !name_end[2] || name_end[3] != ' ')
		return -EPROTO;
	threads = skip_fields(name_end + 2, 20 - 3);
	start_time = skip_fields(threads, 22 - 20);
	if (!start_time)
		return -EPROTO;
	ret->state = name_end[2];
	ret->threads = strtoul(threads, NULL, 10);
	ret->start_time = strtoull(start_time, &end, 10);
	return end == start_time ? -EPROTO : 0;
}

static int read_stat(pid_t pid, struct proc_stat *ret)
{
	char path[64], text[2048];
	HK_FD int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, sizeof(text) - 1); /* the kernel writes it at once */
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return parse_stat(text, ret);
}

int hk_proc_start_time(pid_t pid, uint64_t *ret_start_time)
{
	struct proc_stat stat;
	int r = read_stat(pid, &stat);

	if (r == 0)
		*ret_start_time = stat.start_time;
	return r;
}

/* A thread that is a zombie, or hardly that any more. The first one stays so for as long as the
 * others run: what it has ended by exit(2) is not the process. */
static bool has_ended(const struct proc_stat *stat)
{
	return (stat->state == 'Z' || stat->state == 'X') && stat->threads <= 1;
}

int hk_proc_is_alive(pid_t pid, uint64_t start_time, bool *ret)
{
	struct proc_stat stat;
	int r = read_stat(pid, &stat);

	if (r < 0 && r != -ESRCH)
		return r;
	*ret = r == 0 && stat.start_time == start_time && !has_ended(&stat);
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
