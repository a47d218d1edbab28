/* Hearing of it when the kernel kills for want of memory: v1 writes to an eventfd that is
 * registered, v2 says that a file has changed. */
#include "cgroup/oom.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "cgroup/group.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int register_v1(struct hk_cgroup_dir *dir, struct hk_cgroup_watch *ret)
{
	int fd = hk_cgroup_dir_fd(dir);
	HK_FD int event = -1, control = -1;
	char line[32];
	int r;

	if (fd < 0)
		return fd;
	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	control = openat(fd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	if (event < 0 || control < 0)
		return -errno;
	(void)snprintf(line, sizeof(line), "%d %d", event, control);
	r = hk_write_file_at(fd, "cgroup.event_control", line);
	if (r < 0)
		return r;
	ret->directory = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (ret->directory < 0)
		return -errno;
	ret->oom = hk_take_fd(&event);
	return 0;
}

/* The whole of a small file from its beginning, which tells the kernel too that it was seen. */
static ssize_t read_again(int fd, char *buf, size_t cap)
{
	ssize_t n = pread(fd, buf, cap - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
	return n < 0 ? -errno : n;
}

/* The number behind "key " at the beginning of a line. */
static bool find_number(const char *text, const char *key, uint64_t *ret)
{
	size_t len = strlen(key);
	char number[24];

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (strncmp(text, key, len) != 0 || text[len] != ' ')
			continue;
		(void)snprintf(number, sizeof(number), "%.*s", (int)strcspn(text + len + 1, "\n"),
			text + len + 1);
		return hk_parse_u64(number, ret) == 0;
	}
	return false;
}

/* oom_kill is there since 4.13. */
static uint64_t count_kills(int fd)
{
	uint64_t kills = 0;
	char text[1024];

	if (read_again(fd, text, sizeof(text)) > 0)
		(void)find_number(text, "oom_kill", &kills); /* stays 0 */
	return kills;
}

static int open_v2(struct hk_cgroup_dir *dir, bool memory, struct hk_cgroup_watch *ret)
{
	int fd = hk_cgroup_dir_fd(dir);

	if (fd < 0)
		return fd;
	ret->populated = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	if (ret->populated < 0)
		return -errno;
	if (memory)
		ret->oom = openat(fd, "memory.events", O_RDONLY | O_CLOEXEC);
	if (ret->oom >= 0 && memory)
		ret->kills = count_kills(ret->oom);
	return 0; /* without memory.events: the controller is not there */
}

int hk_cgroup_watch_open(struct hk_cgroup *cgroup, struct hk_cgroup_watch *ret, struct hk_err *err)
{
	struct hk_cgroup_dir *v1 = hk_cgroup_find_v1(cgroup, "memory");
	struct hk_cgroup_dir *v2 = hk_cgroup_find_v2(cgroup);
	struct hk_cgroup_watch watch = HK_CGROUP_WATCH_INIT;
	int r = 0;

	if (v1)
		r = register_v1(v1, &watch);
	if (r == 0 && v2)
		r = open_v2(v2, !v1, &watch);
	if (r < 0) {
		hk_cgroup_watch_done(&watch);
		return hk_fail(err, -r, "watch the container's cgroup");
	}
	*ret = watch;
	return 0;
}

void hk_cgroup_watch_done(struct hk_cgroup_watch *watch)
{
	hk_close(&watch->oom);
	hk_close(&watch->populated);
	hk_close(&watch->directory);
}

uint32_t hk_cgroup_watch_epoll(void)
{
	return EPOLLIN | EPOLLPRI | EPOLLET;
}

/* v1 writes to the eventfd when the cgroup is removed, too. */
static bool v1_oom(const struct hk_cgroup_watch *watch)
{
	uint64_t count;

	return read(watch->oom, &count, sizeof(count)) == (ssize_t)sizeof(count) &&
	       faccessat(watch->directory, "memory.oom_control", F_OK, 0) == 0;
}

bool hk_cgroup_watch_oom(struct hk_cgroup_watch *watch)
{
	uint64_t kills;

	if (watch->oom < 0)
		return false;
	if (watch->directory >= 0)
		return v1_oom(watch);
	kills = count_kills(watch->oom);
	if (kills <= watch->kills)
		return false;
	watch->kills = kills;
	return true;
}

bool hk_cgroup_watch_empty(const struct hk_cgroup_watch *watch)
{
	uint64_t populated = 1;
	char text[256];
	ssize_t n;

	if (watch->populated < 0)
		return false;
	n = read_again(watch->populated, text, sizeof(text));
	if (n == -ENODEV) /* removed */
		return true;
	return n > 0 && find_number(text, "populated", &populated) && populated == 0;
}
