/* Identity of processes; helper programs and everything that can go wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t spawn_idle(const char *name)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_NAME, name);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(ready[1], "", 1) == 1)
			for (;;)
				(void)pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static bool is_alive(pid_t pid, uint64_t start_time)
{
	bool alive;

	assert_int_equal(hk_proc_is_alive(pid, start_time, &alive), 0);
	return alive;
}

static void knows_start_time(void **state)
{
	uint64_t time = 0, again = 0, mine = 0;
	pid_t pid = spawn_idle(") R 1 (x) ");

	(void)state;
	assert_int_equal(hk_proc_start_time(pid, &time), 0);
	assert_int_equal(hk_proc_start_time(getpid(), &mine), 0);
	assert_true(time >= mine);
	assert_true(time - mine < 100 * 60); /* ticks: one minute */
	assert_true(is_alive(pid, time) && is_alive(getpid(), mine));
	assert_false(is_alive(pid, time + 1));
	(void)kill(pid, SIGKILL);
	(void)waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
	assert_int_equal(hk_proc_start_time(pid, &again), 0);
	assert_int_equal(again, time);
	assert_false(is_alive(pid, time));
	end(pid);
	again = 7;
	assert_int_equal(hk_proc_start_time(pid, &again), -ESRCH);
	assert_int_equal(again, 7);
	assert_false(is_alive(pid, time));
}

static void *pause_for_ever(void *unused)
{
	for (;;)
		(void)pause();
	return unused;
}

/* The first thread is a zombie, and the process goes on in another one. */
static void outlives_its_first_thread(void **state)
{
	char path[64], text[512] = "";
	pid_t pid = fork();
	pthread_t thread;
	uint64_t time;
	int pidfd;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (pthread_create(&thread, NULL, pause_for_ever, NULL) == 0)
			(void)syscall(SYS_exit, 0);
		_exit(1);
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (!strstr(text, ") Z ")) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		(void)memset(text, 0, sizeof(text));
		assert_true(read(fd, text, sizeof(text) - 1) > 0);
		(void)close(fd);
	}
	assert_int_equal(hk_proc_start_time(pid, &time), 0);
	assert_true(is_alive(pid, time));
	pidfd = hk_proc_open(pid, time);
	assert_true(pidfd >= 0);
	assert_int_equal(hk_sys_pidfd_send_signal(pidfd, SIGKILL), 0);
	(void)waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
	assert_false(is_alive(pid, time));
	assert_int_equal(hk_proc_open(pid, time), -ESRCH);
	hk_close(&pidfd);
	end(pid);
}

