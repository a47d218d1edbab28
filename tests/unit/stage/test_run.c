/* Whole containers through hk_stage_run: the real init image, built plans, and what happens when
 * one side fails or dies. */
#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "plan/build.h"
#include "stage/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char bundle[] = "/tmp/hako-run-XXXXXX";

/* One container: what goes in, and what was seen of it. */
struct box {
	const char *namespaces; /* members of linux */
	const char *process;	/* more members of process, with a comma behind */
	const char *top;	/* more members of the whole, with a comma behind */
	const char *mounts;	/* more mounts, each with a comma before */
	const char *shell;	/* what it runs */
	unsigned int uid;
	uint32_t preserve_fds;
	bool held;    /* do not say start */
	bool crossed; /* its stdout is our 2, its stderr our 1 */

	/* events */
	int spawned;
	int hooks;
	int ready;
	pid_t pids[2]; /* that spawned was called with */
	int fail_at;   /* of the events: return EXDEV */
	int kill_at;   /* of the events: kill the process instead */

	struct hk_spec spec;
	struct hk_arena arena;
	struct hk_stage_process process_of;
	struct hk_err err;
	char out[4096]; /* stdout of the program, after finish() */
	int out_fd;
	int start_fd;
	int result_fd;
};

enum { NEVER, SPAWNED, HOOKS, READY };

#define ALL_NAMESPACES                                                                             \
	"{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"uts\"},{\"type\":\"ipc\"},"           \
	"{\"type\":\"network\"}"
#define DIRECT "\"namespaces\":[" ALL_NAMESPACES "]"
#define STAGED                                                                                     \
	"\"namespaces\":[" ALL_NAMESPACES ",{\"type\":\"user\"}],"                                 \
	"\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}],"                  \
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]"

static int event(struct box *b, int which, pid_t pid, struct hk_err *err)
{
	if (b->kill_at == which)
		assert_int_equal(kill(pid, SIGKILL), 0);
	if (b->fail_at == which)
		return hk_refuse(err, EXDEV, "event %d said no", which);
	return 0;
}

static int on_spawned(void *userdata, pid_t pid, uint64_t start_time, struct hk_err *err)
{
	struct box *b = userdata;

	assert_true(start_time > 0);
	assert_in_range(b->spawned, 0, 1);
	b->pids[b->spawned++] = pid;
	return event(b, SPAWNED, pid, err);
}

static int on_hooks(void *userdata, pid_t pid, struct hk_err *err)
{
	struct box *b = userdata;

	assert_int_equal(b->ready, 0);
	b->hooks++;
	return event(b, HOOKS, pid, err);
}

static int on_ready(void *userdata, pid_t pid, struct hk_err *err)
{
	struct box *b = userdata;

	b->ready++;
	return event(b, READY, pid, err);
}

static void to_stderr(void *userdata, enum hk_log_level level, const char *message)
{
	(void)userdata;
	(void)level;
	(void)fprintf(stderr, "log: %s\n", message);
}

static const struct hk_plan *build(struct box *b)
{
	char config[4096], rootfs[64];
	struct hk_plan_options options = {
		.id = "test", .bundle = bundle, .rootfs = rootfs, .preserve_fds = b->preserve_fds};
	const struct hk_plan *plan;
	struct hk_facts facts;

	(void)snprintf(rootfs, sizeof(rootfs), "%s/rootfs", bundle);
	(void)snprintf(config, sizeof(config),
		"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"rootfs\"},\"hostname\":\"box\",%s"
		"\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":%u,\"gid\":0},%s"
		"\"args\":[\"/bin/busybox\",\"sh\",\"-c\",\"%s\"],\"env\":[\"PATH=/bin\"]},"
		"\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
		"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}%s],"
		"\"linux\":{%s}}",
		b->top ? b->top : "", b->uid, b->process ? b->process : "", b->shell,
		b->mounts ? b->mounts : "", b->namespaces);
	if (hk_spec_parse(config, strlen(config), "config.json", &b->spec, &b->err) < 0 ||
		hk_spec_validate(&b->spec, &b->err) < 0 ||
		hk_facts_probe(&b->spec, &facts, &b->err) < 0 ||
		hk_plan_build(&b->spec, &facts, &options, &b->arena, &plan, &b->err) < 0)
		fail_msg("%s: %s", b->err.property, b->err.message);
	return plan;
}

