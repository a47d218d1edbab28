/* The caller's descriptors: console socket, and those that go through to the program. */
#include "lib/descriptors.h"

#include "base/err.h"
#include "stage/stage.h"

#include <errno.h>
#include <fcntl.h>

#define MAX_PRESERVED_FDS 4096u

int hk_check_preserved(unsigned int count, struct hk_err *err)
{
	if (count > MAX_PRESERVED_FDS)
		return hk_refuse(err, EINVAL, "too many file descriptors to preserve");
	for (unsigned int fd = 3; fd < 3 + count; fd++)
		if (fcntl((int)fd, F_GETFD) < 0)
			return hk_refuse(
				err, EBADF, "file descriptor %u to preserve is not open", fd);
	return 0;
}

int hk_check_console_socket(const char *path, int fd, struct hk_err *err)
{
	if (path && fd >= 0)
		return hk_refuse(err, EINVAL, "a console socket by path and one by descriptor");
	return 0;
}

int hk_check_console(bool terminal, bool console, struct hk_err *err)
{
	if (terminal && !console)
		return hk_refuse(err, EINVAL, "process.terminal needs a console socket");
	if (!terminal && console)
		return hk_refuse(err, EINVAL, "a console socket needs process.terminal");
	return 0;
}

int hk_console_connect(const char *path, int fd, int *ret, struct hk_err *err)
{
	int sock = -1;

	if (path) {
		sock = hk_socket_connect(path, err);
		if (sock < 0)
			return sock;
	} else if (fd >= 0) {
		sock = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (sock < 0)
			return hk_fail(err, errno, "use the console socket");
	}
	*ret = sock;
	return 0;
}
