/* One directory of a container's cgroup: making, opening, reading and removing it. */
#include "cgroup/dir.h"
#include "cgroup/walk.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Another create may remove the parent that both of us need, after a failure: then once more. */
#define MAKE_ATTEMPTS 5

/* mkdir -p, but never path[0..floor], the mountpoint: where that is gone, a directory in its place
 * would be no cgroup. *made_from: the length of the part that was there before, once anything is
 * made. 0, or a negative errno: -EEXIST where all of it was there. */
static int make_path(char *path, size_t floor, size_t *made_from)
{
	char *slash = strrchr(path, '/');
	int r = mkdir(path, 0755) < 0 ? -errno : 0;

	if (r == -ENOENT && (size_t)(slash - path) > floor) {
		*slash = '\0';
		r = make_path(path, floor, made_from);
		*slash = '/';
		if (r < 0 && r != -EEXIST)
			return r;
		r = mkdir(path, 0755) < 0 ? -errno : 0;
	}
	if (r == 0 && *made_from == 0)
		*made_from = (size_t)(slash - path);
	return r;
}

bool hk_cgroup_dir_may_make(const struct hk_cgroup_dir *dir)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(dir->path, '/');

	return (size_t)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - dir->path),
		       dir->path) < sizeof(parent) &&
	       faccessat(AT_FDCWD, parent, W_OK | X_OK, AT_EACCESS) == 0;
}

int hk_cgroup_dir_make(struct hk_cgroup_dir *dir, struct hk_err *err)
{
	size_t len = strlen(dir->path);
	char path[PATH_MAX];
	int r = -ENOENT;

	if (len >= sizeof(path))
		return hk_fail(err, ENAMETOOLONG, "make cgroup '%s'", dir->path);
	memcpy(path, dir->path, len + 1);
	for (int i = 0; i < MAKE_ATTEMPTS && r == -ENOENT; i++)
		r = make_path(path, strlen(dir->mountpoint), &dir->made_from);
	dir->existed = r == -EEXIST;
	if (r < 0 && !dir->existed)
		return hk_fail(err, -r, "make cgroup '%s'", dir->path);
	return 0;
}

void hk_cgroup_dir_unmake(struct hk_cgroup_dir *dir)
{
	char path[PATH_MAX];
	size_t len = strlen(dir->path);

	if (dir->leaf_made)
		(void)unlinkat(dir->fd, dir->leaf, AT_REMOVEDIR); /* as the rest: best effort */
	dir->leaf_made = false;
	hk_close(&dir->leaf_fd);
	hk_close(&dir->fd);
	if (dir->made_from == 0 || dir->existed || len >= sizeof(path))
		return;
	memcpy(path, dir->path, len + 1);
	while (len > dir->made_from && len > 0) {
		/* A parent that is in use by now stays: it is no longer ours alone. */
		if (rmdir(path) < 0 && errno != ENOENT)
			break;
		while (len > 0 && path[--len] != '/')
			;
		path[len] = '\0';
	}
	dir->made_from = 0;
}

int hk_cgroup_dir_fd(struct hk_cgroup_dir *dir)
{
	HK_FD int fd = -1;

	if (dir->fd >= 0)
		return dir->fd;
	fd = open(dir->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!hk_fd_is_fs(
		    fd, hk_cgroup_dir_is_v2(dir) ? HK_CGROUP2_SUPER_MAGIC : HK_CGROUP_SUPER_MAGIC))
		return -ENOTSUP;
	dir->fd = hk_take_fd(&fd);
	return dir->fd;
}

ssize_t hk_cgroup_read(int dirfd, const char *file, char *buf, size_t cap)
{
	HK_FD int fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = hk_read_string(fd, buf, cap);
	if (n > 0 && buf[n - 1] == '\n')
		buf[--n] = '\0';
	return n;
}

bool hk_cgroup_lists(int dirfd, const char *file, const char *word)
{
	char names[256], *rest = names, *name;

	if (hk_cgroup_read(dirfd, file, names, sizeof(names)) < 0)
		return false;
	while ((name = strsep(&rest, " ")))
		if (strcmp(name, word) == 0)
			return true;
	return false;
}

int hk_cgroup_read_key(int dirfd, const char *file, const char *key, uint64_t *ret)
{
	char text[4096], *rest = text, *line;
	size_t len = strlen(key);
	ssize_t n = hk_cgroup_read(dirfd, file, text, sizeof(text));

	if (n < 0)
		return (int)n;
	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return hk_parse_u64(line + len + 1, ret) < 0 ? -EBADMSG : 0;
	}
	return -ENODATA;
}

/* Are there processes in the very directory? 1, 0, or a negative errno. */
static int is_occupied(int dirfd)
{
	HK_FD int procs = openat(dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char c;
	ssize_t n;

	if (procs < 0)
		return -errno;
	n = read(procs, &c, 1);
	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : -errno; /* threaded: its domain above answers */
	return n > 0;
}

static int visit_occupied(int dirfd, void *userdata)
{
	(void)userdata;
	return is_occupied(dirfd);
}

bool hk_cgroup_holds_processes(int dirfd)
{
	/* the root of the hierarchy has no type, and may have both */
	return faccessat(dirfd, "cgroup.type", F_OK, 0) == 0 && is_occupied(dirfd) > 0;
}

int hk_cgroup_dir_check_thawed(struct hk_cgroup_dir *dir, struct hk_err *err)
{
	if (!dir->version->is_frozen(dir))
		return 0;
	return hk_refuse(err, EBUSY, "container's cgroup unexpectedly frozen: '%s'", dir->path);
}

int hk_cgroup_dir_check_unused(struct hk_cgroup_dir *dir, struct hk_err *err)
{
	int fd = hk_cgroup_dir_fd(dir);
	int r = fd < 0 ? fd : hk_cgroup_walk(fd, visit_occupied, NULL);

	if (r < 0)
		return hk_fail(err, -r, "list the processes of cgroup '%s'", dir->path);
	if (r > 0)
		return hk_refuse(err, EBUSY, "container's cgroup is not empty: '%s' has processes",
			dir->path);
	return hk_cgroup_dir_check_thawed(dir, err);
}

int hk_cgroup_remove(const char *path, int *budget_ms)
{
	for (int wait_ms = 1;; wait_ms = wait_ms < 64 ? wait_ms * 2 : wait_ms) {
		struct timespec pause = {.tv_nsec = wait_ms * 1000000L};
		HK_FD int fd = -1;

		if (rmdir(path) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY && errno != ENOTEMPTY)
			return -errno;
		fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		/* Never empty a tree that is no cgroup, whatever the state on disk says. */
		if (fd >= 0 && (hk_fd_is_fs(fd, HK_CGROUP_SUPER_MAGIC) ||
				       hk_fd_is_fs(fd, HK_CGROUP2_SUPER_MAGIC)))
			(void)hk_cgroup_remove_below(fd); /* the rmdir tells */
		if (rmdir(path) == 0 || errno == ENOENT)
			return 0;
		if (*budget_ms <= 0)
			return -errno;
		*budget_ms -= wait_ms;
		(void)nanosleep(&pause, NULL); /* EINTR: the budget bounds the rest */
	}
}
