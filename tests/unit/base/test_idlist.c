/* Lists of CPUs and memory nodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/idlist.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *list;
	const char *ranges; /* as hk_id_list_next gives them, or NULL where it fails with errnum */
	int errnum;
} lists[] = {
	{"0", "0-0 ", 0},
	{"7", "7-7 ", 0},
	{"0-3,7", "0-3 7-7 ", 0},
	{"3,1,1", "3-3 1-1 1-1 ", 0},
	{"5-5", "5-5 ", 0},
	{"007", "7-7 ", 0},
	{" 0-1 , 3 ", "0-1 3-3 ", 0},
	{"8191", "8191-8191 ", 0},
	{"1024-8191", "1024-8191 ", 0},
	{"", NULL, EINVAL},
	{" ", NULL, EINVAL},
	{",", NULL, EINVAL},
	{"0,", NULL, EINVAL},
	{",0", NULL, EINVAL},
	{"0,,1", NULL, EINVAL},
	{"-1", NULL, EINVAL},
	{"1-", NULL, EINVAL},
	{"1-2-3", NULL, EINVAL},
	{"3-1", NULL, EINVAL},
	{"1 - 2", NULL, EINVAL},
	{"1 2", NULL, EINVAL},
	{"0x1", NULL, EINVAL},
	{"+1", NULL, EINVAL},
	{"1\n", NULL, EINVAL},
	{"0-7:2/4", NULL, EINVAL},
	{"all", NULL, EINVAL},
	{"8192", NULL, ERANGE},
	{"0-8192", NULL, ERANGE},
	{"0,99999999999999999999", NULL, ERANGE},
	{"4294967296", NULL, ERANGE},
	{"42949672960-1", NULL, ERANGE},
};

static void test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(lists); i++) {
		const char *rest = lists[i].list;
		uint32_t first, last;
		char text[64] = "";
		int r = 0;

		print_message("\"%s\"\n", lists[i].list);
		while (rest && (r = hk_id_list_next(&rest, HK_CPU_LIMIT, &first, &last)) == 0)
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u-%u ",
				first, last);
		assert_int_equal(r, -lists[i].errnum);
		assert_int_equal(hk_id_list_check(lists[i].list, HK_CPU_LIMIT), r);
		if (lists[i].ranges)
			assert_string_equal(text, lists[i].ranges);
	}
}

static void test_limit(void **state)
{
	(void)state;
	assert_int_equal(hk_id_list_check("1023", HK_NODE_LIMIT), 0);
	assert_int_equal(hk_id_list_check("1024", HK_NODE_LIMIT), -ERANGE);
	assert_int_equal(hk_id_list_check("0", 1), 0);
	assert_int_equal(hk_id_list_check("1", 1), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
