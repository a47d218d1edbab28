/* What cgroup v1 does in its own way: cpuset, device lists, the freezer, OOM counters. */
#include "cgroup/devices.h"
#include "cgroup/dir.h"
#include "cgroup/host.h"
#include "cgroup/walk.h"
#include "base/err.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CPUSET_TEXT_MAX 4096

static void sleep_us(long us)
{
	struct timespec pause = {.tv_nsec = us * 1000};

	(void)nanosleep(&pause, NULL); /* shorter for a signal is fine */
}

/* path[0..len) + "/" + file. A cpuset file's text; "" where it is empty. */
static int read_cpuset(const char *path, size_t len, const char *file, char *text, size_t cap)
{
	char whole[PATH_MAX];
	ssize_t n;

	if ((size_t)snprintf(whole, sizeof(whole), "%.*s/%s", (int)len, path, file) >=
		sizeof(whole))
		return -ENAMETOOLONG;
	n = hk_cgroup_read(AT_FDCWD, whole, text, cap);
	return n < 0 ? (int)n : 0;
}

static int write_cpuset(const char *path, size_t len, const char *file, const char *text)
{
	char whole[PATH_MAX];

	if ((size_t)snprintf(whole, sizeof(whole), "%.*s/%s", (int)len, path, file) >=
		sizeof(whole))
		return -ENAMETOOLONG;
	return hk_write_file_at(AT_FDCWD, whole, text);
}

static size_t parent_of(const char *path, size_t len)
{
	while (len > 0 && path[--len] != '/')
		;
	return len;
}

/* A new cpuset has neither CPUs nor memory nodes and takes no process: give it, and every empty one
 * above it, those of the nearest ancestor that has some. */
static int fill_cpuset(const struct hk_cgroup_dir *dir, const char *file)
{
	size_t root = strlen(dir->mountpoint), len = strlen(dir->path), filled = len, to;
	char text[CPUSET_TEXT_MAX] = "";
	int r;

	while (!text[0] && filled > root) {
		filled = parent_of(dir->path, filled);
		r = read_cpuset(dir->path, filled, file, text, sizeof(text));
		if (r < 0)
			return r;
	}
	if (!text[0])
		return -ENODATA;
	for (to = filled; to < len;) {
		to += 1 + strcspn(dir->path + to + 1, "/");
		r = write_cpuset(dir->path, to, file, text);
		if (r < 0)
			return r;
	}
	return 0;
}

static int v1_prepare(struct hk_cgroup_dir *dir, const char *controllers, struct hk_err *err)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};

	(void)controllers; /* v1 hierarchies have theirs from the mount */
	if (!hk_cgroup_names(dir->controllers, "cpuset"))
		return 0;
	for (size_t i = 0; i < HK_COUNT(files); i++) {
		char text[CPUSET_TEXT_MAX] = "";
		int r = 0;

		/* A leftover keeps what it has. */
		if (dir->existed)
			r = read_cpuset(dir->path, strlen(dir->path), files[i], text, sizeof(text));
		if (r == 0 && !text[0])
			r = fill_cpuset(dir, files[i]);
		if (r < 0)
			return hk_fail(err, -r, "fill %s of cgroup '%s'", files[i], dir->path);
	}
	return 0;
}

