/* The sd_notify proxy: the container says READY=1 to a socket of ours, and we say it, with init's
 * pid, to the one that the service manager gave us. The container never reaches the latter. */
#include "stage/stage.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BARRIER_TIMEOUT_MS 30000

int hk_notify_make_dir(int dir, struct hk_err *err)
{
	HK_FD int fd = -1;

	if (mkdirat(dir, HK_NOTIFY_DIR, 0755) < 0)
		return hk_fail(err, errno, "make the directory of the notify socket");
	fd = hk_beneath_open(dir, HK_NOTIFY_DIR, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return hk_fail(err, -fd, "open the directory of the notify socket");
	if (fchmod(fd, 0755) < 0) /* whatever the umask */
		return hk_fail(err, errno, "open the directory of the notify socket to all");
	return 0;
}

int hk_notify_bind(int dir, struct hk_err *err)
{
	HK_FD int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	HK_FD int notify = -1;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	if (sock < 0)
		return hk_fail(err, errno, "make the notify socket");
	notify = hk_beneath_open(dir, HK_NOTIFY_DIR, O_PATH | O_DIRECTORY, 0);
	if (notify < 0)
		return hk_fail(err, -notify, "open the directory of the notify socket");
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s", notify,
		HK_NOTIFY_SOCKET);
	if (bind(sock, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return hk_fail(err, errno, "bind the notify socket");
	/* any user of the container may say that it is ready; only there is the directory seen */
	if (fchmodat(notify, HK_NOTIFY_SOCKET, 0777, 0) < 0)
		return hk_fail(err, errno, "open the notify socket to all");
	return hk_take_fd(&sock);
}

/* Has this datagram a line READY=...? Descriptors that came along are dropped by the kernel. */
static bool says_ready(int sock)
{
	char text[4096];
	ssize_t n = recv(sock, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n <= 0)
		return false;
	text[n] = '\0';
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "READY=", 6) == 0)
			return true;
	}
	return false;
}

static int connect_host(const char *path, struct hk_err *err)
{
	HK_FD int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	if (sock < 0)
		return hk_fail(err, errno, "make a socket");
	if (len < 2 || len >= sizeof(addr.sun_path) || (path[0] != '/' && path[0] != '@'))
		return hk_refuse(err, EINVAL, "NOTIFY_SOCKET '%s' is no socket address", path);
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@')
		addr.sun_path[0] = '\0';
	len += offsetof(struct sockaddr_un, sun_path);
	if (connect(sock, (const struct sockaddr *)&addr, (socklen_t)len) < 0)
		return hk_fail(err, errno, "connect to NOTIFY_SOCKET '%s'", path);
	return hk_take_fd(&sock);
}

static int send_text(int sock, const char *text, struct hk_err *err)
{
	ssize_t n;

	do
		n = send(sock, text, strlen(text), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? hk_fail(err, errno, "send to NOTIFY_SOCKET") : 0;
}

/* sd_notify_barrier(3): the manager closes the pipe's end when it has read all before. Without it
 * it may look at us only when we are gone, and not know whose message that was. */
static int barrier(int sock, struct hk_err *err)
{
	HK_FD int ours = -1, theirs = -1;
	struct pollfd closed;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return hk_fail(err, errno, "make a pipe");
	ours = ends[0];
	theirs = ends[1];
	r = hk_socket_send_fd(sock, "BARRIER=1", theirs, err);
	if (r < 0)
		return r;
	hk_close(&theirs);
	closed = (struct pollfd){.fd = ours};
	do
		r = poll(&closed, 1, BARRIER_TIMEOUT_MS);
	while (r < 0 && errno == EINTR);
	return 0; /* a manager that does not know barriers is no failure */
}

static int pass_on(const char *host_socket, pid_t pid, struct hk_err *err)
{
	HK_FD int sock = connect_host(host_socket, err);
	char text[32];
	int r;

	if (sock < 0)
		return sock;
	(void)snprintf(text, sizeof(text), "MAINPID=%d", (int)pid);
	r = send_text(sock, "READY=1", err);
	if (r == 0)
		r = send_text(sock, text, err);
	return r < 0 ? r : barrier(sock, err);
}

int hk_notify_forward(int sock, const char *host_socket, pid_t pid, int pidfd, struct hk_err *err)
{
	struct pollfd fds[2] = {
		{.fd = sock, .events = POLLIN},
		{.fd = pidfd, .events = POLLIN},
	};

	for (;;) {
		int r = poll(fds, 2, -1);

		if (r < 0 && errno != EINTR)
			return hk_fail(err, errno, "wait for the container's READY=1");
		if (r < 0)
			continue;
		if ((fds[0].revents & POLLIN) && says_ready(sock))
			return pass_on(host_socket, pid, err);
		if (!(fds[0].revents & POLLIN) && fds[1].revents)
			return 0;
	}
}
