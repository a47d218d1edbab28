/* What cgroup v2 does in its own way: handing controllers down, delegation, eBPF device rules,
 * cgroup.freeze, cgroup.kill, memory.events. */
#include "cgroup/devices.h"
#include "cgroup/dir.h"
#include "base/err.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FREEZE_TIMEOUT_MS 10000

static bool has_word(const char *list, const char *word, size_t len)
{
	for (list += strspn(list, " "); *list; list += strspn(list, " ")) {
		size_t n = strcspn(list, " ");

		if (n == len && strncmp(list, word, len) == 0)
			return true;
		list += n;
	}
	return false;
}

/* "cpu memory" -> "+cpu +memory", without those that are listed. -ENOSPC where it does not fit. */
static int enable_text(const char *names, const char *listed, char *ret, size_t cap)
{
	size_t used = 0;

	ret[0] = '\0';
	for (names += strspn(names, " "); *names; names += strspn(names, " ")) {
		size_t len = strcspn(names, " ");
		int n = has_word(listed, names, len) ? 0
						     : snprintf(ret + used, cap - used, "%s+%.*s",
							       used ? " " : "", (int)len, names);

		if ((size_t)n >= cap - used)
			return -ENOSPC;
		used += (size_t)n;
		names += len;
	}
	return 0;
}

/* Some controllers may be refused (a cpu controller while realtime processes run): then those that
 * can. A file that is missing for it is named when it is written. */
static void enable_each(int dirfd, const char *text)
{
	for (size_t len; *text; text += len + (text[len] == ' ')) {
		char one[64];

		len = strcspn(text, " ");
		if ((size_t)snprintf(one, sizeof(one), "%.*s", (int)len, text) < sizeof(one))
			(void)hk_write_file_at(dirfd, "cgroup.subtree_control", one);
	}
}

/* Hand controllers down from one directory, as far as it does not do so yet. */
static int enable_in(int dirfd, const char *names)
{
	char listed[256], text[256];
	ssize_t n = hk_cgroup_read(dirfd, "cgroup.subtree_control", listed, sizeof(listed));
	int r = n < 0 ? (int)n : enable_text(names, listed, text, sizeof(text));

	if (r < 0 || !text[0])
		return r;
	/* Where processes are, the kernel takes cpu, cpuset and pids alone, and for the price that
	 * what is below can hold threads only, and no container. */
	if (hk_cgroup_holds_processes(dirfd))
		return 0;
	r = hk_write_file_at(dirfd, "cgroup.subtree_control", text);
	if (r < 0 && r != -EACCES && r != -EROFS)
		enable_each(dirfd, text);
	return 0;
}

/* cgroup.subtree_control of each directory from the mountpoint to the parent. */
static int enable(const struct hk_cgroup_dir *dir, const char *names)
{
	size_t end = names[0] ? strlen(dir->path) : 0;
	char path[PATH_MAX];
	int r = 0;

	for (size_t len = strlen(dir->mountpoint); r == 0 && len < end;
		len += 1 + strcspn(dir->path + len + 1, "/")) {
		HK_FD int fd = -1;

		(void)snprintf(path, sizeof(path), "%.*s", (int)len, dir->path);
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = fd < 0 ? -errno : enable_in(fd, names);
	}
	return r;
}

/* A cgroup below threads or below processes that share it with controllers takes no process. */
static int check_type(struct hk_cgroup_dir *dir, struct hk_err *err)
{
	char type[32];
	int fd = hk_cgroup_dir_fd(dir);
	ssize_t n = fd < 0 ? fd : hk_cgroup_read(fd, "cgroup.type", type, sizeof(type));

	if (n < 0)
		return hk_fail(err, (int)-n, "read cgroup.type of cgroup '%s'", dir->path);
	if (strcmp(type, "domain invalid") == 0)
		return hk_refuse(err, EOPNOTSUPP,
			"cgroup '%s' is in an invalid state: a cgroup above it is threaded",
			dir->path);
	if (strcmp(type, "threaded") == 0)
		return hk_refuse(err, EOPNOTSUPP,
			"cgroup '%s' is threaded and takes no whole process", dir->path);
	return 0;
}

