/* Schemata: their order, and whether a group has what is asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "rdt/schemata.h"

#include <string.h>

static void test_order(void **state)
{
	static const char *more[] = {"L2:0=3", "L3:1=1"};
	const struct hk_intel_rdt all = {
		.l3_cache_schema = "L3:0=f",
		.mem_bw_schema = "MB:0=10",
		.schemata = {.items = more, .count = 2},
	};
	const struct hk_intel_rdt some = {
		.mem_bw_schema = "MB:0=10", .schemata = {.items = more, .count = 1}};
	const struct hk_intel_rdt none = {.enable_monitoring = true};

	(void)state;
	assert_int_equal(hk_rdt_line_count(&all), 4);
	assert_string_equal(hk_rdt_line(&all, 0).text, "L3:0=f");
	assert_string_equal(hk_rdt_line(&all, 0).property, "/linux/intelRdt/l3CacheSchema");
	assert_string_equal(hk_rdt_line(&all, 1).text, "MB:0=10");
	assert_string_equal(hk_rdt_line(&all, 1).property, "/linux/intelRdt/memBwSchema");
	assert_string_equal(hk_rdt_line(&all, 2).property, "/linux/intelRdt/schemata/0");
	assert_string_equal(hk_rdt_line(&all, 3).text, "L3:1=1");
	assert_string_equal(hk_rdt_line(&all, 3).property, "/linux/intelRdt/schemata/1");
	assert_int_equal(hk_rdt_line_count(&some), 2);
	assert_string_equal(hk_rdt_line(&some, 0).text, "MB:0=10");
	assert_string_equal(hk_rdt_line(&some, 1).property, "/linux/intelRdt/schemata/0");
	assert_int_equal(hk_rdt_line_count(&none), 0);
}

/* As the kernel pads it. */
#define PRESENT "    MB:0= 20;1=100\n    L3:0=0007f0;1=00001f\nL2CODE:0=ff\n"

static const struct {
	const char *l3, *mb, *more; /* more: one line of schemata, or NULL */
	size_t difference;	    /* the number of lines: none */
} comparisons[] = {
	{"L3:0=7f0;1=1f", NULL, NULL, 1}, {"L3:1=1f;0=7f0", NULL, NULL, 1},
	{"L3:0=7f0", NULL, NULL, 1}, /* the rest is as it is */
	{"L3:0=7F0", NULL, NULL, 1}, {"L3:0=0x7f0", NULL, NULL, 1},
	{"l3: 00=007f0 ; 1 = 1f;", NULL, NULL, 1}, {"L3:0=7f0;1=1e", NULL, NULL, 0},
	{"L3:2=1", NULL, NULL, 0},				     /* no such cache */
	{"L3CODE:0=7f0", NULL, NULL, 0}, {"L2:0=ff", NULL, NULL, 0}, /* not L2CODE */
	{"L3:0", NULL, NULL, 0}, {"L3", NULL, NULL, 0}, {NULL, "MB:0=20;1=100", NULL, 1},
	{NULL, "MB:0=15", NULL, 1}, /* rounded up to the step */
	{NULL, "MB:0=11", NULL, 1}, {NULL, "MB:0=10", NULL, 0}, {NULL, "MB:0=21", NULL, 0},
	{NULL, "MB:0=f", NULL, 0}, {"L3:0=7f0", "MB:0=30", NULL, 1},
	{"L3:0=7f0", "MB:0=20", "L2CODE:0=ff", 3}, {"L3:0=7f0", "MB:0=20", "L2CODE:0=f", 2},
	{"L3:0=1;1=1f", NULL, "L3:0=7f0", 2},			      /* the later one replaces */
	{"L3:0=7f0", NULL, "L3:0=1", 1}, {"L3:0=7ef", NULL, NULL, 0}, /* masks are not rounded */
};

static void test_comparison(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(comparisons); i++) {
		const struct hk_intel_rdt config = {
			.l3_cache_schema = comparisons[i].l3,
			.mem_bw_schema = comparisons[i].mb,
			.schemata = {.items = (const char **)&comparisons[i].more,
				.count = !!comparisons[i].more},
		};

		print_message("case %zu\n", i);
		assert_int_equal(
			hk_rdt_first_difference(&config, PRESENT, 10), comparisons[i].difference);
	}
}

static void test_unknown_step(void **state)
{
	const struct hk_intel_rdt config = {.mem_bw_schema = "MB:0=15"};

	(void)state;
	assert_int_equal(hk_rdt_first_difference(&config, PRESENT, 0), 0);
	assert_int_equal(hk_rdt_first_difference(&config, "MB:0=15\n", 0), 1);
	assert_int_equal(hk_rdt_first_difference(&config, "", 10), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_comparison),
		cmocka_unit_test(test_unknown_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