static int run(struct box *b)
{
	struct hk_log log = {HK_LOG_WARNING, to_stderr, NULL};
	struct hk_stage_options options = {
		.plan = build(b),
		.spec = &b->spec,
		.stdio = {-1, -1, -1},
		.cgroup_v2_fd = -1,
		.preserve_fds = b->preserve_fds,
		.log = &log,
		.events = {.spawned = on_spawned,
			.hooks = on_hooks,
			.ready = on_ready,
			.userdata = b},
	};
	int start[2], result[2], out[2], saved, r;

	for (int i = 0; i < HK_SLOT_COUNT; i++)
		options.slots[i] = -1;
	assert_int_equal(
		pipe2(start, O_CLOEXEC) | pipe2(result, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
	options.slots[HK_SLOT_START] = start[0];
	options.slots[HK_SLOT_RESULT] = result[1];
	options.stdio[1] = out[1];
	if (!b->held)
		assert_int_equal(write(start[1], "0", 1), 1);
	saved = fcntl(2, F_DUPFD_CLOEXEC, 10);
	if (b->crossed) {
		assert_int_equal(dup2(out[1], 2), 2);
		options.stdio[1] = 2;
		options.stdio[2] = 1;
	}
	r = hk_stage_run(&options, &b->process_of, &b->err);
	assert_int_equal(dup2(saved, 2), 2);
	close(saved);
	close(start[0]);
	close(result[1]);
	close(out[1]);
	b->start_fd = start[1];
	b->result_fd = result[0];
	b->out_fd = out[0];
	return r;
}

/* The rest of its life. Returns how it ended, as waitpid says; -1 where there was none. */
static int finish(struct box *b, int r)
{
	char said[1 + sizeof(struct hk_err)];
	struct hk_err error;
	int status = -1;
	ssize_t n;

	n = hk_read_string(b->out_fd, b->out, sizeof(b->out));
	assert_true(n >= 0);
	if (r == 0) {
		n = read(b->result_fd, said, sizeof(said));
		if (n >=
			(ssize_t)sizeof(error)) { /* behind the byte of the step exec, or without */
			memcpy(&error, said + n - sizeof(error), sizeof(error));
			fail_msg("start: %s: %s (%d)", error.step, error.message, error.code);
		}
		assert_int_equal(waitpid(b->process_of.pid, &status, 0), b->process_of.pid);
		close(b->process_of.pidfd);
	}
	/* nothing of it is left to wait for */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	close(b->start_fd);
	close(b->result_fd);
	close(b->out_fd);
	hk_spec_done(&b->spec);
	hk_arena_done(&b->arena);
	return status;
}

static void expect_run(struct box *b)
{
	int r = run(b);

	if (r < 0)
		(void)fprintf(stderr, "%s %s: %s: %s\n", b->err.step, b->err.property,
			b->err.message, strerror(b->err.code));
	assert_int_equal(r, 0);
	assert_int_equal(finish(b, r), 0);
}

static void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

static void test_direct(void **state)
{
	struct box b = {.namespaces = DIRECT,
		.shell = "echo $$ $PATH; busybox hostname; busybox id -u; ls / | busybox tr "
			 "'\\\\n' ' '"};

	(void)state;
	need_root();
	expect_run(&b);
	assert_string_equal(b.out, "1 /bin\nbox\n0\nbin dev proc ");
	assert_int_equal(b.spawned, 1);
	assert_int_equal(b.ready, 1);
	assert_int_equal(b.pids[0], b.process_of.pid);
}

static void test_user_namespace(void **state)
{
	struct box b = {.namespaces = STAGED,
		.shell = "echo $$; busybox id -u; busybox cat /proc/self/uid_map"};

	(void)state;
	need_root();
	expect_run(&b);
	assert_string_equal(b.out, "1\n0\n         0     100000      65536\n");
	assert_int_equal(b.spawned, 2);
	assert_int_not_equal(b.pids[0], b.pids[1]);
	assert_int_equal(b.pids[1], b.process_of.pid);
}

static void test_loopback(void **state)
{
	struct box b = {.namespaces = DIRECT, .shell = "busybox ip -o link show lo"};

	(void)state;
	need_root();
	expect_run(&b);
	assert_non_null(strstr(b.out, "LOOPBACK,UP"));
}

static void test_rlimits(void **state)
{
	struct box b = {.namespaces = DIRECT,
		.process = "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":77,\"hard\":88}],",
		.shell = "ulimit -Sn; ulimit -Hn"};

	(void)state;
	need_root();
	expect_run(&b);
	assert_string_equal(b.out, "77\n88\n");
}

/* Root without CAP_SYS_RESOURCE may lower its own limits only: they are set before the switch. */
static void test_rlimits_of_another_user(void **state)
{
	struct box b = {.namespaces = DIRECT,
		.uid = 1000,
		.process = "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":77,\"hard\":88}],",
		.shell = "ulimit -Sn; ulimit -Hn; busybox id -u"};

	(void)state;
	need_root();
	expect_run(&b);
	assert_string_equal(b.out, "77\n88\n1000\n");
}

/* 0, 1, 2 and no more; no signal ignored or blocked, whatever the caller does. */
static void test_nothing_leaks(void **state)
{
	struct box b = {.namespaces = DIRECT,
		.shell = "busybox ls /proc/self/fd; busybox grep -E 'Sig(Ign|Blk)' "
			 "/proc/self/status"};
	int leak = dup(1); /* not close-on-exec */
	sigset_t block, old;

	(void)state;
	need_root();
	(void)sigemptyset(&block);
	(void)sigaddset(&block, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &block, &old);
	(void)signal(SIGUSR2, SIG_IGN);
	expect_run(&b);
	(void)signal(SIGUSR2, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	close(leak);
	/* 3 is ls's own, and the shell of busybox ignores SIGQUIT (3) itself */
	assert_string_equal(b.out, "0\n1\n2\n3\n"
				   "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000004\n");
}

static void test_crossed_stdio(void **state)
{
	struct box b = {.namespaces = DIRECT, .shell = "echo out; echo err >&2", .crossed = true};

	(void)state;
	need_root();
	expect_run(&b);
	assert_string_equal(b.out, "out\n");
}

/* A caller without stdin: the number is not taken by something else, here a slot of the plan. */
static void test_closed_stdin(void **state)
{
	struct box b = {.namespaces = DIRECT, .shell = "busybox cat; busybox ls /proc/self/fd"};
	int saved = fcntl(0, F_DUPFD_CLOEXEC, 10);

	(void)state;
	need_root();
	close(0);
	expect_run(&b);
	if (saved >= 0)
		(void)dup2(saved, 0);
	close(saved);
	assert_string_equal(b.out, "0\n1\n2\n3\n");
}

static void test_preserved_fds(void **state)
{
	struct box b = {.namespaces = DIRECT,
		.shell = "busybox cat <&3; busybox ls /proc/self/fd",
		.preserve_fds = 1};
	int saved, ends[2];

	(void)state;
	need_root();
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "hello\n", 6), 6);
	close(ends[1]);
	saved = fcntl(3, F_DUPFD_CLOEXEC, 10);
	assert_int_equal(dup3(ends[0], 3, O_CLOEXEC) < 0 && ends[0] != 3, 0);
	expect_run(&b);
	close(3);
	if (saved >= 0) {
		(void)dup2(saved, 3);
		close(saved);
	}
	assert_string_equal(b.out, "hello\n0\n1\n2\n3\n4\n");
}

/* The container's root may not walk there, the runtime may: it opens the source. */
static void test_bind_source_of_the_runtime(void **state)
{
	struct box b = {.namespaces = STAGED, .shell = "busybox cat /dev/m/file"};
	char dir[64], inner[80], file[96], mounts[256];
	int fd;

	(void)state;
	need_root();
	(void)snprintf(dir, sizeof(dir), "%s/secret", bundle);
	(void)snprintf(inner, sizeof(inner), "%s/inner", dir);
	(void)snprintf(file, sizeof(file), "%s/file", inner);
	assert_int_equal(mkdir(dir, 0700) | mkdir(inner, 0755), 0);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, "seen\n", 5), 5);
	close(fd);
	(void)snprintf(mounts, sizeof(mounts),
		",{\"destination\":\"/dev/m\",\"type\":\"bind\",\"source\":\"%s\","
		"\"options\":[\"rbind\",\"ro\"]}",
		inner);
	b.mounts = mounts;
	expect_run(&b);
	assert_string_equal(b.out, "seen\n");
}

