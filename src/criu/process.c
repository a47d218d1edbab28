/* Starting criu, and its end. */
#include "criu/process.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/sys.h"
#include "stage/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3 /* glibc before 2.36 */
#endif

/* What the child could not do, through a socket that a successful exec closes. */
enum child_step {
	CHILD_CGROUP,
	CHILD_ROOT,
	CHILD_DIRS,
	CHILD_SOCKET,
	CHILD_FDS,
	CHILD_EXEC,
};

static const char *const child_steps[] = {
	[CHILD_CGROUP] = "put criu into the container's cgroup",
	[CHILD_ROOT] = "give criu the root file system",
	[CHILD_DIRS] = "open criu's directories",
	[CHILD_SOCKET] = "make a socket pair for criu",
	[CHILD_FDS] = "hand criu its descriptors",
	[CHILD_EXEC] = "start criu",
};

struct child_failure {
	int step; /* enum child_step */
	int errnum;
};

/* All that the child needs, made before: it may only make system calls. */
struct child {
	const struct hk_criu_place *place;
	char path[PATH_MAX];
	char **env;
	int stdio[3];		   /* above 2 */
	char image_path[PATH_MAX]; /* "": there is no such directory */
	char work_path[PATH_MAX];
	int boot; /* to us: first the end of the pair that is ours, then a failure or nothing */
};

static int find_criu(char *ret, struct hk_err *err)
{
	if (hk_find_program("criu", HK_CRIU_DEFAULT_PATH, ret))
		return 0;
	(void)hk_refuse(err, ENOENT, "there is no criu program here");
	hk_err_hint(err, "install criu 3.17 or later: checkpoint and restore are its work");
	return -ENOENT;
}

/* Ours, with a PATH: criu runs iptables, ip and tar. */
static char **make_env(void)
{
	size_t count = 0;
	char **env;

	while (environ[count])
		count++;
	env = calloc(count + 2, sizeof(*env));
	if (!env)
		return NULL;
	memcpy(env, environ, count * sizeof(*env));
	if (!getenv("PATH"))
		env[count] = (char *)"PATH=" HK_CRIU_DEFAULT_PATH; /* not written to */
	return env;
}

static _Noreturn void give_up(int boot, enum child_step step)
{
	struct child_failure failure = {step, errno};

	(void)send(boot, &failure, sizeof(failure), MSG_NOSIGNAL); /* the status says so as well */
	_exit(127);
}

/* What criu restores is born where criu is. */
static int join_cgroup(const struct hk_criu_place *place)
{
	for (size_t i = 0; i < place->cgroup_join_count; i++)
		if (hk_write_file_at(AT_FDCWD, place->cgroup_join[i], "0") < 0)
			return -1;
	if (place->cgroup_v2 < 0)
		return 0;
	return hk_write_file_at(place->cgroup_v2, "cgroup.procs", "0") < 0 ? -1 : 0;
}

/* criu wants a mount point, whose parent nothing covers. */
static int bind_root(const struct hk_criu_place *place)
{
	if (!place->root_source)
		return 0;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return -1;
	return mount(place->root_source, place->root_target, NULL, MS_BIND | MS_REC, NULL);
}

/* The same directory by its path, as this mount namespace has it. */
static int reopen(const char *path, int fd)
{
	struct stat before, now;
	int again;

	if (!path[0])
		return 0;
	again = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (again < 0 || fstat(fd, &before) < 0 || fstat(again, &now) < 0)
		return -1;
	if (before.st_dev != now.st_dev || before.st_ino != now.st_ino) {
		errno = ESTALE;
		return -1;
	}
	return dup2(again, fd);
}

static int open_dirs(const struct child *c)
{
	if (!c->place->root_source) /* they are of our namespace as they are */
		return 0;
	if (reopen(c->image_path, c->place->image) < 0)
		return -1;
	return reopen(c->work_path, c->place->work);
}

