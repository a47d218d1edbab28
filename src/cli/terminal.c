/* The terminal of a process that we wait for. */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* a pty or a socket: nothing to lose */
	*fd = -1;
}

void terminal_init(struct terminal *t)
{
	memset(t, 0, sizeof(*t));
	t->sockets[0] = t->sockets[1] = t->master = t->tty = -1;
}

void terminal_done(struct terminal *t)
{
	if (t->raw)
		(void)tcsetattr(t->tty, TCSADRAIN, &t->saved); /* it may be gone by now */
	t->raw = false;
	close_fd(&t->sockets[0]);
	close_fd(&t->sockets[1]);
	close_fd(&t->master);
}

int terminal_open(struct terminal *t)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, t->sockets) < 0)
		return -1;
	return t->sockets[1];
}

/* The one descriptor of the one message. */
static int receive_fd(int sock)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char name[256];
	struct iovec iov = {.iov_base = name, .iov_len = sizeof(name)};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) < 0)
		return -1;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS ||
		cmsg->cmsg_len != CMSG_LEN(sizeof(int))) {
		errno = EPROTO;
		return -1;
	}
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/* A terminal of ours becomes a mere line to the container's. */
static int make_raw(struct terminal *t)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO))
		return 0;
	if (tcgetattr(STDIN_FILENO, &t->saved) < 0)
		return -1;
	raw = t->saved;
	cfmakeraw(&raw);
	t->tty = STDIN_FILENO;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
		return -1;
	t->raw = true;
	return 0;
}

void terminal_resize(struct terminal *t)
{
	struct winsize size;

	if (t->master < 0 || t->tty < 0 || ioctl(t->tty, TIOCGWINSZ, &size) < 0)
		return;
	(void)ioctl(t->master, TIOCSWINSZ, &size); /* a wrong size is no reason to stop */
}

int terminal_attach(struct terminal *t)
{
	int flags;

	if (t->sockets[0] < 0)
		return 0;
	close_fd(&t->sockets[1]);
	t->master = receive_fd(t->sockets[0]);
	if (t->master < 0)
		return -1;
	close_fd(&t->sockets[0]);
	flags = fcntl(t->master, F_GETFL);
	if (flags < 0 || fcntl(t->master, F_SETFL, flags | O_NONBLOCK) < 0)
		return -1;
	t->in.from = STDIN_FILENO;
	t->in.to = t->master;
	t->out.from = t->master;
	t->out.to = STDOUT_FILENO;
	if (make_raw(t) < 0)
		return -1;
	terminal_resize(t);
	return 0;
}

static struct pollfd poll_fd(bool wanted, int fd, short events)
{
	return (struct pollfd){.fd = wanted ? fd : -1, .events = events};
}

static void stream_poll(const struct stream *s, bool there, struct pollfd fds[static 2])
{
	bool empty = s->start == s->end;

	fds[0] = poll_fd(there && empty && !s->ended, s->from, POLLIN);
	fds[1] = poll_fd(there && !empty, s->to, POLLOUT);
}

void terminal_poll(const struct terminal *t, struct pollfd fds[static TERMINAL_POLL_FDS])
{
	stream_poll(&t->in, t->master >= 0, fds);
	stream_poll(&t->out, t->master >= 0, fds + 2);
}

/* EIO from a master: the last process of the container has closed its end. */
static void stream_read(struct stream *s)
{
	ssize_t n = read(s->from, s->buf, sizeof(s->buf));

	if (n > 0) {
		s->start = 0;
		s->end = (size_t)n;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		s->ended = true;
	}
}

static void stream_write(struct stream *s)
{
	ssize_t n = write(s->to, s->buf + s->start, s->end - s->start);

	if (n > 0) {
		s->start += (size_t)n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		s->start = s->end; /* nobody takes it: drop it, so that the container goes on */
		s->ended = s->ended || errno == EPIPE;
	}
}

/* All that is in the buffer, however long it takes. */
static void stream_flush(struct stream *s)
{
	while (s->start < s->end) {
		struct pollfd fd = {.fd = s->to, .events = POLLOUT};

		if (poll(&fd, 1, -1) > 0)
			stream_write(s);
	}
}

static void stream_copy(struct stream *s, const struct pollfd fds[static 2])
{
	if (fds[0].revents)
		stream_read(s);
	if (fds[1].revents)
		stream_write(s);
}

void terminal_copy(struct terminal *t, const struct pollfd fds[static TERMINAL_POLL_FDS])
{
	stream_copy(&t->in, fds);
	stream_copy(&t->out, fds + 2);
}

void terminal_drain(struct terminal *t)
{
	struct stream *out = &t->out;

	if (t->master < 0)
		return;
	for (;;) {
		stream_flush(out);
		if (out->ended)
			return;
		stream_read(out);
		if (out->start == out->end)
			return; /* nothing there, although somebody may still hold the other end */
	}
}
