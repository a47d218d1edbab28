/* Hooks on the host: order, state on stdin, cwd, environment, failure and timeout texts. */
#include "base/err.h"
#include "base/fd.h"
#include "stage/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/hako-hooks-XXXXXX";
static char logged[4096];

static void sink(void *userdata, enum hk_log_level level, const char *message)
{
	(void)userdata;
	assert_int_equal(level, HK_LOG_WARNING);
	strcat(logged, message);
	strcat(logged, "\n");
}

static const char *read_out(void)
{
	static char text[4096];
	HK_FD int fd = -1;
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/out", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return "";
	assert_true(hk_read_string(fd, text, sizeof(text)) >= 0);
	assert_int_equal(unlink(path), 0);
	return text;
}

static int run_hooks(struct hk_hook *list, size_t count, bool all, struct hk_err *err)
{
	static struct hk_pair pairs[] = {{"k", "a/b"}};
	struct hk_pairs annotations = {pairs, 1};
	struct hk_hook_state state = {"web", dir, &annotations};
	struct hk_log log = {HK_LOG_WARNING, sink, NULL};
	struct hk_hooks hooks = {0};
	enum hk_hook_point point = all ? HK_HOOK_POSTSTOP : HK_HOOK_CREATE_RUNTIME;

	hooks.at[point].items = list;
	hooks.at[point].count = count;
	if (!all)
		return hk_hooks_run(&hooks, point, &state, "creating", 4711, err);
	hk_hooks_run_all(&hooks, point, &state, "stopped", &log);
	return 0;
}

#define SHELL(...)                                                                                 \
	{                                                                                          \
		.path = "/bin/sh", .args = {(const char *[]){"sh", "-c", __VA_ARGS__}, 3 }         \
	}

static void test_state_and_cwd(void **state)
{
	struct hk_hook list[] = {SHELL("pwd >out; cat >>out"), SHELL("echo second >>out")};
	struct hk_err err = {0};
	char expected[512];

	(void)state;
	assert_int_equal(run_hooks(list, 2, false, &err), 0);
	(void)snprintf(expected, sizeof(expected),
		"%s\n{\"ociVersion\":\"" HK_SPEC_VERSION
		"\",\"id\":\"web\",\"status\":\"creating\","
		"\"pid\":4711,\"bundle\":\"%s\",\"annotations\":{\"k\":\"a/b\"}}second\n",
		dir, dir);
	assert_string_equal(read_out(), expected);
	assert_int_equal(err.code, 0);
}

static void test_environment(void **state)
{
	struct hk_hook list[] = {SHELL("echo \"$FROM_TEST $FROM_HOOK\" >>out"),
		SHELL("echo \"$FROM_TEST $FROM_HOOK\" >>out")};
	struct hk_err err;

	(void)state;
	assert_int_equal(setenv("FROM_TEST", "test", 1), 0);
	list[1].has_env = true;
	list[1].env = (struct hk_strings){(const char *[]){"FROM_HOOK=hook"}, 1};
	assert_int_equal(run_hooks(list, 2, false, &err), 0);
	assert_string_equal(read_out(), "test \n hook\n");
}

static void test_argv(void **state)
{
	struct hk_hook no_args[] = {{.path = "/bin/true"}};
	struct hk_hook own_name[] = {
		{.path = "/bin/sh", .args = {(const char *[]){"other", "-c", "echo $0 >out"}, 3}}};
	struct hk_err err;

	(void)state;
	assert_int_equal(run_hooks(no_args, 1, false, &err), 0);
	assert_int_equal(run_hooks(own_name, 1, false, &err), 0);
	assert_string_equal(read_out(), "other\n");
}

static void test_failure_stops(void **state)
{
	struct hk_hook list[] = {
		SHELL("true"), SHELL("echo out; echo err >&2; exit 3"), SHELL("echo never >out")};
	struct hk_err err;

	(void)state;
	assert_int_equal(run_hooks(list, 3, false, &err), -EIO);
	assert_string_equal(err.message,
		"error running createRuntime hook #1: exit status 3, stdout: out\n, stderr: err\n");
	assert_string_equal(err.property, "/hooks/createRuntime/1");
	assert_string_equal(read_out(), "");
	assert_int_equal(run_hooks(list, 3, false, NULL), -EIO);
}

static void test_missing_program(void **state)
{
	struct hk_hook list[] = {{.path = "/nonexistent/hook"}};
	struct hk_err err;

	(void)state;
	assert_int_equal(run_hooks(list, 1, false, &err), -ENOENT);
	assert_int_equal(strncmp(err.message, "error running createRuntime hook #0: ", 37), 0);
	assert_string_equal(err.property, "/hooks/createRuntime/0");
}

static void test_timeout(void **state)
{
	struct hk_hook list[] = {SHELL("sleep 60")};
	struct hk_err err;

	(void)state;
	list[0].has_timeout = true;
	list[0].timeout = 1;
	assert_int_equal(run_hooks(list, 1, false, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.message, "hook ran past specified timeout of 1.0s"));
}

/* poststop: a failure is a warning, and the rest runs. */
static void test_all_run(void **state)
{
	struct hk_hook list[] = {SHELL("exit 1"), {.path = "/nonexistent"}, SHELL("cat >out")};

	(void)state;
	logged[0] = '\0';
	assert_int_equal(run_hooks(list, 3, true, NULL), 0);
	assert_non_null(strstr(logged, "error running poststop hook #0: exit status 1"));
	assert_non_null(strstr(logged, "error running poststop hook #1: "));
	assert_non_null(strstr(logged, "no such file or directory"));
	assert_non_null(strstr(read_out(), "\"status\":\"stopped\",\"pid\":0,"));
}

static void test_unread_stdin(void **state)
{
	struct hk_hook list[] = {SHELL("exec <&-; exit 0")};
	struct hk_err err;

	(void)state;
	assert_int_equal(run_hooks(list, 1, false, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state_and_cwd),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_argv),
		cmocka_unit_test(test_failure_stops),
		cmocka_unit_test(test_missing_program),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_all_run),
		cmocka_unit_test(test_unread_stdin),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	return rmdir(dir) < 0 ? 1 : failed;
}