/* criu's end of the pair. */
static int make_pair(const struct child *c)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 ||
		hk_socket_send_fd(c->boot, "s", pair[0], NULL) < 0)
		return -1;
	(void)close(pair[0]); /* ours now: criu must see when we go */
	return pair[1];
}

static int keep_open(int fd)
{
	return fd < 0 ? 0 : fcntl(fd, F_SETFD, 0);
}

static int set_fds(const struct child *c, int sock)
{
	if (hk_sys_close_range(3, ~0u, HK_CLOSE_RANGE_CLOEXEC) < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		if (c->stdio[i] >= 0 && dup2(c->stdio[i], i) < 0)
			return -1;
	for (size_t i = 0; i < c->place->fd_count; i++)
		if (keep_open(c->place->fds[i]) < 0)
			return -1;
	if (keep_open(c->place->image) < 0 || keep_open(c->place->work) < 0)
		return -1;
	return keep_open(sock);
}

static char *number_text(unsigned int number, char text[16])
{
	char *at = text + 15;

	*at = '\0';
	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	return at;
}

/* In the child, a copy of one thread of a process with maybe more: system calls only. */
static _Noreturn void child_main(const struct child *c)
{
	char text[16];
	char *argv[] = {(char *)"criu", (char *)"swrk", NULL, NULL};
	sigset_t none;
	int sock;

	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL); /* refused for SIGKILL, SIGSTOP and libc's own */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (join_cgroup(c->place) < 0)
		give_up(c->boot, CHILD_CGROUP);
	if (bind_root(c->place) < 0)
		give_up(c->boot, CHILD_ROOT);
	if (open_dirs(c) < 0)
		give_up(c->boot, CHILD_DIRS);
	sock = make_pair(c);
	if (sock < 0)
		give_up(c->boot, CHILD_SOCKET);
	if (set_fds(c, sock) < 0)
		give_up(c->boot, CHILD_FDS);
	argv[2] = number_text((unsigned int)sock, text);
	(void)execve(c->path, argv, c->env);
	give_up(c->boot, CHILD_EXEC);
}

/* Exit signal SIGCHLD: a restored init, our child by CLONE_PARENT, inherits it. */
static int clone_child(const struct child *c, int *ret_pidfd)
{
	struct hk_clone_args args = {
		.flags = HK_CLONE_PIDFD, .pidfd = (uintptr_t)ret_pidfd, .exit_signal = SIGCHLD};
	sigset_t all, old;
	pid_t pid;
	int r;

	/* no handler of our caller's may run in the copy of its process */
	(void)sigfillset(&all);
	r = pthread_sigmask(SIG_BLOCK, &all, &old);
	if (r != 0)
		return -r;
	pid = hk_sys_clone3(&args);
	if (pid == 0)
		child_main(c);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return pid < 0 ? pid : 0;
}

/* dup2 in the child must not close one that is still to be copied. */
static int raise_stdio(const int given[3], int ret[3])
{
	for (int i = 0; i < 3; i++) {
		if (given[i] < 0)
			continue;
		ret[i] = fcntl(given[i], F_DUPFD_CLOEXEC, 3);
		if (ret[i] < 0)
			return -errno;
	}
	return 0;
}

/* Where a directory of ours is, for who enters another mount namespace. */
static int find_path(int fd, char *ret)
{
	char link[32];
	ssize_t n;

	ret[0] = '\0';
	if (fd < 0)
		return 0;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	ret[n] = '\0';
	return 0;
}

/* The first descriptor of a message; others, which nobody sends, are closed. */
static int take_fd(struct msghdr *header)
{
	int first = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (first < 0)
				first = fd;
			else
				hk_close(&fd);
		}
	}
	return first;
}

/* A datagram, and a descriptor that came along or -1. Its length, 0 at the end, -EMSGSIZE where it
 * does not fit, another negative errno. */
