/* The doctor's look at this host, and the words it looks for. */
#include "doctor/doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LONGEST_NAME 22 /* that fits the table of the command line */

static void test_every_item_is_complete(void **state)
{
	struct hk_doctor doctor = {.root = "/run/hako-unit", .directory = "/", .user = "somebody"};

	(void)state;
	assert_int_equal(hk_doctor_look(&doctor), 0);
	assert_true(doctor.count > 30);
	for (size_t i = 0; i < doctor.count; i++) {
		const struct hk_doctor_item *item = &doctor.items[i];

		assert_true(item->section && item->section[0]);
		assert_in_range(strlen(item->need.name), 1, LONGEST_NAME);
		assert_true(item->found[0] && item->need.needed_for[0]);
		assert_null(strstr(item->found, "(null)"));
		assert_null(strchr(item->found, '\n'));
		if (item->verdict == HK_VERDICT_OK)
			assert_string_equal(item->advice, "");
		if (item->verdict == HK_VERDICT_MISSING)
			assert_true(item->advice[0]);
	}
	hk_doctor_done(&doctor);
}

static void test_sections_are_together(void **state)
{
	struct hk_doctor doctor = {.root = "/run/hako-unit", .user = "somebody"};
	size_t changes = 0;

	(void)state;
	assert_int_equal(hk_doctor_look(&doctor), 0);
	for (size_t i = 1; i < doctor.count; i++)
		changes += strcmp(doctor.items[i].section, doctor.items[i - 1].section) != 0;
	assert_int_equal(changes, 10);
	hk_doctor_done(&doctor);
}

static void test_what_was_found_is_one_printable_line(void **state)
{
	static const struct hk_need need = {"name", false, "something"};
	struct hk_doctor doctor = {.section = "unit"};

	(void)state;
	hk_doctor_add(&doctor, &need, HK_VERDICT_LIMITED, "advice", "%s", "a\nb\033[31m");
	hk_doctor_add(&doctor, &need, HK_VERDICT_OK, "advice", "fine");
	assert_string_equal(doctor.items[0].found, "a\\nb\\x1b[31m");
	assert_string_equal(doctor.items[0].advice, "advice");
	assert_string_equal(doctor.items[1].advice, "");
	hk_doctor_done(&doctor);
}

static void test_words(void **state)
{
	static const struct {
		const char *words, *name, *separators;
		bool there;
	} cases[] = {
		{"cpu cpuset io\n", "cpu", " \n", true},
		{"cpuset io\n", "cpu", " \n", false},
		{"cpuset cpu\n", "cpu", " \n", true},
		{"cpu,cpuacct", "cpuacct", ",", true},
		{"cpu,cpuacct", "cpuac", ",", false},
		{"", "cpu", " ", false},
		{"name=systemd", "systemd", ",", false},
	};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++)
		assert_int_equal(
			hk_doctor_has_word(cases[i].words, cases[i].name, cases[i].separators),
			cases[i].there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_item_is_complete),
		cmocka_unit_test(test_sections_are_together),
		cmocka_unit_test(test_what_was_found_is_one_printable_line),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
