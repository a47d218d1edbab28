/* Waiting for a process: signals go to it, orphans are reaped, its terminal is ours. */
#include "foreground.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

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
static void reap_orphans(pid_t ours)
{
	siginfo_t info;

	for (;;) {
		memset(&info, 0, sizeof(info));
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
			return;
		if (info.si_pid == ours)
			return;				   /* hako_process_wait takes its status */
		(void)waitpid(info.si_pid, NULL, WNOHANG); /* it was there */
	}
}

static void pass_on(
	struct foreground *f, hako_process *process, const struct signalfd_siginfo *info)
{
	int signal = (int)info->ssi_signo;
	hako_error *error = NULL;

	switch (signal) {
	case SIGCHLD:
		reap_orphans(hako_process_pid(process));
		return;
	case SIGWINCH:
		terminal_resize(&f->terminal);
		return;
	case SIGURG:
		return;
	case SIGPIPE:
		if ((pid_t)info->ssi_pid == getpid())
			return; /* a write of ours */
		break;
	case SIGCONT:
		terminal_continue(&f->terminal);
		break;
	}
	if (hako_process_kill(process, signal, &error) < 0)
		hako_error_free(error); /* it has just ended: the loop sees that too */
}

static void pass_signals_on(struct foreground *f, hako_process *process)
{
	struct signalfd_siginfo info;

	while (read(f->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		pass_on(f, process, &info);
}

/* A service manager that is gone is no reason to end what runs. */
static void pass_words_on(struct foreground *f, int (*pass)(hako_container *, hako_error **))
{
	hako_error *error = NULL;

	if (f->speaker && pass(f->speaker, &error) < 0)
		(void)cli_fail(f->cli, f->id, error);
}

/* Until the process has ended. */
static int loop(struct foreground *f, hako_process *process)
{
	enum { END, SIGNALS, WORDS, FIRST_TERMINAL, COUNT = FIRST_TERMINAL + TERMINAL_POLL_FDS };
	struct pollfd fds[COUNT];

	for (;;) {
		fds[END] = (struct pollfd){.fd = hako_process_fd(process), .events = POLLIN};
		fds[SIGNALS] = (struct pollfd){.fd = f->signals, .events = POLLIN};
		fds[WORDS] = (struct pollfd){
			.fd = f->speaker ? hako_container_notify_fd(f->speaker) : -1,
			.events = POLLIN};
		terminal_poll(&f->terminal, &fds[FIRST_TERMINAL]);
		if (poll(fds, COUNT, terminal_timeout(&f->terminal)) < 0 && errno != EINTR)
			return -errno;
		if (fds[SIGNALS].revents)
			pass_signals_on(f, process);
		if (fds[WORDS].revents)
			pass_words_on(f, hako_container_notify);
		terminal_copy(&f->terminal, &fds[FIRST_TERMINAL]);
		if (fds[END].revents)
			return 0;
	}
}

/* Has a signal come that means ourselves, now that there is nobody to pass it on to? */
static bool is_told_to_end(struct foreground *f)
{
	struct signalfd_siginfo info;
	bool told = false;

	while (read(f->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		told = told || info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT ||
		       info.ssi_signo == SIGHUP || info.ssi_signo == SIGQUIT;
	return told;
}

/* What the process has left on its terminal, as slow as it is taken. */
static void drain(struct foreground *f)
{
	enum { SIGNALS, OUTPUT, COUNT };
	struct pollfd fds[COUNT] = {{.fd = f->signals, .events = POLLIN}};

	while (terminal_has_output(&f->terminal, &fds[OUTPUT])) {
		if (poll(fds, COUNT, -1) < 0)
			return; /* every signal is blocked: no memory */
		if (fds[SIGNALS].revents && is_told_to_end(f))
			return;
		if (fds[OUTPUT].revents)
			terminal_put_output(&f->terminal);
	}
}

int foreground_begin(struct foreground *f, struct cli *cli, const char *id, unsigned int options)
{
	*f = (struct foreground){.cli = cli, .id = id, .signals = -1, .console_fd = -1};
	terminal_init(&f->terminal);
	f->signals = open_signals();
	if (f->signals < 0)
		return cli_refuse_errno(cli, errno, "receive signals");
	if (options & FOREGROUND_SUBREAPER && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return cli_refuse_errno(cli, errno, "become a subreaper");
	if (!(options & FOREGROUND_TERMINAL))
		return 0;
	f->console_fd = terminal_open(&f->terminal);
	if (f->console_fd < 0)
		return cli_refuse_errno(cli, errno, "make a socket pair");
	return 0;
}

void foreground_fit(const struct foreground *f, hako_spec *spec)
{
	struct winsize size;

	/* what the builder's call fails of is an error of the library's next one */
	if (f->console_fd >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 &&
		(size.ws_row || size.ws_col))
		(void)hako_spec_set_console_size(spec, size.ws_row, size.ws_col);
}

int foreground_wait(struct foreground *f, hako_process *process, int *ret_status)
{
	hako_error *error = NULL;
	int r;

	if (terminal_attach(&f->terminal) < 0) {
		r = errno;
		terminal_done(&f->terminal);
		return cli_refuse_errno(f->cli, r, "attach the terminal");
	}
	r = loop(f, process);
	drain(f);
	terminal_done(&f->terminal); /* before anything is said */
	pass_words_on(f, hako_container_notify_wait);
	if (r < 0)
		return cli_refuse_errno(
			f->cli, -r, "wait for process %d", (int)hako_process_pid(process));
	if (hako_process_wait(process, ret_status, &error) < 0)
		return cli_fail(f->cli, f->id, error);
	return 0;
}

void foreground_end(struct foreground *f)
{
	terminal_done(&f->terminal);
	if (f->signals >= 0)
		(void)close(f->signals); /* only read */
	f->signals = -1;
}
