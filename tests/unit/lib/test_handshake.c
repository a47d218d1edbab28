/* What a runtime makes of the init stage's words, and of its silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "lib/handshake.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct hk_err refused(void)
{
	struct hk_err err = {0};

	(void)hk_fail(&err, ENOEXEC, "exec /x");
	return err;
}

/* The outcome where these bytes came from that process and then the end. */
static int outcome_from(pid_t pid, const void *bytes, size_t size, struct hk_err *err)
{
	HK_FD int pidfd = hk_sys_pidfd_open(pid);
	HK_FD int result = -1;
	int ends[2];

	assert_true(pidfd >= 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	result = ends[0];
	assert_int_equal(hk_write_full(ends[1], bytes, size), 0);
	hk_close(&ends[1]);
	return hk_handshake_await(result, pidfd, err);
}

/* Of one that lives on, so that only the pipe tells. */
static int outcome_of(const void *bytes, size_t size, struct hk_err *err)
{
	return outcome_from(getpid(), bytes, size, err);
}

static void test_executed(void **state)
{
	(void)state;
	assert_int_equal(outcome_of("0", 1, NULL), 0);
}

static void test_killed_before(void **state)
{
	struct hk_err err = {0};
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(outcome_from(pid, "", 0, &err), -ESRCH);
	assert_int_equal(err.code, ESRCH);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* An older init stage. */
static void test_executed_without_a_word(void **state)
{
	(void)state;
	assert_int_equal(outcome_of("", 0, NULL), 0);
}

static void test_a_step_failed(void **state)
{
	struct hk_err theirs = refused(), err = {0};

	(void)state;
	assert_int_equal(outcome_of(&theirs, sizeof(theirs), &err), -ENOEXEC);
	assert_string_equal(err.message, "exec /x");
}

static void test_execve_failed(void **state)
{
	struct hk_err theirs = refused(), err = {0};
	char said[1 + sizeof(theirs)] = "0";

	(void)state;
	memcpy(said + 1, &theirs, sizeof(theirs));
	assert_int_equal(outcome_of(said, sizeof(said), &err), -ENOEXEC);
	assert_string_equal(err.message, "exec /x");
}

static void test_nonsense(void **state)
{
	struct hk_err none = {0};

	(void)state;
	assert_int_equal(outcome_of("00", 2, NULL), -EPROTO);
	assert_int_equal(outcome_of(&none, sizeof(none), NULL), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_executed),
		cmocka_unit_test(test_killed_before),
		cmocka_unit_test(test_executed_without_a_word),
		cmocka_unit_test(test_a_step_failed),
		cmocka_unit_test(test_execve_failed),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
