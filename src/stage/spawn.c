/* Starting the init stage: one clone3, then execveat of the image in the child.
 *
 * The caller may be any program with threads: between the two the child makes async-signal-safe
 * calls only, so that a lock that another thread held at the time of the clone does not matter. */
#include "stage/spawn.h"

#include "base/err.h"
#include "base/fd.h"
#include "stage/affinity.h"
#include "stage/clone.h"
#include "wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNAL_COUNT 64

/* What the child needs, ready before it exists. */
struct child {
	const int *stdio;
	uint32_t preserve_fds;
	int sock;
	int image;
	uint64_t ignored; /* bit n-1: signal n is ignored in this program */
	char *argv[3];
};

static _Noreturn void child_fail(const struct child *child, const char *what, int errnum)
{
	struct hk_msg_failed failed = {
		.error = {.code = errnum, .flags = HK_ERR_ERRNO_TEXT, .step = "spawn"}};
	struct hk_wire wire;

	memcpy(failed.error.message, what,
		strnlen(what, sizeof(failed.error.message) - 1)); /* snprintf may take locks */
	hk_wire_init(&wire, child->sock, false);
	/* nobody to tell where this fails: the runtime sees the exit status then */
	(void)hk_wire_send(&wire, HK_MSG_FAILED, &failed, NULL, 0);
	_exit(1);
}

/* Has the program that called us no such stdio? Then what has its number is a descriptor of ours or
 * of the caller's that ends at execve. */
static bool is_missing(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags < 0 || (flags & FD_CLOEXEC);
}

static int open_null_at(int fd)
{
	int null = open("/dev/null", O_RDWR);
	int r = null;

	if (null >= 0 && null != fd) {
		r = dup2(null, fd);
		(void)close(null);
	}
	return r;
}

static void child_stdio(const struct child *child)
{
	int copies[3];

	/* first all out of the way: stdio may name 0..2 in any order */
	for (int i = 0; i < 3; i++) {
		copies[i] = -1;
		if (child->stdio[i] < 0)
			continue;
		copies[i] = fcntl(child->stdio[i], F_DUPFD_CLOEXEC, 4 + (int)child->preserve_fds);
		if (copies[i] < 0)
			child_fail(child, "duplicate the container's stdio", errno);
	}
	for (int i = 0; i < 3; i++) {
		int r = i;

		if (copies[i] >= 0)
			r = dup2(copies[i], i);
		else if (is_missing(i))
			r = open_null_at(i);
		if (r < 0)
			child_fail(child, "set up the container's stdio", errno);
	}
}

static void child_fds(const struct child *child)
{
	for (uint32_t i = 0; i < child->preserve_fds; i++)
		if (fcntl(3 + (int)i, F_SETFD, 0) < 0)
			child_fail(child, "preserve a file descriptor", errno);
	if (dup2(child->sock, 3 + (int)child->preserve_fds) < 0)
		child_fail(child, "move the sync socket", errno);
	/* what other threads and careless libraries of this program left open */
	if (hk_sys_close_range(4 + child->preserve_fds, ~0u, HK_CLOSE_RANGE_CLOEXEC) < 0)
		child_fail(child, "mark file descriptors close-on-exec", errno);
}

static void child_signals(const struct child *child)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	/* handlers are gone since CLONE_CLEAR_SIGHAND; what is ignored stays so over execve */
	for (int sig = 1; sig <= SIGNAL_COUNT; sig++)
		if (child->ignored & (1ull << (sig - 1)))
			(void)sigaction(sig, &dfl, NULL); /* libc's own signals cannot be ignored */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* cannot fail */
}

static _Noreturn void child_main(void *arg)
{
	static char *const no_env[] = {NULL};
	const struct child *child = arg;
	int r;

	child_stdio(child);
	child_fds(child);
	child_signals(child);
	r = hk_sys_execveat(child->image, "", child->argv, no_env, AT_EMPTY_PATH);
	child_fail(child, "execute the init stage", -r);
}