static void opens_that_very_process(void **state)
{
	pid_t pid = spawn_idle("target");
	uint64_t time;
	int pidfd;

	(void)state;
	assert_int_equal(hk_proc_start_time(pid, &time), 0);
	assert_int_equal(hk_proc_open(pid, time + 1), -ESRCH);
	pidfd = hk_proc_open(pid, time);
	assert_true(pidfd >= 0);
	assert_int_equal(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(hk_pidfd_pid(pidfd), pid);
	assert_int_equal(hk_sys_pidfd_send_signal(pidfd, SIGKILL), 0);
	(void)waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
	assert_int_equal(hk_proc_open(pid, time), -ESRCH); /* a zombie */
	end(pid);
	assert_int_equal(hk_proc_open(pid, time), -ESRCH);
	assert_int_equal(hk_pidfd_pid(pidfd), -ESRCH);
	hk_close(&pidfd);
	assert_int_equal(hk_pidfd_pid(0), -EBADF);
	assert_int_equal(hk_pidfd_pid(-1), -EBADF);
}

/* The number of a dead process stays in use while a process of its session lives. */
static void a_dead_session_leader_is_gone(void **state)
{
	uint64_t time;
	int ready[2];
	pid_t leader, member;

	(void)state;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	leader = fork();
	assert_true(leader >= 0);
	if (leader == 0) {
		(void)setsid();
		member = fork();
		if (member == 0)
			for (;;)
				(void)pause();
		if (write(ready[1], &member, sizeof(member)) != sizeof(member))
			_exit(1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ready[0], &member, sizeof(member)), sizeof(member));
	(void)close(ready[0]);
	(void)close(ready[1]);
	assert_int_equal(hk_proc_start_time(leader, &time), 0);
	end(leader);
	assert_int_equal(kill(member, 0), 0);
	assert_int_equal(hk_proc_open(leader, time), -ESRCH);
	assert_int_equal(kill(member, SIGKILL), 0);
}

/* ---- hk_child_run ---- */

static int run_shell(const char *script, const struct hk_child *with, struct hk_child_result *ret,
	struct hk_err *err)
{
	char *argv[] = {"hook-name", "-c", (char *)script, NULL};
	struct hk_child child = with ? *with : (struct hk_child){0};

	child.path = "/bin/sh";
	child.argv = argv;
	return hk_child_run(&child, ret, err);
}

static void captures_output(void **state)
{
	struct hk_child_result result;
	char text[700];

	(void)state;
	assert_int_equal(run_shell("echo out; echo err >&2; exit 3", NULL, &result, NULL), 0);
	assert_true(WIFEXITED(result.status));
	assert_int_equal(WEXITSTATUS(result.status), 3);
	assert_false(result.timed_out);
	assert_string_equal(result.out, "out\n");
	assert_string_equal(result.err, "err\n");
	assert_string_equal(hk_child_describe(&result, 0, text, sizeof(text)),
		"exit status 3, stdout: out\n, stderr: err\n");
}

static void keeps_the_beginning_of_much_output(void **state)
{
	struct hk_child_result result;

	(void)state;
	assert_int_equal(
		run_shell("i=0; while [ $i -lt 40000 ]; do echo 1234567; i=$((i+1)); done; "
			  "echo last >&2",
			NULL, &result, NULL),
		0);
	assert_int_equal(result.status, 0);
	assert_int_equal(strlen(result.out), sizeof(result.out) - 1);
	assert_memory_equal(result.out, "1234567\n1234567\n", 16);
	assert_string_equal(result.err, "last\n");
}

/* In a file everything is kept, behind what was there; the other stream is captured. */
static void writes_to_a_file(void **state)
{
	int file = memfd_create("out", MFD_CLOEXEC);
	struct hk_child_output output = {.out = file, .err = -1};
	struct hk_child child = {.output = &output};
	struct hk_child_result result;
	char text[4096];

	(void)state;
	assert_true(file >= 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			run_shell("echo out; echo err >&2; exit 3", &child, &result, NULL), 0);
		assert_string_equal(result.out, "");
		assert_string_equal(result.err, "err\n");
	}
	assert_int_equal(pread(file, text, sizeof(text), 0), 8);
	assert_memory_equal(text, "out\nout\n", 8);
	output.err = file; /* both */
	assert_int_equal(
		run_shell("echo err >&2; exec sleep 60",
			&(struct hk_child){.output = &output, .timeout = 1}, &result, NULL),
		0);
	assert_true(result.timed_out);
	assert_string_equal(result.err, "");
	assert_int_equal(pread(file, text, sizeof(text), 8), 4);
	close(file);
}

static void gives_input(void **state)
{
	struct hk_child child = {.input = "{\"id\":\"a\"}"};
	struct hk_child_result result;

	(void)state;
	assert_int_equal(run_shell("cat; echo; cat /dev/stdin", &child, &result, NULL), 0);
	assert_string_equal(result.out, "{\"id\":\"a\"}\n{\"id\":\"a\"}");
	child.input = NULL;
	assert_int_equal(run_shell("cat; echo end", &child, &result, NULL), 0);
	assert_string_equal(result.out, "end\n");
}

static void survives_unread_input(void **state)
{
	size_t size = 4u << 20;
	char *input = malloc(size);
	struct hk_child child = {.input = input};
	struct hk_child_result result;

	(void)state;
	assert_non_null(input);
	memset(input, 'x', size - 1);
	input[size - 1] = '\0';
	assert_int_equal(run_shell("exit 0", &child, &result, NULL), 0);
	assert_int_equal(result.status, 0);
	assert_int_equal(run_shell("exec 0<&-; sleep 0.1; echo ok", &child, &result, NULL), 0);
	assert_string_equal(result.out, "ok\n");
	assert_int_equal(run_shell("wc -c", &child, &result, NULL), 0);
	assert_int_equal(strtol(result.out, NULL, 10), size - 1);
	free(input);
}