static void test_waits_for_start(void **state)
{
	struct box b = {.namespaces = DIRECT, .shell = "echo started", .held = true};
	struct pollfd out;
	int r;

	(void)state;
	need_root();
	r = run(&b);
	assert_int_equal(r, 0);
	out = (struct pollfd){.fd = b.out_fd, .events = POLLIN};
	assert_int_equal(poll(&out, 1, 200), 0);
	assert_int_equal(write(b.start_fd, "0", 1), 1);
	assert_int_equal(finish(&b, r), 0);
	assert_string_equal(b.out, "started\n");
}

static void expect_failure(struct box *b, int code)
{
	int r = run(b);

	assert_int_equal(r, -code);
	assert_int_equal(b->err.code, code);
	(void)finish(b, r);
	assert_string_equal(b->out, "");
}

static void test_missing_program(void **state)
{
	struct box b = {.namespaces = DIRECT, .shell = "x"};
	char path[64], aside[64];

	(void)state;
	need_root();
	(void)snprintf(path, sizeof(path), "%s/rootfs/bin/busybox", bundle);
	(void)snprintf(aside, sizeof(aside), "%s/busybox", bundle);
	assert_int_equal(rename(path, aside), 0);
	expect_failure(&b, ENOENT);
	assert_int_equal(rename(aside, path), 0);
	assert_string_equal(b.err.step, "lookup");
	assert_non_null(strstr(b.err.message, "/bin/busybox"));
	assert_int_equal(b.ready, 0);
}

