/* The sd_notify proxy: the container speaks to a socket of ours, and we pass on, with init's pid,
 * what it may say to the socket that the service manager gave us. The container never reaches the
 * latter. */
#include "stage/stage.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "stage/notify_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BARRIER_TIMEOUT_MS 30000
#define DATAGRAMS_AT_ONCE  16 /* whoever calls has other things to do too */
#define ROUNDS_AT_END	   64 /* more than a socket's queue has */

struct hk_notify {
	int ours;     /* bound: the container's words come in */
	int host;     /* connected */
	int pollable; /* epoll: ours can be read, or host takes what is pending */
	int init;     /* pidfd */
	pid_t pid;    /* of init */
	bool waits_for_host;
	bool ready_said;    /* READY=1, and with it MAINPID */
	bool said;	    /* something, since the last barrier */
	bool pending_ready; /* it says READY=1 */
	size_t pending_len; /* 0: nothing is pending */
	char pending[HK_NOTIFY_MAX];
};

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

/* ---- opening ---- */

static int bind_ours(int dir, struct hk_err *err)
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
	(void)unlinkat(
		notify, HK_NOTIFY_SOCKET, 0); /* of a `start` that came no further than this */
	if (bind(sock, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return hk_fail(err, errno, "bind the notify socket");
	/* any user of the container may say that it is ready; only there is the directory seen */
	if (fchmodat(notify, HK_NOTIFY_SOCKET, 0777, 0) < 0)
		return hk_fail(err, errno, "open the notify socket to all");
	return hk_take_fd(&sock);
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

/* Readable: the container speaks; or, where the manager's queue is full, it takes more. */
static int watch(struct hk_notify *n, bool host, struct hk_err *err)
{
	struct epoll_event event = {.events = host ? EPOLLOUT : EPOLLIN};
	int off = host ? n->ours : n->host, on = host ? n->host : n->ours;

	if (n->waits_for_host == host)
		return 0;
	(void)epoll_ctl(n->pollable, EPOLL_CTL_DEL, off, NULL); /* ENOENT: the first time */
	if (epoll_ctl(n->pollable, EPOLL_CTL_ADD, on, &event) < 0)
		return hk_fail(err, errno, "watch a notify socket");
	n->waits_for_host = host;
	return 0;
}

static int open_all(struct hk_notify *n, int dir, const char *host_socket, struct hk_err *err)
{
	n->host = connect_host(host_socket, err);
	if (n->host < 0)
		return n->host;
	n->ours = bind_ours(dir, err);
	if (n->ours < 0)
		return n->ours;
	n->pollable = epoll_create1(EPOLL_CLOEXEC);
	if (n->pollable < 0)
		return hk_fail(err, errno, "watch the notify socket");
	n->waits_for_host = true; /* so that it changes */
	return watch(n, false, err);
}

int hk_notify_open(int dir, const char *host_socket, struct hk_notify **ret, struct hk_err *err)
{
	struct hk_notify *n = calloc(1, sizeof(*n));
	int r;

	if (!n)
		return hk_fail(err, ENOMEM, "make the notify socket");
	n->ours = n->host = n->pollable = -1;
	r = open_all(n, dir, host_socket, err);
	if (r < 0) {
		hk_notify_free(n);
		return r;
	}
	*ret = n;
	return 0;
}

void hk_notify_free(struct hk_notify *n)
{
	if (!n)
		return;
	hk_close(&n->ours);
	hk_close(&n->host);
	hk_close(&n->pollable);
	hk_close(&n->init);
	free(n);
}

int hk_notify_fd(const struct hk_notify *n)
{
	return n->pollable;
}

int hk_notify_set_init(struct hk_notify *n, pid_t pid, int pidfd, struct hk_err *err)
{
	n->init = fcntl(pidfd, F_DUPFD_CLOEXEC, 3);
	n->pid = pid;
	return n->init < 0 ? hk_fail(err, errno, "watch the container's init") : 0;
}

/* ---- passing on ---- */

/* 1: it has gone; 0: the manager's queue is full. */
static int send_pending(struct hk_notify *n, struct hk_err *err)
{
	ssize_t r;

	do
		r = send(n->host, n->pending, n->pending_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (r < 0 && errno == EINTR);
	if (r < 0 && errno == EAGAIN)
		return 0;
	if (r < 0)
		return hk_fail(err, errno, "send to NOTIFY_SOCKET");
	n->said = true;
	n->ready_said = n->ready_said || n->pending_ready;
	n->pending_len = 0;
	return 1;
}

static uint64_t now_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with that clock */
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Descriptors that come along are closed by the kernel, since we have no room for them. For a
 * barrier that is the answer: what came before it has been passed on. 1: something came, if nothing
 * to pass on. */
static int receive(struct hk_notify *n, struct hk_err *err)
{
	char text[HK_NOTIFY_MAX];
	ssize_t r;

	do
		r = recv(n->ours, text, sizeof(text), MSG_DONTWAIT | MSG_TRUNC);
	while (r < 0 && errno == EINTR);
	if (r < 0 && errno == EAGAIN)
		return 0;
	if (r < 0)
		return hk_fail(err, errno, "receive from the container's notify socket");
	if ((size_t)r <= sizeof(text))
		n->pending_len = hk_notify_filter(text, (size_t)r, n->ready_said ? 0 : n->pid,
			now_usec(), n->pending, &n->pending_ready);
	return 1;
}

int hk_notify_pass(struct hk_notify *n, struct hk_err *err)
{
	int r = 1;

	for (int i = 0; r > 0 && i < DATAGRAMS_AT_ONCE; i++) {
		r = n->pending_len ? 1 : receive(n, err);
		if (r > 0 && n->pending_len)
			r = send_pending(n, err);
	}
	if (r < 0)
		return r;
	r = watch(n, n->pending_len > 0, err);
	return r < 0 ? r : n->ready_said;
}

/* sd_notify_barrier(3): the manager closes the pipe's end when it has read all before. Without it
 * it may look at us only when we are gone, and not know whose message that was. */
static int barrier(struct hk_notify *n, struct hk_err *err)
{
	HK_FD int ours = -1, theirs = -1;
	struct pollfd closed;
	int ends[2], r;

	if (!n->said)
		return 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return hk_fail(err, errno, "make a pipe");
	ours = ends[0];
	theirs = ends[1];
	r = hk_socket_send_fd(n->host, "BARRIER=1", theirs, err);
	if (r < 0)
		return r;
	n->said = false;
	hk_close(&theirs);
	closed = (struct pollfd){.fd = ours};
	do
		r = poll(&closed, 1, BARRIER_TIMEOUT_MS);
	while (r < 0 && errno == EINTR);
	return 0; /* a manager that does not know barriers is no failure */
}

/* Until something can be passed on. 0: the container has ended, and there is nothing. */
static int wait_for_words(struct hk_notify *n, struct hk_err *err)
{
	struct pollfd fds[2] = {
		{.fd = n->pollable, .events = POLLIN}, {.fd = n->init, .events = POLLIN}};
	int r;

	do
		r = poll(fds, 2, -1);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return hk_fail(err, errno, "wait for the container's READY=1");
	if (fds[0].revents & POLLIN)
		return 1;
	/* its last words: between the two looks of one poll, or while the manager takes no more */
	return poll(fds, 1, n->pending_len ? BARRIER_TIMEOUT_MS : 0) > 0;
}

static bool has_words(const struct hk_notify *n)
{
	struct pollfd fd = {.fd = n->pollable, .events = POLLIN};

	return poll(&fd, 1, 0) > 0;
}

int hk_notify_wait(struct hk_notify *n, struct hk_err *err)
{
	int r = 1, ready;

	while ((ready = hk_notify_pass(n, err)) == 0) {
		r = wait_for_words(n, err);
		if (r <= 0)
			break;
	}
	/* what else is there; but the container must not keep us by never ending */
	for (int i = 0; i < ROUNDS_AT_END && ready >= 0 && r >= 0 && has_words(n); i++)
		ready = hk_notify_pass(n, err);
	if (ready < 0 || r < 0)
		return ready < 0 ? ready : r;
	return barrier(n, err);
}