static void env_null_is_ours_and_empty_is_empty(void **state)
{
	char *none[] = {NULL}, *one[] = {"A=1", NULL};
	struct hk_child child = {.env = NULL};
	struct hk_child_result result;

	(void)state;
	assert_int_equal(setenv("HAKO_TEST_MARK", "here", 1), 0);
	assert_int_equal(run_shell("echo $HAKO_TEST_MARK", &child, &result, NULL), 0);
	assert_string_equal(result.out, "here\n");
	child.env = none;
	assert_int_equal(run_shell("echo $HAKO_TEST_MARK-", &child, &result, NULL), 0);
	assert_string_equal(result.out, "-\n");
	child.env = one;
	assert_int_equal(run_shell("echo $A", &child, &result, NULL), 0);
	assert_string_equal(result.out, "1\n");
}

static void changes_directory(void **state)
{
	struct hk_child child = {.cwd = "/usr"};
	struct hk_child_result result;
	struct hk_err err;
	char before[256], after[256];

	(void)state;
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(run_shell("pwd -P", &child, &result, &err), 0);
	assert_string_equal(result.out, "/usr\n");
	assert_non_null(getcwd(after, sizeof(after)));
	assert_string_equal(before, after);
	child.cwd = "/nonexistent";
	assert_int_equal(run_shell("true", &child, &result, &err), -ENOENT);
	assert_non_null(strstr(err.message, "/nonexistent"));
	assert_int_equal(err.flags, HK_ERR_ERRNO_TEXT);
}

static void reports_what_cannot_start(void **state)
{
	char *argv[] = {"x", NULL};
	struct hk_child child = {.path = "/nonexistent/hook", .argv = argv};
	struct hk_child_result result = {.status = 77};
	struct hk_err err;

	(void)state;
	assert_int_equal(hk_child_run(&child, &result, &err), -ENOENT);
	assert_string_equal(err.message, "fork/exec /nonexistent/hook");
	assert_int_equal(result.status, 77);
	child.path = "/etc/passwd";
	assert_int_equal(hk_child_run(&child, &result, &err), -EACCES);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD); /* no zombie is left */
}

static double seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void kills_after_timeout(void **state)
{
	struct hk_child child = {.timeout = 1};
	struct hk_child_result result;
	char text[700];
	double start = seconds();

	(void)state;
	assert_int_equal(run_shell("echo begun; trap '' TERM; sleep 30", &child, &result, NULL), 0);
	assert_true(result.timed_out);
	assert_true(WIFSIGNALED(result.status));
	assert_int_equal(WTERMSIG(result.status), SIGKILL);
	assert_true(seconds() - start >= 0.95);
	assert_true(seconds() - start < 20);
	assert_string_equal(hk_child_describe(&result, 1, text, sizeof(text)),
		"hook ran past specified timeout of 1.0s");
}

static void ends_with_its_owner(void **state)
{
	pid_t pid = spawn_idle("owner");
	int owner = hk_sys_pidfd_open(pid);
	struct hk_child child = {.owner = &owner};
	struct hk_child_result result;
	char script[64], text[700];

	(void)state;
	assert_true(owner >= 0);
	assert_int_equal(run_shell("exit 3", &child, &result, NULL), 0);
	assert_false(result.orphaned);
	(void)snprintf(script, sizeof(script), "kill -9 %d; exec sleep 1000", pid);
	assert_int_equal(run_shell(script, &child, &result, NULL), 0);
	assert_true(result.orphaned);
	assert_false(result.timed_out);
	assert_true(WIFSIGNALED(result.status));
	assert_string_equal(hk_child_describe(&result, 0, text, sizeof(text)),
		"the process that it was run for has ended");
	end(pid);
	hk_close(&owner);
}

