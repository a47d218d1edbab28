/* Waiting for a container: signals go to it, its orphans are reaped, its terminal is ours. */
#include "foreground.h"

#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct foreground {
	struct cli *cli;
	const char *id;
	int signals; /* signalfd */
	hako_process *process;
	struct terminal terminal;
};

/* All signals that may be passed on, as a descriptor: nothing interrupts us from here on, and what
 * comes while the container is made waits until it is there. Faults of our own stay deadly. */
static int open_signals(void)
{
	static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
	sigset_t set;

	(void)sigfillset(&set); /* cannot fail, nor sigdelset with these numbers */
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		(void)sigdelset(&set, own[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Children that are not ours by birth: without a pid namespace the container's orphans come to us.
 */
static void reap_orphans(pid_t init)
{
	siginfo_t info;

	for (;;) {
		memset(&info, 0, sizeof(info));
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
			return;
		if (info.si_pid == init)
			return;				   /* hako_process_wait takes its status */
		(void)waitpid(info.si_pid, NULL, WNOHANG); /* it was there */
	}
}

static void pass_on(struct foreground *f, int signal)
{
	hako_error *error = NULL;

	switch (signal) {
	case SIGCHLD:
		reap_orphans(hako_process_pid(f->process));
		return;
	case SIGWINCH:
		terminal_resize(&f->terminal);
		return;
	case SIGPIPE: /* our own writes */
	case SIGURG:
		return;
	}
	if (hako_process_kill(f->process, signal, &error) < 0)
		hako_error_free(error); /* it has just ended: the loop sees that too */
}

static void pass_signals_on(struct foreground *f)
{
	struct signalfd_siginfo info;

	while (read(f->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		pass_on(f, (int)info.ssi_signo);
}

/* Until the container's init has ended. */
static int loop(struct foreground *f)
{
	enum { END, SIGNALS, FIRST_TERMINAL, COUNT = FIRST_TERMINAL + TERMINAL_POLL_FDS };
	struct pollfd fds[COUNT];

	for (;;) {
		fds[END] = (struct pollfd){.fd = hako_process_fd(f->process), .events = POLLIN};
		fds[SIGNALS] = (struct pollfd){.fd = f->signals, .events = POLLIN};
		terminal_poll(&f->terminal, &fds[FIRST_TERMINAL]);
		if (poll(fds, COUNT, -1) < 0 && errno != EINTR)
			return -errno;
		if (fds[SIGNALS].revents)
			pass_signals_on(f);
		terminal_copy(&f->terminal, &fds[FIRST_TERMINAL]);
		if (fds[END].revents)
			return 0;
	}
}

/* Returns its status; *ret_ended where it really has ended. */
static int wait_for_end(struct foreground *f, bool *ret_ended)
{
	hako_error *error = NULL;
	int status, r;

	r = loop(f);
	terminal_drain(&f->terminal);
	terminal_done(&f->terminal);
	if (r < 0)
		return cli_refuse_errno(f->cli, -r, "wait for the container");
	if (hako_process_wait(f->process, &status, &error) < 0)
		return cli_fail(f->cli, f->id, error);
	*ret_ended = true;
	return status;
}

static int watch(struct foreground *f, hako_container *container, bool *ret_ended)
{
	hako_error *error = NULL;

	if (hako_container_process(container, &f->process, &error) < 0)
		return cli_fail(f->cli, f->id, error);
	if (terminal_attach(&f->terminal) < 0)
		return cli_refuse_errno(f->cli, errno, "attach the terminal");
	return wait_for_end(f, ret_ended);
}

/* The container runs. */
static int attend(struct foreground *f, hako_container *container, bool keep)
{
	hako_error *error = NULL;
	bool ended = false;
	int status;

	status = watch(f, container, &ended);
	terminal_done(&f->terminal); /* before anything is said */
	if (!keep && hako_delete(container, !ended, &error) < 0)
		status = cli_fail(f->cli, f->id, error);
	hako_process_free(f->process);
	return status;
}

int run_foreground(struct cli *cli, hako_runtime *runtime, const char *id,
	struct hako_create_options *create, bool subreaper, bool keep)
{
	struct foreground f = {.cli = cli, .id = id};
	hako_container *container = NULL;
	hako_error *error = NULL;
	int status;

	terminal_init(&f.terminal);
	f.signals = open_signals();
	if (f.signals < 0)
		return cli_refuse_errno(cli, errno, "receive signals");
	if (subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		status = cli_refuse_errno(cli, errno, "become a subreaper");
	else if (hako_spec_terminal(create->spec) && terminal_open(&f.terminal, create) < 0)
		status = cli_refuse_errno(cli, errno, "make a socket pair");
	else if (hako_run(runtime, id, create, &container, &error) < 0)
		status = cli_fail(cli, id, error);
	else
		status = attend(&f, container, keep);
	terminal_done(&f.terminal);
	hako_container_free(container);
	(void)close(f.signals); /* only read */
	return status;
}
