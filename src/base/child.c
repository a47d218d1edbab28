/* Running a helper program to its end. Part of the init image. */
#include "base/proc.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Drained at most after the child's end: a process it left behind may write for ever. */
#define LAST_READS 64

/* What the child could not do, through a pipe that a successful exec closes. */
enum child_step {
	CHILD_STDIO,
	CHILD_CWD,
	CHILD_EXEC,
};

struct child_failure {
	int step; /* enum child_step */
	int errnum;
};

/* Our ends and the child's ends. None is 0, 1 or 2, so that dup2 cannot close one of them. */
struct child_pipes {
	int in; /* the whole input */
	int out, err, failure;
	int child_out, child_err, child_failure;
};

static void close_child_ends(struct child_pipes *p)
{
	hk_close(&p->in);
	hk_close(&p->child_out);
	hk_close(&p->child_err);
	hk_close(&p->child_failure);
}

static void close_pipes(struct child_pipes *p)
{
	close_child_ends(p);
	hk_close(&p->out);
	hk_close(&p->err);
	hk_close(&p->failure);
}

/* Our caller may have closed its stdio. */
static int above_stdio(int fd)
{
	HK_FD int old = fd;
	int moved;

	if (fd < 0 || fd > 2)
		return hk_take_fd(&old);
	moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return moved < 0 ? -errno : moved;
}

static int make_pipe(int *ret_ours, int *ret_childs)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*ret_ours = above_stdio(ends[0]);
	*ret_childs = above_stdio(ends[1]);
	if (*ret_ours < 0 || *ret_childs < 0)
		return *ret_ours < 0 ? *ret_ours : *ret_childs;
	return 0;
}

/* A memfd, not a pipe: nothing to wait for, no SIGPIPE, and /dev/stdin can be opened again. */
static int make_input(const char *input, int *ret)
{
	int fd = hk_sys_memfd_create("stdin", HK_MFD_NOEXEC_SEAL);
	int r;

	if (fd == -EINVAL) /* before Linux 6.3 */
		fd = hk_sys_memfd_create("stdin", 0);
	fd = above_stdio(fd);
	if (fd < 0)
		return fd;
	*ret = fd;
	r = hk_write_full(fd, input, strlen(input));
	if (r < 0)
		return r;
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

/* A pipe, or a copy of the file that takes its place. */
static int make_output(int file, int *ret_ours, int *ret_childs)
{
	if (file < 0)
		return make_pipe(ret_ours, ret_childs);
	*ret_childs = fcntl(file, F_DUPFD_CLOEXEC, 3);
	return *ret_childs < 0 ? -errno : 0;
}

static int make_pipes(const struct hk_child *child, struct child_pipes *ret)
{
	static const struct hk_child_output captured = {-1, -1};
	const struct hk_child_output *files = child->output ? child->output : &captured;
	int r;

	*ret = (struct child_pipes){-1, -1, -1, -1, -1, -1, -1};
	r = make_input(child->input ? child->input : "", &ret->in);
	if (r == 0)
		r = make_output(files->out, &ret->out, &ret->child_out);
	if (r == 0)
		r = make_output(files->err, &ret->err, &ret->child_err);
	if (r == 0)
		r = make_pipe(&ret->failure, &ret->child_failure);
	if (r < 0)
		close_pipes(ret);
	return r;
}

static _Noreturn void give_up(int pipe, enum child_step step)
{
	struct child_failure failure = {step, errno};

	(void)hk_write_full(pipe, &failure, sizeof(failure)); /* the exit status says so as well */
	_exit(127);
}

/* In the child, a copy of one thread of a process with maybe more: system calls only. */
static _Noreturn void child_main(const struct hk_child *child, const struct child_pipes *p)
{
	int failure = p->child_failure;
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL); /* refused for SIGKILL, SIGSTOP and libc's own */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(p->in, 0) < 0 || dup2(p->child_out, 1) < 0 || dup2(p->child_err, 2) < 0)
		give_up(failure, CHILD_STDIO);
	/* descriptors of our caller that are not close-on-exec are no business of the program */
	if (hk_sys_close_range(3, ~0u, HK_CLOSE_RANGE_CLOEXEC) < 0)
		for (int fd = 3; fd < (int)sysconf(_SC_OPEN_MAX); fd++)
			(void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* most are not open */
	if (child->cwd && chdir(child->cwd) < 0)
		give_up(failure, CHILD_CWD);
	(void)execve(child->path, child->argv, child->env ? child->env : environ);
	give_up(failure, CHILD_EXEC);
}

/* Not posix_spawn: it cannot close descriptors that it does not know in both libcs, and gives no
 * pidfd. Not fork first: clone3 gives the pidfd from birth and runs no atfork handlers of the
 * program that we are a library of. */
static pid_t start(const struct hk_child *child, const struct child_pipes *p, int *ret_pidfd)
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
	if (pid == -ENOSYS ||
		pid == -EPERM) { /* what a container's seccomp filter says of clone3 */
		pid = fork();
		if (pid < 0)
			pid = -errno;
	}
	if (pid == 0)
		child_main(child, p);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (pid > 0 && *ret_pidfd < 0)
		*ret_pidfd = hk_sys_pidfd_open(pid); /* ours and unreaped: it is that one */
	return pid;
}