static void background_processes_do_not_hang_it(void **state)
{
	struct hk_child_result result;
	double start = seconds();

	(void)state;
	assert_int_equal(run_shell("sleep 30 & echo $!", NULL, &result, NULL), 0);
	assert_true(seconds() - start < 20);
	assert_int_equal(result.status, 0);
	assert_int_equal(kill((pid_t)strtol(result.out, NULL, 10), SIGKILL), 0);
	/* one that writes for ever */
	assert_int_equal(run_shell("yes & echo $! >&2", NULL, &result, NULL), 0);
	assert_true(seconds() - start < 25);
	(void)kill((pid_t)strtol(result.err, NULL, 10), SIGKILL); /* SIGPIPE may have been faster */
}

static void describes_signals(void **state)
{
	struct hk_child_result result;
	char text[700];

	(void)state;
	assert_int_equal(run_shell("kill -9 $$", NULL, &result, NULL), 0);
	assert_string_equal(hk_child_describe(&result, 0, text, sizeof(text)),
		"signal: killed, stdout: , stderr: ");
}

static void inherits_stdio_alone(void **state)
{
	struct hk_child_result result;
	int leaks[3];

	(void)state;
	for (size_t i = 0; i < HK_COUNT(leaks); i++) {
		leaks[i] =
			open("/dev/null", O_RDONLY); /* not close-on-exec, as a caller's may be */
		assert_true(leaks[i] >= 3);
	}
	assert_int_equal(run_shell("exec ls /proc/self/fd", NULL, &result, NULL), 0);
	assert_string_equal(result.out, "0\n1\n2\n3\n"); /* 3: ls' own view of the directory */
	for (size_t i = 0; i < HK_COUNT(leaks); i++)
		(void)close(leaks[i]);
}

static void resets_signals(void **state)
{
	struct hk_child_result result;
	sigset_t set, old, now;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGUSR1, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR2);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, &old), 0);
	assert_int_equal(
		run_shell("exec grep -E '^Sig(Blk|Ign)' /proc/self/status", NULL, &result, NULL),
		0);
	assert_string_equal(result.out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	/* ours are as they were */
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, &now), 0);
	assert_int_equal(sigismember(&now, SIGUSR2), 1);
	assert_int_equal(sigismember(&now, SIGTERM), 0);
	assert_true(signal(SIGPIPE, SIG_DFL) == SIG_IGN);
	(void)signal(SIGUSR1, SIG_DFL);
}

/* In a process whose own stdio is closed the pipes must not become 0, 1 or 2 half way. */
static void works_with_closed_stdio(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		struct hk_child child = {.input = "in"};
		struct hk_child_result result;

		(void)close(0);
		(void)close(1);
		(void)close(2);
		if (run_shell("cat; echo err >&2", &child, &result, NULL) < 0)
			_exit(1);
		_exit(strcmp(result.out, "in") != 0 || strcmp(result.err, "err\n") != 0 ? 2 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void leaks_nothing(void **state)
{
	char *argv[] = {"x", NULL};
	struct hk_child missing = {.path = "/nonexistent", .argv = argv};
	struct hk_child_result result;
	int before = count_fds();

	(void)state;
	assert_int_equal(run_shell("true", NULL, &result, NULL), 0);
	assert_true(hk_child_run(&missing, &result, NULL) < 0);
	assert_int_equal(count_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_start_time),
		cmocka_unit_test(outlives_its_first_thread),
		cmocka_unit_test(opens_that_very_process),
		cmocka_unit_test(a_dead_session_leader_is_gone),
		cmocka_unit_test(captures_output),
		cmocka_unit_test(keeps_the_beginning_of_much_output),
		cmocka_unit_test(writes_to_a_file),
		cmocka_unit_test(gives_input),
		cmocka_unit_test(survives_unread_input),
		cmocka_unit_test(env_null_is_ours_and_empty_is_empty),
		cmocka_unit_test(changes_directory),
		cmocka_unit_test(reports_what_cannot_start),
		cmocka_unit_test(kills_after_timeout),
		cmocka_unit_test(ends_with_its_owner),
		cmocka_unit_test(background_processes_do_not_hang_it),
		cmocka_unit_test(describes_signals),
		cmocka_unit_test(inherits_stdio_alone),
		cmocka_unit_test(resets_signals),
		cmocka_unit_test(works_with_closed_stdio),
		cmocka_unit_test(leaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