/* One open file for all the lines: an open and close for each costs more than the write. */
static int write_lines(int dirfd, const char *file, const struct hk_device_rule *rules,
	size_t count, struct hk_err *err)
{
	HK_FD int fd = -1;

	if (count == 0)
		return 0;
	fd = openat(dirfd, file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return hk_fail(err, errno, "open %s", file);
	for (size_t i = 0; i < count; i++) {
		char line[HK_DEVICE_LINE_MAX];
		int r;

		(void)hk_device_line(&rules[i], line);
		r = hk_write_full(fd, line, strlen(line));
		if (r < 0)
			return hk_fail(err, -r, "write '%s' to %s", line, file);
	}
	return 0;
}

static int v1_devices(struct hk_cgroup_dir *dir, const struct hk_device_rule *rules, size_t count,
	struct hk_err *err)
{
	struct hk_arena arena = {0};
	struct hk_device_set set;
	const char *reset, *file;
	int r, fd = hk_cgroup_dir_fd(dir);

	if (fd < 0)
		return hk_fail(err, -fd, "open cgroup '%s'", dir->path);
	r = hk_device_set_from_rules(rules, count, &arena, &set, err);
	if (r < 0)
		goto out;
	reset = set.allow ? "devices.allow" : "devices.deny";
	file = set.allow ? "devices.deny" : "devices.allow";
	r = hk_write_file_at(fd, reset, "a");
	if (r < 0)
		(void)hk_fail(err, -r, "write 'a' to %s of cgroup '%s'", reset, dir->path);
	else
		r = write_lines(fd, file, set.exceptions, set.count, err);
out:
	hk_arena_done(&arena);
	return r;
}

static bool v1_is_frozen(struct hk_cgroup_dir *dir)
{
	char text[16];
	int fd;

	if (!hk_cgroup_names(dir->controllers, "freezer"))
		return false;
	fd = hk_cgroup_dir_fd(dir);
	/* freezer.state would say FROZEN for a frozen ancestor as well */
	return fd >= 0 && hk_cgroup_read(fd, "freezer.self_freezing", text, sizeof(text)) == 1 &&
	       text[0] == '1';
}

static int thaw(int dirfd)
{
	return hk_write_file_at(dirfd, "freezer.state", "THAWED");
}

/* While processes keep appearing, by fork or by joining, the state stays FREEZING however long one
 * waits: it has to be written again, and now and then thawed so that a fork can end. */
static int freeze(int dirfd)
{
	char state[32];
	ssize_t n;
	int r;

	for (int i = 1; i <= 1000; i++) {
		if (i % 50 == 0) {
			r = thaw(dirfd);
			if (r < 0)
				return r;
			sleep_us(10000);
		}
		r = hk_write_file_at(dirfd, "freezer.state", "FROZEN");
		if (r < 0)
			return r;
		if (i % 25 == 0)
			sleep_us(10);
		n = hk_cgroup_read(dirfd, "freezer.state", state, sizeof(state));
		if (n < 0)
			return (int)n;
		if (strcmp(state, "FROZEN") == 0)
			return 0;
		if (strcmp(state, "FREEZING") != 0)
			return -EBADMSG;
	}
	return -ETIMEDOUT;
}

static int v1_freeze(struct hk_cgroup_dir *dir, bool frozen, struct hk_err *err)
{
	int r, fd = hk_cgroup_dir_fd(dir);

	if (fd < 0)
		return hk_fail(err, -fd, "open cgroup '%s'", dir->path);
	r = frozen ? freeze(fd) : thaw(fd);
	if (r == 0)
		return 0;
	if (frozen)
		(void)thaw(fd); /* half frozen is worse than not at all */
	return hk_fail(err, -r, "%s cgroup '%s'", frozen ? "freeze" : "thaw", dir->path);
}

static int visit_thaw(int dirfd, void *userdata)
{
	(void)userdata;
	(void)thaw(dirfd); /* gone, or nothing more can be done about it */
	return 0;
}

/* A container may have frozen cgroups of its own below: what is killed in there does not die. */
static void v1_thaw_all(struct hk_cgroup_dir *dir)
{
	int fd = hk_cgroup_dir_fd(dir);

	if (fd < 0)
		return;
	(void)thaw(fd); /* the top first: below a frozen one nothing thaws */
	(void)hk_cgroup_walk(fd, visit_thaw, NULL);
}

static int v1_kill(struct hk_cgroup_dir *dir)
{
	(void)dir;
	return -EOPNOTSUPP;
}

static bool v1_oom_killed(struct hk_cgroup_dir *dir)
{
	uint64_t kills = 0;
	int fd = hk_cgroup_dir_fd(dir);

	return fd >= 0 && hk_cgroup_read_key(fd, "memory.oom_control", "oom_kill", &kills) == 0 &&
	       kills > 0;
}

const struct hk_cgroup_version hk_cgroup_v1 = {
	.join_file = "tasks",
	.prepare = v1_prepare,
	.devices = v1_devices,
	.delegate = NULL,
	.is_frozen = v1_is_frozen,
	.freeze = v1_freeze,
	.thaw_all = v1_thaw_all,
	.kill = v1_kill,
	.oom_killed = v1_oom_killed,
};
