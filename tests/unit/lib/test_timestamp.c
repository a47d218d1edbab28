/* Dates: compared with the C library's for many days, and some known ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/timestamp.h"

#include <stdio.h>
#include <time.h>

static void known(void **state)
{
	struct hk_arena arena = {0};

	(void)state;
	assert_string_equal(hk_timestamp_of(0, 0, &arena), "1970-01-01T00:00:00.000000000Z");
	assert_string_equal(
		hk_timestamp_of(951827696, 123456789, &arena), "2000-02-29T12:34:56.123456789Z");
	assert_string_equal(
		hk_timestamp_of(4107542399, 999999999, &arena), "2100-02-28T23:59:59.999999999Z");
	assert_string_equal(
		hk_timestamp_of(4107542400, 1, &arena), "2100-03-01T00:00:00.000000001Z");
	hk_arena_done(&arena);
}

static void as_the_c_library(void **state)
{
	struct hk_arena arena = {0};
	char want[64];

	(void)state;
	for (time_t t = 0; t < (time_t)500 * 365 * 86400; t += 86400 * 3 + 12345) {
		struct tm tm;

		assert_non_null(gmtime_r(&t, &tm));
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.000000007Z", &tm);
		assert_string_equal(hk_timestamp_of(t, 7, &arena), want);
	}
	hk_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known),
		cmocka_unit_test(as_the_c_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
