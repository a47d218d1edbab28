/* Opening procfs and files in it. */
#include "step/procfs.h"

#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int verified(int fd)
{
	HK_FD int owned = fd;

	if (fd >= 0 && !hk_fd_is_fs(fd, HK_PROC_SUPER_MAGIC))
		return -EXDEV;
	return hk_take_fd(&owned);
}

int hk_procfs_open_host(void)
{
	int fd = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : verified(fd);
}

int hk_procfs_open_private(void)
{
	HK_FD int fs = hk_sys_fsopen("proc");
	int r;

	if (fs < 0)
		return fs;
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

const char *hk_procfs_fd_path(int fd, char ret[HK_PROCFS_FD_PATH_MAX])
{
	(void)snprintf(ret, HK_PROCFS_FD_PATH_MAX, "self/fd/%d", fd);
	return ret;
}
