/* Ownership of file descriptors, and whole reads and writes. Part of the init image. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

void hk_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd); /* after EINTR it is closed all the same */
	*fd = -1;
	errno = saved;
}

int hk_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

int hk_write_full(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int hk_read_full(int fd, void *buf, size_t len)
{
	char *p = buf;

	while (len > 0) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EPIPE;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t hk_read_string(int fd, char *buf, size_t cap)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = read(fd, buf + len, cap - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len == cap)
			return -EFBIG;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

int hk_write_file_at(int dirfd, const char *path, const char *text)
{
	HK_FD int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

bool hk_fd_is_fs(int fd, uint64_t magic)
{
	struct statfs sfs;

	return fstatfs(fd, &sfs) == 0 && (uint64_t)sfs.f_type == magic;
}
