/* Findings: the first ends the search, or all are kept but for what follows from another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/findings.h"

#include <errno.h>
#include <stdio.h>

static int find(struct hk_findings *findings, const char *property)
{
	(void)hk_refuse(findings->err, EINVAL, "wrong");
	(void)hk_err_at(findings->err, "%s", property);
	return hk_found(findings);
}

static void test_first(void **state)
{
	struct hk_err err = {0};
	struct hk_findings first = HK_FIRST_FINDING(&err);

	(void)state;
	assert_int_equal(find(&first, "/a"), -EINVAL);
	assert_string_equal(err.property, "/a");
	assert_int_equal(first.count, 0);
}

static void test_all(void **state)
{
	struct hk_err err = {0};
	struct hk_findings all = HK_ALL_FINDINGS(&err);

	(void)state;
	for (char name[] = "/a"; name[1] <= 'z'; name[1]++)
		assert_int_equal(find(&all, name), 0);
	assert_int_equal(all.count, 26);
	assert_string_equal(all.items[25].property, "/z");
	hk_findings_done(&all);
	assert_int_equal(all.count, 0);
}

static void test_consequences(void **state)
{
	struct hk_err err = {0};
	struct hk_findings all = HK_ALL_FINDINGS(&err);

	(void)state;
	assert_int_equal(find(&all, "/linux/devices/1"), 0);
	assert_int_equal(find(&all, "/linux/devices/1"), 0);
	assert_int_equal(find(&all, "/linux/devices/1/path"), 0);
	assert_int_equal(find(&all, "/linux/devices"), 0);
	assert_int_equal(all.count, 1);
	assert_int_equal(find(&all, "/linux/devices/10"), 0);
	assert_int_equal(all.count, 2);
	assert_true(hk_findings_touch(&all, "/linux"));
	assert_false(hk_findings_touch(&all, "/lin"));
	assert_false(hk_findings_touch(&all, "/linux/devices/2"));
	hk_findings_done(&all);
}

/* A hostile file has as many as it likes. */
static void test_too_many(void **state)
{
	struct hk_err err = {0};
	struct hk_findings all = HK_ALL_FINDINGS(&err);
	char property[32];

	(void)state;
	for (int i = 0; i < 2 * HK_FINDINGS_MAX; i++) {
		(void)snprintf(property, sizeof(property), "/a/%d", i);
		assert_int_equal(find(&all, property), i < HK_FINDINGS_MAX ? 0 : -E2BIG);
	}
	assert_int_equal(all.count, HK_FINDINGS_MAX + 1);
	assert_string_equal(all.items[HK_FINDINGS_MAX - 1].property, "/a/99");
	assert_string_equal(all.items[HK_FINDINGS_MAX].property, "");
	assert_string_equal(all.items[HK_FINDINGS_MAX].message,
		"there are more than 100 problems: the others are left out");
	hk_findings_done(&all);
}

/* Two that name no property have nothing to do with each other, or with any other. */
static void test_without_property(void **state)
{
	struct hk_err err = {0};
	struct hk_findings all = HK_ALL_FINDINGS(&err);

	(void)state;
	assert_int_equal(find(&all, ""), 0);
	assert_int_equal(find(&all, ""), 0);
	assert_int_equal(find(&all, "/a"), 0);
	assert_int_equal(all.count, 3);
	hk_findings_done(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_consequences),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_without_property),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