static int reap(pid_t pid, int *ret_status)
{
	pid_t r;

	do
		r = waitpid(pid, ret_status, 0);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

/* Text into what is free of ret[cap], the rest of it nowhere. False where there is no more now, and
 * *fd closed where there will never be more. */
static bool drain(int *fd, char *ret, size_t cap)
{
	size_t len = strlen(ret);
	char text[4096];
	ssize_t n;

	if (*fd < 0)
		return false;
	n = read(*fd, text, sizeof(text));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	if (n <= 0) {
		hk_close(fd);
		return false;
	}
	for (ssize_t i = 0; i < n && len + 1 < cap; i++)
		ret[len++] = text[i] ? text[i] : '?'; /* a string follows; NUL would end it */
	ret[len] = '\0';
	return true;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Until deadline, as poll(2) takes it: -1 is for ever. */
static int ms_left(int64_t deadline)
{
	int64_t left;

	if (deadline < 0)
		return -1;
	left = deadline - now_ms();
	return left <= 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

/* Gone is as good. */
static void kill_child(int pidfd)
{
	(void)hk_sys_pidfd_send_signal(pidfd, SIGKILL);
}

/* Collect output until the child's own end: what it left in the background may hold the pipes
 * open for ever. */
static int watch(
	struct child_pipes *p, int pidfd, const struct hk_child *child, struct hk_child_result *ret)
{
	int64_t timeout = child->timeout;
	int64_t deadline =
		timeout > 0 && timeout < INT64_MAX / 2000 ? now_ms() + timeout * 1000 : -1;
	struct pollfd fds[4] = {
		{.fd = pidfd, .events = POLLIN},
		{.fd = child->owner ? *child->owner : -1, .events = POLLIN},
	};

	for (;;) {
		fds[2] = (struct pollfd){.fd = p->out, .events = POLLIN};
		fds[3] = (struct pollfd){.fd = p->err, .events = POLLIN};
		if (poll(fds, 4, ms_left(deadline)) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents)
			break;
		(void)drain(&p->out, ret->out, sizeof(ret->out));
		(void)drain(&p->err, ret->err, sizeof(ret->err));
		if (fds[1].revents) {
			kill_child(pidfd);
			ret->orphaned = true;
			fds[1].fd = -1;
		}
		if (deadline >= 0 && now_ms() >= deadline) {
			kill_child(pidfd);
			ret->timed_out = true;
			deadline = -1;
		}
	}
	for (int i = 0; i < LAST_READS && drain(&p->out, ret->out, sizeof(ret->out)); i++)
		;
	for (int i = 0; i < LAST_READS && drain(&p->err, ret->err, sizeof(ret->err)); i++)
		;
	return 0;
}

static int fail_child(
	const struct hk_child *child, const struct child_failure *failure, struct hk_err *err)
{
	switch ((enum child_step)failure->step) {
	case CHILD_STDIO:
		return hk_fail(err, failure->errnum, "prepare the stdio of %s", child->path);
	case CHILD_CWD:
		return hk_fail(
			err, failure->errnum, "chdir to '%s' for %s", child->cwd, child->path);
	case CHILD_EXEC:
		return hk_fail(err, failure->errnum, "fork/exec %s", child->path);
	}
	return hk_refuse(err, EPROTO, "fork/exec %s: no answer", child->path);
}

/* fd may be -1: nothing is captured. */
static int set_nonblocking(int fd)
{
	return fd >= 0 && fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

int hk_child_run(const struct hk_child *child, struct hk_child_result *ret, struct hk_err *err)
{
	struct hk_child_result result = {0};
	struct child_failure failure;
	struct child_pipes pipes;
	HK_FD int pidfd = -1;
	pid_t pid;
	int r, reaped;

	r = make_pipes(child, &pipes);
	if (r < 0)
		return hk_fail(err, -r, "make the stdio pipes of %s", child->path);
	pid = start(child, &pipes, &pidfd);
	close_child_ends(&pipes);
	if (pid < 0) {
		close_pipes(&pipes);
		return hk_fail(err, -pid, "fork/exec %s", child->path);
	}
	r = hk_read_full(pipes.failure, &failure, sizeof(failure));
	if (r == 0) { /* it told us why it ends */
		(void)reap(pid, &result.status);
		close_pipes(&pipes);
		return fail_child(child, &failure, err);
	}
	r = set_nonblocking(pipes.out);
	if (r == 0)
		r = set_nonblocking(pipes.err);
	if (r == 0)
		r = pidfd < 0 ? pidfd : watch(&pipes, pidfd, child, &result);
	close_pipes(&pipes);
	if (r < 0)
		(void)kill(pid, SIGKILL); /* not reaped yet: the pid is still its */
	reaped = reap(pid, &result.status);
	if (r == 0)
		r = reaped;
	if (r < 0)
		return hk_fail(err, -r, "wait for %s", child->path);
	*ret = result;
	return 0;
}

const char *hk_child_describe(
	const struct hk_child_result *result, int64_t timeout, char *ret, unsigned long cap)
{
	int status = result->status;
	char how[96];

	if (result->timed_out) {
		(void)snprintf(
			ret, cap, "hook ran past specified timeout of %lld.0s", (long long)timeout);
		return ret;
	}
	if (result->orphaned) {
		(void)snprintf(ret, cap, "the process that it was run for has ended");
		return ret;
	}
	if (WIFSIGNALED(status))
		(void)snprintf(how, sizeof(how), "signal: %s%s", strsignal(WTERMSIG(status)),
			WCOREDUMP(status) ? " (core dumped)" : "");
	else
		(void)snprintf(how, sizeof(how), "exit status %d", WEXITSTATUS(status));
	if (WIFSIGNALED(status) && how[8] >= 'A' && how[8] <= 'Z')
		how[8] = (char)(how[8] - 'A' + 'a'); /* as clients have seen it from runc */
	(void)snprintf(ret, cap, "%s, stdout: %s, stderr: %s", how, result->out, result->err);
	return ret;
}
