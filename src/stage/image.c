/* The init image as a file that can be executed and that nobody can write to any more: a process of
 * the container that opens /proc/PID/exe finds these bytes, never the host's binary
 * (CVE-2019-5736). */
#include "stage/spawn.h"

#include "base/err.h"
#include "base/fd.h"
#include "init/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int hk_sealed_memfd(const char *name, const void *bytes, size_t size, unsigned int flags)
{
	HK_FD int fd = hk_sys_memfd_create(name, HK_MFD_ALLOW_SEALING | flags);
	int r;

	/* the flags that say whether it may be executed are of Linux 6.3 */
	if (fd == -EINVAL && flags)
		fd = hk_sys_memfd_create(name, HK_MFD_ALLOW_SEALING);
	if (fd < 0)
		return fd;
	r = hk_write_full(fd, bytes, size);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	return hk_take_fd(&fd);
}

/* A file without a name in dir, opened read-only. What can be done to it through /proc/PID/exe hits
 * this copy alone, which lives as long as this container's init. */
static int nameless_file(const char *dir, const void *bytes, size_t size)
{
	HK_FD int writer = open(dir, O_TMPFILE | O_EXCL | O_WRONLY | O_CLOEXEC, 0500);
	HK_FD int reader = -1;
	char path[64];
	struct statvfs fs;
	int r;

	if (writer < 0)
		return -errno;
	if (fstatvfs(writer, &fs) < 0)
		return -errno;
	if (fs.f_flag & ST_NOEXEC)
		return -EACCES;
	r = hk_write_full(writer, bytes, size);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", writer);
	reader = open(path, O_RDONLY | O_CLOEXEC);
	/* the writer is closed on return: execve of a file open for writing is ETXTBSY */
	return reader < 0 ? -errno : hk_take_fd(&reader);
}

int hk_program_open(const char *name, const void *bytes, size_t size, struct hk_err *err)
{
	/* for vm.memfd_noexec=2, where executable memfds are forbidden */
	static const char *const dirs[] = {"/run", "/dev/shm", "/var/tmp", "/tmp"};
	int fd = hk_sealed_memfd(name, bytes, size, HK_MFD_EXEC);

	if (fd >= 0)
		return fd;
	if (fd != -EACCES)
		return hk_fail(err, -fd, "put the program '%s' into memory", name);
	for (size_t i = 0; i < HK_COUNT(dirs) && fd < 0; i++)
		fd = nameless_file(dirs[i], bytes, size);
	if (fd >= 0)
		return fd;
	(void)hk_fail(err, -fd, "find a place to execute '%s' from", name);
	hk_err_hint(err,
		"vm.memfd_noexec=2 forbids executable memfds, and /run, /dev/shm, /var/tmp "
		"and /tmp are not writable or mounted noexec");
	return fd;
}

int hk_init_image_open(struct hk_err *err)
{
	return hk_program_open("hako-init", hk_init_image_begin,
		(size_t)(hk_init_image_end - hk_init_image_begin), err);
}
