/* Unix sockets of the caller's: console socket, pidfd socket, seccomp agent. */
#include "stage/stage.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/passfd.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The address of a path, however long: sun_path has 108 bytes, /proc/self/fd/N names the socket's
 * inode. *ret_node has to stay open until the address has been used. */
static int address(const char *path, struct sockaddr_un *ret, int *ret_node)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) < sizeof(ret->sun_path)) {
		memcpy(ret->sun_path, path, strlen(path));
		return 0;
	}
	*ret_node = open(path, O_PATH | O_CLOEXEC);
	if (*ret_node < 0)
		return -errno;
	(void)snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d", *ret_node);
	return 0;
}

int hk_socket_connect(const char *path, struct hk_err *err)
{
	HK_FD int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	HK_FD int node = -1;
	struct sockaddr_un addr;
	int r;

	if (sock < 0)
		return hk_fail(err, errno, "make a socket");
	if (path[0] == '\0')
		return hk_refuse(err, EINVAL, "the path of a socket is empty");
	r = address(path, &addr, &node);
	if (r < 0)
		return hk_fail(err, -r, "connect to the socket '%s'", path);
	do
		r = connect(sock, (const struct sockaddr *)&addr, sizeof(addr));
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return hk_fail(err, errno, "connect to the socket '%s'", path);
	return hk_take_fd(&sock);
}

int hk_socket_send_fd(int sock, const char *text, int fd, struct hk_err *err)
{
	size_t len = strlen(text);
	ssize_t n = hk_send_fds(sock, text, len, &fd, 1); /* with the first byte */

	for (size_t sent = 0; n >= 0;) {
		sent += (size_t)n;
		if (sent >= len)
			return 0;
		do
			n = send(sock, text + sent, len - sent, MSG_NOSIGNAL);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			n = -errno;
	}
	return hk_fail(err, (int)-n, "send a file descriptor over a socket");
}

int hk_socket_send_pidfd(const char *path, const char *text, pid_t pid, struct hk_err *err)
{
	HK_FD int sock = hk_socket_connect(path, err);
	HK_FD int pidfd = -1;

	if (sock < 0)
		return sock;
	pidfd = hk_sys_pidfd_open(pid);
	if (pidfd < 0)
		return hk_fail(err, -pidfd, "open process %d", (int)pid);
	return hk_socket_send_fd(sock, text, pidfd, err);
}
