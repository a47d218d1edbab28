/* The texts of cgroup files as numbers, and what is no such text. */
#include "cgroup/stats.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct hk_arena arena;

static int tear_down(void **state)
{
	(void)state;
	hk_arena_done(&arena);
	return 0;
}

static void test_number(void **state)
{
	static const char *const wrong[] = {
		"", " 1", "1 ", "-1", "maximum", "1\n2", "18446744073709551616"};
	uint64_t value;

	(void)state;
	assert_int_equal(hk_stats_parse_number("0", &value), 0);
	assert_true(value == 0);
	assert_int_equal(hk_stats_parse_number("18446744073709551615", &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(hk_stats_parse_number("max", &value), 0);
	assert_true(value == HK_STATS_UNLIMITED);
	for (size_t i = 0; i < HK_COUNT(wrong); i++)
		assert_int_equal(hk_stats_parse_number(wrong[i], &value), -EBADMSG);
}

static void test_numbers(void **state)
{
	struct hk_stats_numbers numbers;

	(void)state;
	assert_int_equal(hk_stats_parse_numbers("1 22 0 ", &arena, &numbers), 0);
	assert_int_equal(numbers.count, 3);
	assert_true(numbers.items[1] == 22);
	assert_int_equal(hk_stats_parse_numbers("", &arena, &numbers), 0);
	assert_int_equal(numbers.count, 0);
	assert_int_equal(hk_stats_parse_numbers("1 x", &arena, &numbers), -EBADMSG);
	assert_int_equal(hk_stats_parse_numbers("1,2", &arena, &numbers), -EBADMSG);
}

static void test_counters(void **state)
{
	static const char *const wrong[] = {"a", "a b", "a 1 2", " 1", "a 1\n\nb 2", "a -1"};
	struct hk_stats_counters counters;

	(void)state;
	assert_int_equal(
		hk_stats_parse_counters("cache 12\nrss 0\ntotal_rss 7", &arena, &counters), 0);
	assert_int_equal(counters.count, 3);
	assert_string_equal(counters.items[2].key, "total_rss");
	assert_true(hk_stats_counter(&counters, "cache") == 12);
	assert_true(hk_stats_counter(&counters, "rss") == 0);
	assert_true(hk_stats_counter(&counters, "total") == 0);
	assert_int_equal(hk_stats_parse_counters("", &arena, &counters), 0);
	assert_int_equal(counters.count, 0);
	for (size_t i = 0; i < HK_COUNT(wrong); i++)
		assert_int_equal(hk_stats_parse_counters(wrong[i], &arena, &counters), -EBADMSG);
}

static void test_usage_all(void **state)
{
	struct hk_stats_numbers user, kernel;

	(void)state;
	assert_int_equal(
		hk_stats_parse_usage_all("cpu user system\n0 8 16\n1 0 3", &arena, &user, &kernel),
		0);
	assert_int_equal(user.count, 2);
	assert_int_equal(kernel.count, 2);
	assert_true(user.items[0] == 8 && kernel.items[0] == 16 && kernel.items[1] == 3);
	assert_int_equal(hk_stats_parse_usage_all("", &arena, &user, &kernel), -EBADMSG);
	assert_int_equal(
		hk_stats_parse_usage_all("cpu user\n0 1", &arena, &user, &kernel), -EBADMSG);
	assert_int_equal(
		hk_stats_parse_usage_all("cpu user system\n0 1", &arena, &user, &kernel), -EBADMSG);
}

static void test_blkio(void **state)
{
	static const char *const wrong[] = {
		"8:0", "8 Read 1", "8:0 Read", "8:0 Read x", "8:0 Read 1 2", "x:0 Read 1"};
	struct hk_stats_ios ios;

	(void)state;
	assert_int_equal(hk_stats_parse_blkio(
				 "8:0 Read 4096\n8:0 Write 0\n253:16 99\nTotal 4096", &arena, &ios),
		0);
	assert_int_equal(ios.count, 3);
	assert_string_equal(ios.items[0].op, "Read");
	assert_true(ios.items[0].major == 8 && ios.items[0].value == 4096);
	assert_string_equal(ios.items[2].op, "");
	assert_true(ios.items[2].minor == 16 && ios.items[2].value == 99);
	assert_int_equal(hk_stats_parse_blkio("Total 0", &arena, &ios), 0);
	assert_int_equal(ios.count, 0);
	for (size_t i = 0; i < HK_COUNT(wrong); i++)
		assert_int_equal(hk_stats_parse_blkio(wrong[i], &arena, &ios), -EBADMSG);
}

static void test_io(void **state)
{
	struct hk_stats_ios bytes, serviced;

	(void)state;
	assert_int_equal(hk_stats_parse_io("8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
					   "8:16 \n8:32 cost.usage=9 rbytes=7",
				 &arena, &bytes, &serviced),
		0);
	assert_int_equal(bytes.count, 3);
	assert_int_equal(serviced.count, 2);
	assert_string_equal(bytes.items[1].op, "Write");
	assert_true(bytes.items[1].value == 2 && serviced.items[0].value == 3);
	assert_true(bytes.items[2].minor == 32 && bytes.items[2].value == 7);
	assert_int_equal(hk_stats_parse_io("", &arena, &bytes, &serviced), 0);
	assert_int_equal(hk_stats_parse_io("8 rbytes=1", &arena, &bytes, &serviced), -EBADMSG);
	assert_int_equal(hk_stats_parse_io("8:0 rbytes=x", &arena, &bytes, &serviced), -EBADMSG);
	/* more than there is room for */
	assert_int_equal(hk_stats_parse_io("8:0 rbytes=1 rbytes=1 rbytes=1 rbytes=1", &arena,
				 &bytes, &serviced),
		-EBADMSG);
}

static void test_psi(void **state)
{
	static const char *const wrong[] = {"some avg10=1 avg60=0.00 avg300=0.00 total=0",
		"some avg10=0.00 avg60=0.00 total=0",
		"some avg10=0.001 avg60=0.00 avg300=0.00 total=0",
		"some avg10=0.00 avg60=0.00 avg300=0.00 total=",
		"full avg10=101.00 avg60=0.00 avg300=0.00 total=0"};
	struct hk_stats_psi psi = {0};

	(void)state;
	assert_int_equal(hk_stats_parse_psi("some avg10=12.34 avg60=0.05 avg300=100.00 total=99\n"
					    "full avg10=0.00 avg60=1.00 avg300=0.10 total=18",
				 &psi),
		0);
	assert_true(psi.set);
	assert_int_equal(psi.some.avg10, 1234);
	assert_int_equal(psi.some.avg60, 5);
	assert_int_equal(psi.some.avg300, 10000);
	assert_true(psi.some.total == 99 && psi.full.total == 18);
	assert_int_equal(psi.full.avg300, 10);
	for (size_t i = 0; i < HK_COUNT(wrong); i++)
		if (hk_stats_parse_psi(wrong[i], &psi) != -EBADMSG)
			fail_msg("'%s' is taken", wrong[i]);
	assert_int_equal(hk_stats_parse_psi("", &psi), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_number, tear_down),
		cmocka_unit_test_teardown(test_numbers, tear_down),
		cmocka_unit_test_teardown(test_counters, tear_down),
		cmocka_unit_test_teardown(test_usage_all, tear_down),
		cmocka_unit_test_teardown(test_blkio, tear_down),
		cmocka_unit_test_teardown(test_io, tear_down),
		cmocka_unit_test_teardown(test_psi, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