/* controllers NULL: all that the mount has, for a later update and for statistics. */
static int v2_prepare(struct hk_cgroup_dir *dir, const char *controllers, struct hk_err *err)
{
	char available[256], file[PATH_MAX];
	int r;

	if (!controllers) {
		ssize_t n;

		(void)snprintf(file, sizeof(file), "%s/cgroup.controllers", dir->mountpoint);
		n = hk_cgroup_read(AT_FDCWD, file, available, sizeof(available));
		if (n < 0)
			return hk_fail(err, (int)-n, "read '%s'", file);
		controllers = available;
	}
	r = enable(dir, controllers);
	if (r < 0)
		return hk_fail(err, -r, "enable controllers for cgroup '%s'", dir->path);
	return check_type(dir, err);
}

static int v2_devices(struct hk_cgroup_dir *dir, const struct hk_device_rule *rules, size_t count,
	struct hk_err *err)
{
	struct hk_arena arena = {0};
	struct bpf_insn *program;
	size_t len;
	int r;

	r = hk_devbpf_compile(rules, count, &arena, &program, &len);
	if (r < 0) {
		(void)hk_fail(err, -r, "compile the device rules");
	} else if (len || dir->existed) {
		int fd = hk_cgroup_dir_fd(dir);

		r = fd < 0 ? hk_fail(err, -fd, "open cgroup '%s'", dir->path)
			   : hk_devbpf_install(fd, program, len, dir->existed, err);
	}
	hk_arena_done(&arena);
	return r;
}

