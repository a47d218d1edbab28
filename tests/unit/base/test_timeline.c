/* Noting events that lie in each other. */
#include "base/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_events_lie_in_each_other(void **state)
{
	struct hk_timeline t = {0};

	(void)state;
	hk_timeline_begin(&t, "outer");
	hk_timeline_wait(&t, "wait");
	hk_timeline_end(&t, 0);
	hk_timeline_begin(&t, "inner");
	hk_timeline_property(&t, "/mounts/3");
	hk_timeline_end(&t, -1);
	hk_timeline_end(&t, 0);

	assert_int_equal(t.count, 3);
	assert_int_equal(t.depth, 0);
	assert_string_equal(t.events[0].name, "outer");
	assert_int_equal(t.events[0].depth, 0);
	assert_true(t.events[1].waits && t.events[1].depth == 1);
	assert_string_equal(t.events[2].property, "/mounts/3");
	assert_string_equal(t.events[0].property, "");
	assert_true(t.events[2].failed && !t.events[0].failed);
	assert_true(t.events[0].start <= t.events[1].start && t.events[1].end <= t.events[2].start);
	assert_true(t.events[2].end <= t.events[0].end);
	for (size_t i = 0; i < t.count; i++)
		assert_false(t.events[i].unfinished);
	hk_timeline_done(&t);
}

static void test_what_has_no_end_is_unfinished(void **state)
{
	struct hk_timeline t = {0};

	(void)state;
	hk_timeline_begin(&t, "open");
	assert_true(t.events[0].unfinished && t.events[0].end == t.events[0].start);
	hk_timeline_done(&t);
}

static void test_the_clock_never_goes_back(void **state)
{
	struct hk_timeline t = {.latest = UINT64_MAX - 5};

	(void)state;
	hk_timeline_begin(&t, "in the future of a clock that was set");
	hk_timeline_end(&t, 0);
	assert_int_equal(t.events[0].start, UINT64_MAX - 5);
	assert_int_equal(t.events[0].end, UINT64_MAX - 5);
	hk_timeline_done(&t);
}

/* Deeper ones are noted too; only their ends are not. */
static void test_depth_has_an_end(void **state)
{
	struct hk_timeline t = {0};

	(void)state;
	for (int i = 0; i < 2 * HK_TIMELINE_DEPTH; i++)
		hk_timeline_begin(&t, "deeper");
	for (int i = 0; i < 2 * HK_TIMELINE_DEPTH + 3; i++)
		hk_timeline_end(&t, 0);
	assert_int_equal(t.depth, 0);
	assert_int_equal(t.count, 2 * HK_TIMELINE_DEPTH);
	assert_false(t.events[HK_TIMELINE_DEPTH - 1].unfinished);
	assert_true(t.events[HK_TIMELINE_DEPTH].unfinished);
	hk_timeline_done(&t);
}

static void test_strings_are_copied(void **state)
{
	char name[] = "step", property[] = "/a";
	struct hk_timeline t = {0};

	(void)state;
	hk_timeline_add(&t, &(struct hk_timeline_event){.name = name, .property = property});
	name[0] = property[1] = 'x';
	assert_string_equal(t.events[0].name, "step");
	assert_string_equal(t.events[0].property, "/a");
	assert_string_equal(t.events[0].detail, "");
	hk_timeline_done(&t);
}

static void test_no_timeline(void **state)
{
	(void)state;
	hk_timeline_begin(NULL, "nothing");
	hk_timeline_property(NULL, "/a");
	hk_timeline_end(NULL, 0);
	hk_timeline_add(NULL, &(struct hk_timeline_event){.name = "nothing"});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_lie_in_each_other),
		cmocka_unit_test(test_what_has_no_end_is_unfinished),
		cmocka_unit_test(test_the_clock_never_goes_back),
		cmocka_unit_test(test_depth_has_an_end),
		cmocka_unit_test(test_strings_are_copied),
		cmocka_unit_test(test_no_timeline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
