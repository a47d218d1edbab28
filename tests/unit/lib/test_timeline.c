/* A timeline as text and as JSON. */
#include "lib/timeline.h"

#include "base/str.h"
#include "json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MS 1000000u

static const struct hk_timeline_event events[] = {
	{.name = "init stage", .start = 10 * MS, .end = 110 * MS},
	{.name = "wait for init", .depth = 1, .waits = true, .start = 20 * MS, .end = 100 * MS},
	{.side = HK_TIMELINE_INIT,
		.name = "a step with a name that is much longer than its column",
		.property = "/linux/resources/hugepageLimits/17/limitInBytes",
		.detail = "target=\"\x01\"",
		.failed = true,
		.start = 20 * MS,
		.end = 70 * MS},
	{.name = "idle", .start = 50 * MS, .end = 50 * MS + 1},
	{.side = HK_TIMELINE_INIT,
		.name = "cut",
		.unfinished = true,
		.start = 70 * MS,
		.end = 110 * MS},
};

static char id[] = "box";

static void make(struct hako_timeline *t)
{
	*t = (struct hako_timeline){.timeline = {.pids = {7, 8}}, .id = id};
	(void)snprintf(t->error, sizeof(t->error), "it failed");
	for (size_t i = 0; i < HK_COUNT(events); i++)
		hk_timeline_add(&t->timeline, &events[i]);
}

static void test_text(void **state)
{
	struct hk_strbuf out = {0};
	struct hako_timeline t;

	(void)state;
	make(&t);
	assert_int_equal(hk_timeline_write_text(&t, &out), 0);
	assert_string_equal(out.text, " start ms       ms  process step                   property "
				      "                 0         100.000 ms\n"
				      "    0.000  100.000  runtime init stage                      "
				      "                |####################|\n"
				      "   10.000   80.000  runtime  wait for init                  "
				      "                |  ................  |\n"
				      "   10.000   50.000  init    FAILED a step with a n "
				      "..Limits/17/limitInBytes |  ##########        |\n"
				      "   60.000   40.000  init    unfinished cut                  "
				      "                |            ########|\n"
				      "failed: it failed\n");
	hk_strbuf_done(&out);
	hk_timeline_done(&t.timeline);
}

static const char *text_of(const struct hk_node *root, const char *pointer)
{
	const struct hk_node *node = hk_node_at(root, pointer);

	assert_non_null(node);
	return node->text;
}

static void test_json(void **state)
{
	struct hk_strbuf out = {0};
	struct hk_arena arena = {0};
	const struct hk_node *root;
	struct hako_timeline t;

	(void)state;
	make(&t);
	assert_int_equal(hk_timeline_write_json(&t, &out), 0);
	assert_int_equal(hk_json_read(out.text, out.len, "trace", &arena, &root, NULL), 0);
	assert_int_equal(hk_node_at(root, "/traceEvents")->count, 4 + HK_COUNT(events));
	assert_string_equal(text_of(root, "/otherData/error"), "it failed");
	assert_string_equal(text_of(root, "/traceEvents/4/ts"), "0.000");
	assert_string_equal(text_of(root, "/traceEvents/4/dur"), "100000.000");
	assert_string_equal(text_of(root, "/traceEvents/5/cat"), "wait");
	assert_string_equal(text_of(root, "/traceEvents/5/pid"), "7");
	assert_string_equal(text_of(root, "/traceEvents/6/cat"), "init");
	assert_string_equal(text_of(root, "/traceEvents/6/tid"), "8");
	assert_string_equal(text_of(root, "/traceEvents/6/args/property"), events[2].property);
	assert_true(hk_node_at(root, "/traceEvents/6/args/failed")->boolean);
	assert_null(hk_node_at(root, "/traceEvents/4/args/failed"));
	assert_true(hk_node_at(root, "/traceEvents/8/args/unfinished")->boolean);
	hk_arena_done(&arena);
	hk_strbuf_done(&out);
	hk_timeline_done(&t.timeline);
}

static void test_nothing_happened(void **state)
{
	struct hako_timeline empty = {.id = NULL};
	hako_timeline *t = NULL;
	char *text = NULL;

	(void)state;
	assert_int_equal(hako_timeline_new(&t, NULL), 0);
	assert_int_equal(hako_timeline_text(t, &text, NULL), 0);
	free(text);
	assert_int_equal(hako_timeline_json(t, &text, NULL), 0);
	assert_non_null(strstr(text, "\"traceEvents\": []"));
	free(text);
	hako_timeline_free(t);
	hako_timeline_begin(NULL, "nothing");
	hako_timeline_end(NULL, 0);
	hako_timeline_free(NULL);
	empty.timeline.failed = true; /* memory ran out: no half of it is shown */
	assert_true(hako_timeline_json(&empty, &text, NULL) < 0);
}

static void test_the_callers_own_work(void **state)
{
	hako_timeline *t = NULL;
	char *text = NULL;

	(void)state;
	assert_int_equal(hako_timeline_new(&t, NULL), 0);
	hako_timeline_begin(t, "unpack");
	hako_timeline_end(t, -1);
	assert_int_equal(hako_timeline_text(t, &text, NULL), 0);
	assert_non_null(strstr(text, "FAILED unpack"));
	free(text);
	hako_timeline_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_nothing_happened),
		cmocka_unit_test(test_the_callers_own_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