/* The files that the kernel says are safe in the hands of another user. */
static int give(int fd, const char *path, uint32_t uid, struct hk_err *err)
{
	char list[4096] = "cgroup.procs\ncgroup.threads\ncgroup.subtree_control";
	char *rest = list, *file;

	if (fchownat(fd, "", uid, (gid_t)-1, AT_EMPTY_PATH) < 0)
		return hk_fail(err, errno, "give cgroup '%s' to uid %u", path, uid);
	/* before 4.15 there is no list: then the first three, which read leaves alone */
	(void)hk_cgroup_read(AT_FDCWD, "/sys/kernel/cgroup/delegate", list, sizeof(list));
	while ((file = strsep(&rest, "\n"))) {
		if (!*file || strchr(file, '/'))
			continue;
		if (fchownat(fd, file, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			return hk_fail(
				err, errno, "give %s of cgroup '%s' to uid %u", file, path, uid);
	}
	return 0;
}

static int v2_delegate(struct hk_cgroup_dir *dir, uint32_t uid, struct hk_err *err)
{
	int fd = hk_cgroup_dir_fd(dir);

	return fd < 0 ? hk_fail(err, -fd, "open cgroup '%s'", dir->path)
		      : give(fd, dir->path, uid, err);
}

/* All that the directory itself has got; it holds no process and may hand them on. */
static int hand_down(int fd)
{
	char names[256];
	ssize_t n = hk_cgroup_read(fd, "cgroup.controllers", names, sizeof(names));

	return n < 0 ? (int)n : enable_in(fd, names);
}

static int v2_make_leaf(struct hk_cgroup_dir *dir, uint32_t uid, struct hk_err *err)
{
	int fd = hk_cgroup_dir_fd(dir);
	int r;

	if (fd < 0)
		return hk_fail(err, -fd, "open cgroup '%s'", dir->path);
	dir->leaf_made = mkdirat(fd, dir->leaf, 0755) == 0;
	if (!dir->leaf_made && errno != EEXIST)
		return hk_fail(err, errno, "make cgroup '%s/%s'", dir->path, dir->leaf);
	dir->leaf_fd = openat(fd, dir->leaf, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir->leaf_fd < 0)
		return hk_fail(err, errno, "open cgroup '%s/%s'", dir->path, dir->leaf);
	r = hand_down(fd);
	if (r < 0)
		return hk_fail(
			err, -r, "enable controllers for cgroup '%s/%s'", dir->path, dir->leaf);
	return give(dir->leaf_fd, dir->leaf, uid, err);
}

static bool v2_is_frozen(struct hk_cgroup_dir *dir)
{
	char text[16];
	int fd = hk_cgroup_dir_fd(dir);

	return fd >= 0 && hk_cgroup_read(fd, "cgroup.freeze", text, sizeof(text)) == 1 &&
	       text[0] == '1';
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until cgroup.events says so: it raises POLLPRI at every change. The value is read after each
 * wake-up and before the first, so none is missed. */
static int wait_frozen(int dirfd, bool frozen)
{
	HK_FD int events = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t deadline = now_ms() + FREEZE_TIMEOUT_MS;

	if (events < 0)
		return -errno;
	for (;;) {
		struct pollfd wait = {.fd = events, .events = POLLPRI};
		int64_t left = deadline - now_ms();
		char text[256];
		ssize_t n;

		n = pread(events, text, sizeof(text) - 1, 0);
		if (n < 0)
			return -errno;
		text[n] = '\0';
		if (strstr(text, frozen ? "frozen 1\n" : "frozen 0\n"))
			return 0;
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&wait, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
	}
}

static int v2_freeze(struct hk_cgroup_dir *dir, bool frozen, struct hk_err *err)
{
	int r, fd = hk_cgroup_dir_fd(dir);

	if (fd < 0)
		return hk_fail(err, -fd, "open cgroup '%s'", dir->path);
	r = hk_write_file_at(fd, "cgroup.freeze", frozen ? "1" : "0");
	if (r == -ENOENT)
		return hk_refuse(
			err, EOPNOTSUPP, "this kernel cannot freeze a cgroup v2 (5.2 can)");
	/* Thawing is done at once, but a frozen ancestor may hold on: that is not ours to await. */
	if (r == 0 && frozen)
		r = wait_frozen(fd, true);
	if (r == 0)
		return 0;
	if (frozen)
		(void)hk_write_file_at(fd, "cgroup.freeze", "0"); /* half frozen is worse */
	return hk_fail(err, -r, "%s cgroup '%s'", frozen ? "freeze" : "thaw", dir->path);
}

static void v2_thaw_all(struct hk_cgroup_dir *dir)
{
	int fd = hk_cgroup_dir_fd(dir);

	if (fd >= 0)
		(void)hk_write_file_at(fd, "cgroup.freeze", "0"); /* before 5.2: never frozen */
}

static int v2_kill(struct hk_cgroup_dir *dir)
{
	int r, fd = hk_cgroup_dir_fd(dir);

	if (fd < 0)
		return fd;
	r = hk_write_file_at(fd, "cgroup.kill", "1");
	return r == -ENOENT ? -EOPNOTSUPP : r; /* since 5.14 */
}

static bool v2_oom_killed(struct hk_cgroup_dir *dir)
{
	uint64_t kills = 0;
	int fd = hk_cgroup_dir_fd(dir);

	return fd >= 0 && hk_cgroup_read_key(fd, "memory.events", "oom_kill", &kills) == 0 &&
	       kills > 0;
}

const struct hk_cgroup_version hk_cgroup_v2 = {
	.v2 = true,
	.join_file = NULL,
	.prepare = v2_prepare,
	.devices = v2_devices,
	.delegate = v2_delegate,
	.make_leaf = v2_make_leaf,
	.is_frozen = v2_is_frozen,
	.freeze = v2_freeze,
	.thaw_all = v2_thaw_all,
	.kill = v2_kill,
	.oom_killed = v2_oom_killed,
};
