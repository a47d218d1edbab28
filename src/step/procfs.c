/* Opening procfs and files in it. */
#include "step/procfs.h"

#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The kernel's enum of that name: of a directory in there that is bound onto /proc it is another.
 */
#define PROC_ROOT_INO 1

static int verified(int fd)
{
	HK_FD int owned = fd;

	if (fd >= 0 && !hk_fd_is_fs(fd, HK_PROC_SUPER_MAGIC))
		return -EXDEV;
	return hk_take_fd(&owned);
}

int hk_procfs_open_mounted(void)
{
	HK_FD int fd = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_ino != PROC_ROOT_INO)
		return -EXDEV;
	return verified(hk_take_fd(&fd));
}

int hk_procfs_open_private(bool whole)
{
	HK_FD int fs = hk_sys_fsopen("proc");
	int r;

	if (fs < 0)
		return fs;
	r = whole ? 0 : hk_sys_fsconfig(fs, HK_FSCONFIG_SET_STRING, "subset", "pid");
	if (r == 0)
		r = hk_sys_fsconfig(fs, HK_FSCONFIG_CMD_CREATE, NULL, NULL);
	if (r < 0)
		return r;
	return verified(hk_sys_fsmount(
		fs, HK_MOUNT_ATTR_NOSUID | HK_MOUNT_ATTR_NODEV | HK_MOUNT_ATTR_NOEXEC));
}

int hk_procfs_open(int procfd, const char *path, int flags)
{
	int fd = hk_sys_openat2(procfd, path, (uint64_t)flags, 0,
		HK_RESOLVE_BENEATH | HK_RESOLVE_NO_MAGICLINKS | HK_RESOLVE_NO_XDEV);

	if (fd == -ENOSYS || fd == -EPERM) { /* a seccomp filter around us that knows no openat2 */
		fd = openat(procfd, path, flags | O_CLOEXEC);
		if (fd < 0)
			return -errno;
	}
	return fd < 0 ? fd : verified(fd);
}

int hk_procfs_write(int procfd, const char *path, const char *text)
{
	HK_FD int fd = hk_procfs_open(procfd, path, O_WRONLY);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

long hk_procfs_read(int procfd, const char *path, char *ret, unsigned long cap)
{
	HK_FD int fd = hk_procfs_open(procfd, path, O_RDONLY);

	return fd < 0 ? fd : hk_read_string(fd, ret, cap);
}

/* In two steps, of which the first crosses no mount: the second, a magic link, has to. */
int hk_procfs_reopen(int procfd, int fd, int flags)
{
	HK_FD int dir = hk_procfs_open(procfd, "self/fd", O_PATH | O_DIRECTORY);
	char path[HK_PROCFS_FD_PATH_MAX];
	int reopened;

	if (dir < 0)
		return dir;
	reopened = openat(dir, strrchr(hk_procfs_fd_path(fd, path), '/') + 1, flags | O_CLOEXEC);
	return reopened < 0 ? -errno : reopened;
}

const char *hk_procfs_fd_path(int fd, char ret[HK_PROCFS_FD_PATH_MAX])
{
	(void)snprintf(ret, HK_PROCFS_FD_PATH_MAX, "self/fd/%d", fd);
	return ret;
}
