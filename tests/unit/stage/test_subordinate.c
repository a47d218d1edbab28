/* Whose ids the lines of subuid(5) are. */
#include "stage/subordinate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define U64_MAX "18446744073709551615"

static void test_lines(void **state)
{
	char text[] =
		"web:100000:65536\nweb:165536:10\nother:200000:5\n1000:165546:1\n\nweb\nweb:1\n"
		"web:x:5\nweb:5:x\nweb:7:0\nweb:2:" U64_MAX "\nweb:300000:5";
	static const struct {
		uint64_t first, count;
		bool given;
	} cases[] = {
		{100000, 65536, true},
		{100005, 1, true},
		{99999, 2, false},
		{165535, 2, true},     /* newuidmap joins lines that adjoin */
		{100000, 65547, true}, /* of the number as well */
		{100000, 65548, false},
		{200000, 1, false},
		{7, 1, false},
		{3, 1, false},
		{300000, 5, true},
		{300000, 6, false},
	};
	struct hk_arena arena = {0};
	struct hk_id_ranges ranges;

	(void)state;
	assert_int_equal(hk_subordinate_parse(text, "web", 1000, &arena, &ranges), 0);
	assert_int_equal(ranges.count, 4);
	for (size_t i = 0; i < HK_COUNT(cases); i++)
		assert_int_equal(hk_subordinate_cover(&ranges, cases[i].first, cases[i].count),
			cases[i].given);
	hk_arena_done(&arena);
}

static void test_nobody(void **state)
{
	char text[] = "";
	struct hk_arena arena = {0};
	struct hk_id_ranges ranges;

	(void)state;
	assert_int_equal(hk_subordinate_parse(text, "web", 1000, &arena, &ranges), 0);
	assert_false(hk_subordinate_cover(&ranges, 1, 1));
	assert_int_equal(hk_subordinate_parse(NULL, "web", 1000, &arena, &ranges), 0);
	assert_int_equal(ranges.count, 0);
	hk_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
