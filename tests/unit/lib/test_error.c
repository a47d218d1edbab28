/* The public error: its texts, its hints, and how an error without words is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/errors.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void full(void **state)
{
	struct hk_err err = {0};
	hako_error *error = NULL;

	(void)state;
	assert_int_equal(hk_fail(&err, EPERM, "mount sysfs on '%s'", "/sys"), -EPERM);
	(void)hk_err_at(&err, "/mounts/3");
	(void)snprintf(err.position, sizeof(err.position), "config.json:41:17");
	(void)snprintf(err.step, sizeof(err.step), "mount");
	assert_int_equal(hk_give(-EPERM, &err, &error), -EPERM);
	assert_int_equal(hako_error_code(error), EPERM);
	assert_string_equal(hako_error_property(error), "/mounts/3");
	assert_string_equal(hako_error_position(error), "config.json:41:17");
	assert_string_equal(hako_error_step(error), "mount");
	assert_string_equal(
		hako_error_message(error), "mount sysfs on '/sys': operation not permitted");
	assert_string_equal(hako_error_text(error),
		"config.json:41:17 /mounts/3: mount sysfs on '/sys': operation not permitted");
	assert_non_null(strstr(hako_error_hint(error), "network namespace"));
	hako_error_free(error);
}

static void bare(void **state)
{
	struct hk_err err = {0};
	hako_error *error = NULL;

	(void)state;
	assert_int_equal(hk_refuse(&err, ESRCH, "container not running"), -ESRCH);
	assert_int_equal(hk_give(-ESRCH, &err, &error), -ESRCH);
	assert_string_equal(hako_error_text(error), "container not running");
	assert_string_equal(hako_error_hint(error), "");
	assert_string_equal(hako_error_property(error), "");
	hako_error_free(error);
}

static void own_hint_wins(void **state)
{
	struct hk_err err = {0};
	hako_error *error = NULL;

	(void)state;
	(void)hk_fail(&err, EPERM, "mount sysfs");
	(void)snprintf(err.step, sizeof(err.step), "mount");
	hk_err_hint(&err, "do this");
	(void)hk_give(-EPERM, &err, &error);
	assert_string_equal(hako_error_hint(error), "do this");
	hako_error_free(error);
}

static void hostile(void **state)
{
	struct hk_err err = {0};
	hako_error *error = NULL;

	(void)state;
	(void)hk_refuse(&err, EINVAL, "bad\nid \x1b[31m");
	(void)hk_give(-EINVAL, &err, &error);
	assert_null(strchr(hako_error_text(error), '\n'));
	assert_null(strchr(hako_error_text(error), '\x1b'));
	hako_error_free(error);
}

static void long_message(void **state)
{
	struct hk_err err = {0};
	hako_error *error = NULL;
	char words[2000];

	(void)state;
	memset(words, 'x', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	(void)hk_fail(&err, ENOENT, "%s", words);
	(void)hk_give(-ENOENT, &err, &error);
	assert_true(strlen(hako_error_text(error)) <= 1024);
	assert_non_null(strstr(hako_error_text(error), ": no such file or directory"));
	hako_error_free(error);
}

static void nothing_said(void **state)
{
	struct hk_err err = {0};
	hako_error *error = NULL;

	(void)state;
	assert_int_equal(hk_give(-EIO, &err, &error), -EIO);
	assert_int_equal(hako_error_code(error), EIO);
	hako_error_free(error);
}

static void success_and_no_place(void **state)
{
	struct hk_err err = {0};
	hako_error *error = NULL;

	(void)state;
	assert_int_equal(hk_give(3, &err, &error), 3);
	assert_null(error);
	assert_int_equal(hk_give(-EIO, &err, NULL), -EIO);
	hako_error_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full),
		cmocka_unit_test(bare),
		cmocka_unit_test(own_hint_wins),
		cmocka_unit_test(hostile),
		cmocka_unit_test(long_message),
		cmocka_unit_test(nothing_said),
		cmocka_unit_test(success_and_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