/* The fd, or a copy of it that is out of the way of stdio, preserved fds and the sync socket. */
static int move_above(int *fd, uint32_t preserve_fds)
{
	int copy;

	if (*fd > 3 + (int)preserve_fds)
		return 0;
	copy = fcntl(*fd, F_DUPFD_CLOEXEC, 4 + (int)preserve_fds);
	if (copy < 0)
		return -errno;
	hk_close(fd);
	*fd = copy;
	return 0;
}

/* SigIgn of /proc/self/status: one read instead of 64 sigaction calls in the child. */
static uint64_t ignored_signals(void)
{
	HK_FD int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	char text[4096];
	unsigned long long mask;
	const char *line;

	if (fd < 0 || hk_read_string(fd, text, sizeof(text)) < 0)
		return ~0ull; /* then all of them are reset */
	line = strstr(text, "\nSigIgn:");
	if (!line || sscanf(line, "\nSigIgn: %llx", &mask) != 1)
		return ~0ull;
	return mask;
}

static int check_preserved(uint32_t preserve_fds, struct hk_err *err)
{
	for (uint32_t i = 0; i < preserve_fds; i++)
		if (fcntl(3 + (int)i, F_GETFD) < 0)
			return hk_fail(err, errno, "preserve file descriptor %u", 3 + i);
	return 0;
}

static pid_t clone_child(
	const struct hk_stage_options *options, int cgroup, struct child *child, int *ret_pidfd)
{
	struct hk_clone_args args = {
		.flags = options->plan->clone_flags | HK_CLONE_PIDFD | HK_CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};
	sigset_t all, old;
	pid_t pid;

	if (cgroup >= 0) {
		args.flags |= HK_CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup;
	}
	/* no signal is delivered to the child before it has the default dispositions */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old); /* cannot fail with these arguments */
	pid = hk_clone_run(&args, child_main, child);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return pid;
}

/* It has not been told to do anything yet. */
static void give_up(int *pidfd)
{
	int status;

	/* ours, and not waited for: neither can fail */
	(void)hk_sys_pidfd_send_signal(*pidfd, SIGKILL);
	(void)hk_reap(*pidfd, &status);
	hk_close(pidfd);
}

/* The kernel forks into no cgroup whose pids.max is reached, 0 for one; but a process may be moved
 * into it. */
static pid_t clone_and_move(
	const struct hk_stage_options *options, struct child *child, int *ret_pidfd)
{
	pid_t pid = clone_child(options, -1, child, ret_pidfd);
	char text[16];
	int r;

	if (pid < 0)
		return pid;
	(void)snprintf(text, sizeof(text), "%d", pid);
	r = hk_write_file_at(options->cgroup_v2_fd, "cgroup.procs", text);
	if (r == 0)
		return pid;
	give_up(ret_pidfd);
	return r;
}

static pid_t clone_into_cgroup(
	const struct hk_stage_options *options, struct child *child, int *ret_pidfd)
{
	pid_t pid = clone_child(options, options->cgroup_v2_fd, child, ret_pidfd);

	if (pid == -EAGAIN && options->cgroup_v2_fd >= 0)
		pid = clone_and_move(options, child, ret_pidfd);
	return pid;
}

static int clone_failed(const struct hk_stage_options *options, int errnum, struct hk_err *err)
{
	bool into_cgroup = options->cgroup_v2_fd >= 0;
	int r = hk_fail(err, errnum, "clone the init stage%s%s",
		options->plan->clone_flags ? " into new namespaces" : "",
		into_cgroup ? " inside its cgroup" : "");

	if (errnum == ENOSYS)
		hk_err_hint(err,
			"clone3 is missing: the kernel is older than 5.7, or a seccomp filter "
			"around the runtime hides it");
	else if (errnum == EPERM)
		hk_err_hint(err, "new namespaces need CAP_SYS_ADMIN, or a user namespace in "
				 "/linux/namespaces");
	else if (errnum == ENOSPC)
		hk_err_hint(err, "a limit in /proc/sys/user/max_*_namespaces is reached");
	else if (errnum == EBUSY && into_cgroup)
		hk_err_hint(
			err, "the cgroup hands controllers to children: processes cannot be in it");
	return r;
}

/* A container may hand its cgroup's controllers to children, or move into one: where its first
 * process is, there is room. */
