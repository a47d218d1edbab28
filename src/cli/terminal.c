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
	t->sockets[0] = t->sockets[1] = t->master = t->tty = t->output = -1;
	t->in.last = '\n';
}

void terminal_done(struct terminal *t)
{
	if (t->raw)
		(void)tcsetattr(t->tty, TCSADRAIN, &t->saved); /* it may be gone by now */
	t->raw = false;
	close_fd(&t->sockets[0]);
	close_fd(&t->sockets[1]);
	close_fd(&t->master);
	close_fd(&t->output);
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

/* A job of the shell's in the background must leave the terminal alone. A terminal that does not
 * control us has no foreground. */
static bool is_in_background(int tty)
{
	pid_t foreground = tcgetpgrp(tty);

	return foreground > 0 && foreground != getpgrp();
}

/* A terminal of ours becomes a mere line to the container's. */
static int make_raw(struct terminal *t)
{
	struct termios raw;

	t->background = is_in_background(t->tty);
	if (t->background)
		return 0;
	if (!t->raw && tcgetattr(t->tty, &t->saved) < 0)
		return -1;
	raw = t->saved;
	cfmakeraw(&raw);
	if (tcsetattr(t->tty, TCSADRAIN, &raw) < 0)
		return -1;
	t->raw = true;
	return 0;
}

/* A write to a terminal may wait for its reader although poll says otherwise, and O_NONBLOCK on the
 * one that we were given would be everybody's. */
static void open_output(struct terminal *t)
{
	t->out.to = STDOUT_FILENO;
	if (!isatty(STDOUT_FILENO))
		return;
	t->output = open("/proc/self/fd/1", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (t->output >= 0) /* else it is another user's: what we were given must do */
		t->out.to = t->output;
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
	open_output(t);
	if (!isatty(STDIN_FILENO))
		return 0;
	t->tty = STDIN_FILENO;
	if (make_raw(t) < 0)
		return -1;
	terminal_resize(t);
	return 0;
}

void terminal_continue(struct terminal *t)
{
	if (t->master < 0 || t->tty < 0)
		return;
	(void)make_raw(t); /* the terminal may be gone by now */
	terminal_resize(t);
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
	stream_poll(&t->in, t->master >= 0 && !t->background, fds);
	stream_poll(&t->out, t->master >= 0, fds + 2);
}

/* A job that runs already is not told when the shell gives it the terminal. Nor is who has a master
 * told that somebody opens the other end again: poll(2) says POLLHUP all the time. */
int terminal_timeout(const struct terminal *t)
{
	return t->master >= 0 && (t->background || t->out.ended) ? 200 : -1;
}

/* EIO from a master: no process has its other end open. An init system closes what it got, and
 * opens /dev/console again. */
static void stream_read(struct stream *s)
{
	ssize_t n = read(s->from, s->buf, sizeof(s->buf));

	if (n > 0) {
		s->start = 0;
		s->end = (size_t)n;
		s->last = s->buf[n - 1];
	}
	s->ended = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static void stream_write(struct stream *s)
{
	ssize_t n = write(s->to, s->buf + s->start, s->end - s->start);

	if (n > 0) {
		s->start += (size_t)n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		s->start = s->end; /* nobody takes it: drop it, so that the container goes on */
	}
}

static void stream_copy(struct stream *s, const struct pollfd fds[static 2])
{
	if (fds[0].revents)
		stream_read(s);
	if (fds[1].revents)
		stream_write(s);
}

/* The end of a file is a key on a terminal: a second one where it only ends a line that is not
 * whole. A terminal of ours that is gone is told by its signal. */
static void pass_end_on(struct terminal *t)
{
	struct stream *in = &t->in;
	struct termios modes;

	if (t->tty >= 0 || tcgetattr(t->master, &modes) < 0)
		return;
	in->start = 0;
	in->end = in->last == '\n' ? 1 : 2;
	memset(in->buf, modes.c_cc[VEOF], in->end);
}

void terminal_copy(struct terminal *t, const struct pollfd fds[static TERMINAL_POLL_FDS])
{
	bool ended = t->in.ended;

	if (t->background && !is_in_background(t->tty))
		terminal_continue(t);
	stream_copy(&t->in, fds);
	if (t->in.ended && !ended)
		pass_end_on(t);
	if (t->out.ended) /* polled for no more */
		stream_read(&t->out);
	stream_copy(&t->out, fds + 2);
}

bool terminal_has_output(struct terminal *t, struct pollfd *ret_fd)
{
	struct stream *out = &t->out;

	if (t->master < 0)
		return false;
	if (out->start == out->end)
		stream_read(out);
	*ret_fd = poll_fd(true, out->to, POLLOUT);
	/* nothing there, although somebody may still hold the other end: that is the end too */
	return out->start < out->end;
}

void terminal_put_output(struct terminal *t)
{
	stream_write(&t->out);
}