/* The kernel has an upper bound even for who has CAP_SYS_RESOURCE (fs.nr_open). */
static void test_refused_rlimit(void **state)
{
	struct box b = {.namespaces = DIRECT,
		.shell = "x",
		.process = "\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":0},"
			   "{\"type\":\"RLIMIT_NOFILE\",\"soft\":10,\"hard\":99999999999}],"};

	(void)state;
	need_root();
	expect_failure(&b, EPERM);
	assert_string_equal(b.err.property, "/process/rlimits/1");
	assert_string_equal(b.err.message, "set RLIMIT_NOFILE to soft 10, hard 99999999999");
}

static void test_events_can_refuse(void **state)
{
	static const char *const kinds[] = {DIRECT, STAGED};

	(void)state;
	need_root();
	for (size_t i = 0; i < HK_COUNT(kinds); i++) {
		for (int at = SPAWNED; at <= READY; at++) {
			struct box b = {.namespaces = kinds[i],
				.shell = "echo never",
				.top = "\"hooks\":{\"createRuntime\":[{\"path\":\"/bin/true\"}]},",
				.fail_at = at};

			expect_failure(&b, EXDEV);
			assert_int_equal(b.hooks, at >= HOOKS);
			assert_int_equal(b.ready, at >= READY);
		}
	}
}

