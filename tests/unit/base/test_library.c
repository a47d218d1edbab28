/* What is said of a library that cannot be loaded. */
#include "base/library.h"

#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct table {
	size_t (*length)(const char *text);
};

static int load(const char *name, const char *function, struct table *ret, struct hk_err *err)
{
	const struct hk_library_function functions[] = {{function, offsetof(struct table, length)}};
	const struct hk_library library = {.name = name,
		.purpose = "a test",
		.hint = "install it",
		.functions = functions,
		.function_count = HK_COUNT(functions)};

	return hk_library_load(&library, ret, err);
}

static void test_found(void **state)
{
	struct table table = {0};

	(void)state;
	assert_int_equal(load("libm.so.6", "strlen", &table, NULL), 0);
	assert_int_equal(table.length("four"), 4);
}

static void test_missing(void **state)
{
	struct table table = {0};
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(load("libnone.so.7", "strlen", &table, &err), -ENOTSUP);
	assert_ptr_equal(strstr(err.message, "load libnone.so.7 for a test: "), err.message);
	assert_string_equal(err.hint, "install it");
}

static void test_too_old(void **state)
{
	struct table table = {0};
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(load("libm.so.6", "of_tomorrow", &table, &err), -ENOTSUP);
	assert_string_equal(err.message, "find of_tomorrow in libm.so.6: it is too old");
	assert_null(table.length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_too_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
