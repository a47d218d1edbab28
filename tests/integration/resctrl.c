/* Preloaded into hako where the machine has no resctrl file system: $HKT_RESCTRL is one for it. A
 * directory made there gets the files that the kernel would make, and goes with them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_ours(const char *path)
{
	const char *root = getenv("HKT_RESCTRL");

	return root && strncmp(path, root, strlen(root)) == 0;
}

static void make_file(const char *directory, const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (fd >= 0)
		close(fd);
}

int mkdir(const char *path, mode_t mode)
{
	char below[PATH_MAX];
	int r = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);

	if (r < 0 || !is_ours(path))
		return r;
	make_file(path, "tasks");
	if (strstr(path, "/mon_groups/"))
		return r;
	make_file(path, "schemata");
	snprintf(below, sizeof(below), "%s/mon_groups", path);
	return (int)syscall(SYS_mkdirat, AT_FDCWD, below, 0755);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, type == FTW_DP ? AT_REMOVEDIR : 0);
}

int rmdir(const char *path)
{
	if (is_ours(path))
		return nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

/* The host's mounts, and one more. */
static int open_mountinfo(const char *path, int flags)
{
	const char *root = getenv("HKT_RESCTRL");
	char text[1 << 16];
	int from = (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
	int to = memfd_create("mountinfo", MFD_CLOEXEC);
	ssize_t n;

	if (from < 0 || to < 0 || !root)
		return from;
	while ((n = read(from, text, sizeof(text))) > 0)
		if (write(to, text, (size_t)n) != n)
			return -1;
	close(from);
	dprintf(to, "999 1 0:99 / %s rw,relatime - resctrl resctrl rw\n", root);
	lseek(to, 0, SEEK_SET);
	return to;
}

static int open_any(int directory, const char *path, int flags, mode_t mode)
{
	if (strcmp(path, "/proc/self/mountinfo") == 0)
		return open_mountinfo(path, flags);
	return (int)syscall(SYS_openat, directory, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return open_any(AT_FDCWD, path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return open_any(directory, path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int directory, const char *path, int flags, ...) __attribute__((alias("openat")));