static void test_death_at_any_point(void **state)
{
	static const char *const kinds[] = {DIRECT, STAGED};

	(void)state;
	need_root();
	for (size_t i = 0; i < HK_COUNT(kinds); i++) {
		for (int at = SPAWNED; at <= HOOKS; at++) {
			struct box b = {.namespaces = kinds[i],
				.shell = "echo never",
				.top = "\"hooks\":{\"createRuntime\":[{\"path\":\"/bin/true\"}]},",
				.kill_at = at};
			int r = run(&b);

			assert_true(r < 0);
			assert_true(b.err.code > 0);
			(void)finish(&b, r);
			assert_string_equal(b.out, "");
		}
	}
}

static void test_killed_by_signal_is_told(void **state)
{
	struct box b = {.namespaces = DIRECT, .shell = "x", .kill_at = SPAWNED};

	(void)state;
	need_root();
	expect_failure(&b, ECHILD);
	assert_string_equal(b.err.message, "the init stage was killed by signal 9");
	assert_non_null(strstr(b.err.hint, "memory limit"));
}

static void test_preserved_fds_must_exist(void **state)
{
	struct hk_plan plan = {.size = sizeof(plan)};
	struct hk_stage_options options = {
		.plan = &plan, .stdio = {-1, -1, -1}, .cgroup_v2_fd = -1, .preserve_fds = 500};
	struct hk_stage_process process;
	struct hk_err err;

	(void)state;
	assert_int_equal(hk_stage_run(&options, &process, &err), -EBADF);
	assert_int_equal(strncmp(err.message, "preserve file descriptor ", 25), 0);
}

/* A plan that is none: the init stage says so, and nothing hangs. */
static void test_broken_plan(void **state)
{
	struct hk_plan plan = {.magic = 1, .size = sizeof(plan)};
	struct hk_spec spec = {0};
	struct hk_stage_options options = {
		.plan = &plan, .spec = &spec, .stdio = {-1, -1, -1}, .cgroup_v2_fd = -1};
	struct hk_stage_process process;
	struct hk_err err;

	(void)state;
	for (int i = 0; i < HK_SLOT_COUNT; i++)
		options.slots[i] = -1;
	assert_int_equal(hk_stage_run(&options, &process, &err), -EPROTO);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static int make_bundle(void)
{
	char command[512];

	if (!mkdtemp(bundle) || chmod(bundle, 0755) < 0)
		return -1;
	(void)snprintf(command, sizeof(command),
		"mkdir -p %s/rootfs/bin %s/rootfs/proc %s/rootfs/dev && cp /bin/busybox "
		"%s/rootfs/bin/ && "
		"ln -s busybox %s/rootfs/bin/sh && ln -s busybox %s/rootfs/bin/ls",
		bundle, bundle, bundle, bundle, bundle, bundle);
	return system(command);
}

static int remove_bundle(void)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf --one-file-system %s", bundle);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broken_plan),
		cmocka_unit_test(test_preserved_fds_must_exist),
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_user_namespace),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_rlimits),
		cmocka_unit_test(test_rlimits_of_another_user),
		cmocka_unit_test(test_nothing_leaks),
		cmocka_unit_test(test_crossed_stdio),
		cmocka_unit_test(test_closed_stdin),
		cmocka_unit_test(test_preserved_fds),
		cmocka_unit_test(test_bind_source_of_the_runtime),
		cmocka_unit_test(test_waits_for_start),
		cmocka_unit_test(test_missing_program),
		cmocka_unit_test(test_refused_rlimit),
		cmocka_unit_test(test_events_can_refuse),
		cmocka_unit_test(test_death_at_any_point),
		cmocka_unit_test(test_killed_by_signal_is_told),
	};
	int failed;

	(void)alarm(60); /* a hang is a failure */
	if (make_bundle() != 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	return remove_bundle() != 0 ? 1 : failed;
}
