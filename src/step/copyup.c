/* Copying a directory tree by descriptors. */
#include "step/copyup.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_DEPTH 64 /* of directories, a descriptor or two each */

struct entry { /* linux_dirent64; not readdir: it would bring malloc into the image */
	uint64_t inode;
	int64_t offset;
	unsigned short size;
	unsigned char type;
	char name[];
};

static int copy_dir(int from, int to, unsigned int depth);

static int copy_bytes(int from, int to)
{
	char buf[16384];
	ssize_t n;
	int r = 0;

	while (r == 0) {
		n = read(from, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		r = hk_write_full(to, buf, (size_t)n);
	}
	return r;
}

static int copy_file(int from, int to, const char *name)
{
	/* it was a regular file a moment ago; O_NONBLOCK if it is a fifo by now */
	HK_FD int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	HK_FD int out = -1;
	struct stat st;
	int r;

	/* somebody may have exchanged it: owner and mode are those of what is copied */
	if (in < 0 || fstat(in, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ESTALE;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	r = copy_bytes(in, out);
	if (r < 0)
		return r;
	if (fchown(out, st.st_uid, st.st_gid) < 0)
		return -errno;
	return fchmod(out, st.st_mode & 07777) < 0 ? -errno : 0; /* chown clears setuid */
}

static int copy_subdir(int from, int to, const char *name, unsigned int depth)
{
	HK_FD int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	HK_FD int out = -1;
	struct stat st;
	int r;

	if (in < 0 || fstat(in, &st) < 0)
		return -errno;
	if (mkdirat(to, name, 0700) < 0)
		return -errno;
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return -errno;
	r = copy_dir(in, out, depth + 1);
	if (r < 0)
		return r;
	if (fchown(out, st.st_uid, st.st_gid) < 0)
		return -errno;
	return fchmod(out, st.st_mode & 07777) < 0 ? -errno : 0;
}

static int copy_link(int from, int to, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (symlinkat(target, to, name) < 0)
		return -errno;
	return fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int copy_node(int to, const char *name, const struct stat *st)
{
	if (mknodat(to, name, st->st_mode & (S_IFMT | 0777), st->st_rdev) < 0)
		return -errno;
	return fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int copy_entry(int from, int to, const char *name, dev_t dev, unsigned int depth)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		/* a mount point is copied as the empty directory it covers: the mount goes on */
		return st.st_dev == dev ? copy_subdir(from, to, name, depth)
					: (mkdirat(to, name, st.st_mode & 07777) < 0 ? -errno : 0);
	if (S_ISREG(st.st_mode))
		return copy_file(from, to, name);
	if (S_ISLNK(st.st_mode))
		return copy_link(from, to, name, &st);
	if (S_ISSOCK(st.st_mode))
		return 0; /* nobody would listen on the copy */
	return copy_node(to, name, &st);
}

/* The entries that one getdents64 gave. */
static int copy_entries(
	int from, int to, const char *buf, size_t len, dev_t dev, unsigned int depth)
{
	int r = 0;

	for (size_t at = 0; r == 0 && at < len;) {
		const struct entry *entry = (const struct entry *)(buf + at);

		if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
			r = copy_entry(from, to, entry->name, dev, depth);
		at += entry->size;
	}
	return r;
}

static int copy_dir(int from, int to, unsigned int depth)
{
	HK_FD int list = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_Alignas(struct entry) char buf[4096];
	struct stat st;
	long n;
	int r;

	if (depth > MAX_DEPTH)
		return -ELOOP;
	if (list < 0 || fstat(from, &st) < 0)
		return -errno;
	while ((n = syscall(SYS_getdents64, list, buf, sizeof(buf))) > 0) {
		r = copy_entries(from, to, buf, (size_t)n, st.st_dev, depth);
		if (r < 0)
			return r;
	}
	return n < 0 ? -errno : 0;
}

int hk_copy_tree(int from, int to)
{
	return copy_dir(from, to, 0);
}