static bool wants_other_cgroup(const struct hk_stage_options *options, pid_t pid)
{
	return options->events.other_cgroup && (pid == -EBUSY || pid == -ENOENT || pid == -ENODEV);
}

/* The cgroup is ours, but not all between it and the one that we are in, as in a login session. */
static pid_t clone_and_have_moved(const struct hk_stage_options *options, struct child *child,
	int *ret_pidfd, struct hk_err *err)
{
	const struct hk_stage_events *events = &options->events;
	pid_t pid = clone_child(options, -1, child, ret_pidfd);
	int r;

	if (pid < 0)
		return clone_failed(options, -pid, err);
	r = events->enter_cgroup(events->userdata, options->cgroup_v2_fd, pid, err);
	if (r == 0)
		return pid;
	give_up(ret_pidfd);
	return r;
}

/* The pid, or a negative errno with err set. */
static pid_t clone_somewhere(const struct hk_stage_options *options, struct child *child,
	int *ret_pidfd, struct hk_err *err)
{
	struct hk_stage_options moved = *options;
	HK_FD int other = -1;
	pid_t pid = clone_into_cgroup(options, child, ret_pidfd);

	if (wants_other_cgroup(options, pid)) {
		other = options->events.other_cgroup(options->events.userdata, err);
		if (other < 0)
			return other;
		moved.cgroup_v2_fd = other;
		pid = clone_into_cgroup(&moved, child, ret_pidfd);
	}
	if (pid == -EACCES && options->events.enter_cgroup)
		return clone_and_have_moved(other < 0 ? options : &moved, child, ret_pidfd, err);
	return pid < 0 ? clone_failed(options, -pid, err) : pid;
}

int hk_spawn(const struct hk_stage_options *options, struct hk_spawned *ret, struct hk_err *err)
{
	HK_FD int image = -1, ours = -1, theirs = -1, pidfd = -1;
	struct hk_affinity affinity = {0};
	char number[16];
	int pair[2], r;
	pid_t pid;

	r = check_preserved(options->preserve_fds, err);
	if (r < 0)
		return r;
	hk_timeline_begin(options->timeline, "image");
	image = hk_init_image_open(err);
	hk_timeline_end(options->timeline, image);
	if (image < 0)
		return image;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return hk_fail(err, errno, "make the sync socket");
	ours = pair[0];
	theirs = pair[1];
	r = move_above(&image, options->preserve_fds);
	if (r == 0)
		r = move_above(&ours, options->preserve_fds);
	if (r == 0)
		r = move_above(&theirs, options->preserve_fds);
	if (r < 0)
		return hk_fail(err, -r, "find free file descriptors");

	(void)snprintf(number, sizeof(number), "%u", options->preserve_fds);
	r = hk_affinity_set(options->initial_cpus, &affinity, err);
	if (r < 0)
		return hk_err_at(
			err, "%s/execCPUAffinity/initial", hk_spec_process_at(options->spec));
	hk_timeline_begin(options->timeline, "clone");
	if (options->plan->clone_flags)
		hk_timeline_property(options->timeline, "/linux/namespaces");
	pid = clone_somewhere(options,
		&(struct child){
			.stdio = options->stdio,
			.preserve_fds = options->preserve_fds,
			.sock = theirs,
			.image = image,
			.ignored = ignored_signals(),
			.argv = {(char[]){"hako-init"}, number, NULL},
		},
		&pidfd, err);
	hk_timeline_end(options->timeline, pid);
	hk_affinity_restore(&affinity);
	if (pid < 0)
		return pid;
	*ret = (struct hk_spawned){pid, hk_take_fd(&pidfd), hk_take_fd(&ours)};
	return 0;
}

int hk_reap(int pidfd, int *ret_status)
{
	siginfo_t info;
	int r;

	memset(&info, 0, sizeof(info));
	do
		r = waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	if (info.si_code == CLD_EXITED)
		*ret_status = (info.si_status & 0xff) << 8;
	else
		*ret_status = (info.si_status & 0x7f) | (info.si_code == CLD_DUMPED ? 0x80 : 0);
	return 0;
}