static ssize_t receive(int sock, void *buf, size_t size, int *ret_fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {buf, size};
	struct msghdr header = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	ssize_t n;

	do
		n = recvmsg(sock, &header, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*ret_fd = take_fd(&header);
	if (!(header.msg_flags & MSG_TRUNC))
		return n;
	hk_close(ret_fd);
	return -EMSGSIZE;
}

/* Our end of the pair, then nothing more: criu has been executed. */
static int await_child(int boot, struct hk_criu *ret, struct hk_err *err)
{
	struct child_failure failure = {0};
	HK_FD int fd = -1;
	ssize_t n = receive(boot, &failure, sizeof(failure), &ret->sock);

	if (n == 1 && ret->sock >= 0)
		n = receive(boot, &failure, sizeof(failure), &fd);
	else if (n == 0)
		n = -EPIPE;
	if (n == 0)
		return 0;
	if (n != sizeof(failure) || failure.step < 0 || failure.step > CHILD_EXEC)
		return hk_fail(err, n < 0 ? (int)-n : EPROTO, "start criu");
	return hk_fail(err, failure.errnum, "%s", child_steps[failure.step]);
}

static int start(struct child *c, struct hk_criu *ret, struct hk_err *err)
{
	HK_FD int ours = -1, theirs = -1;
	int pair[2], r;

	r = find_path(c->place->image, c->image_path);
	if (r == 0)
		r = find_path(c->place->work, c->work_path);
	if (r < 0)
		return hk_fail(err, -r, "find criu's directories");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return hk_fail(err, errno, "make a socket pair");
	ours = pair[0];
	c->boot = theirs = pair[1];
	r = clone_child(c, &ret->pidfd);
	if (r < 0)
		return hk_fail(err, -r, "start criu");
	hk_close(&theirs);
	return await_child(ours, ret, err);
}

int hk_criu_start(const struct hk_criu_place *place, struct hk_criu *ret, struct hk_err *err)
{
	struct child c = {.place = place, .stdio = {-1, -1, -1}};
	struct hk_criu criu = {-1, -1};
	int r;

	r = find_criu(c.path, err);
	if (r < 0)
		return r;
	c.env = make_env();
	r = c.env ? raise_stdio(place->stdio, c.stdio) : -ENOMEM;
	r = r < 0 ? hk_fail(err, -r, "start criu") : start(&c, &criu, err);
	for (int i = 0; i < 3; i++)
		hk_close(&c.stdio[i]);
	free(c.env);
	if (r < 0) {
		hk_criu_end(&criu);
		return r;
	}
	*ret = criu;
	return 0;
}

void hk_criu_end(struct hk_criu *criu)
{
	siginfo_t info;

	hk_close(&criu->sock);
	if (criu->pidfd < 0)
		return;
	while (waitid((idtype_t)P_PIDFD, (id_t)criu->pidfd, &info, WEXITED) < 0 && errno == EINTR)
		continue;
	hk_close(&criu->pidfd);
}

int hk_criu_send(struct hk_criu *criu, struct hk_strbuf *message, struct hk_err *err)
{
	bool failed = message->failed;
	ssize_t n = 0;

	if (!failed)
		do
			n = send(criu->sock, message->text, message->len, MSG_NOSIGNAL);
		while (n < 0 && errno == EINTR);
	hk_strbuf_done(message);
	if (failed)
		return hk_fail(err, ENOMEM, "write a message to criu");
	return n < 0 ? hk_fail(err, errno, "send criu a message") : 0;
}

int hk_criu_receive(
	struct hk_criu *criu, struct hk_criu_reply *ret, int *ret_fd, struct hk_err *err)
{
	char message[8192]; /* the longest text in an answer is an error line of the log */
	HK_FD int fd = -1;
	ssize_t n = receive(criu->sock, message, sizeof(message), &fd);
	int r;

	if (n < 0)
		return hk_fail(err, (int)-n, "receive criu's answer");
	if (n == 0)
		return hk_refuse(err, EPIPE, "criu ended without an answer");
	r = hk_criu_read_reply(message, (size_t)n, ret, err);
	if (r == 0)
		*ret_fd = hk_take_fd(&fd);
	return r;
}
