/* Sizes in bytes: what is accepted, and what it is. */
#include "base/size.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t size;
	} cases[] = {
		{"0", 0},
		{"42", 42},
		{"42b", 42},
		{"42B", 42},
		{"1k", 1024},
		{"1K", 1024},
		{"1kb", 1024},
		{"1KiB", 1024},
		{"1 k", 1024},
		{"64m", (int64_t)64 << 20},
		{"3G", (int64_t)3 << 30},
		{"2tib", (int64_t)2 << 40},
		{"5p", (int64_t)5 << 50},
		{"1.5k", 1536},
		{"1.5g", (int64_t)3 << 29},
		{"0.1k", 102},
		{"2.25t", (int64_t)9 << 38},
		{"0.5p", (int64_t)1 << 49},
		{"1.9", 1},
		{"1.999999999999999999999k", 2047},
		{"9223372036854775807", INT64_MAX},
		{"8191p", (int64_t)8191 << 50},
		{"0000000000000000000000000000001k", 1024},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t size = -1;

		if (hk_parse_size(cases[i].text, &size) != 0 || size != cases[i].size)
			fail_msg("'%s' is %lld", cases[i].text, (long long)size);
	}
}

static void test_what_is_no_size(void **state)
{
	static const char *const texts[] = {"", " ", "-1", "+1", "k", ".5k", "1.", "1.k", "1..5",
		"1.5.5", "1x", "1kk", "1kx", "1bb", "1ib", "1  k", " 1", "1 ", "1k ", "1ki", "0x10",
		"1e3", "m64", "\xff", "1\xff"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int64_t size = 7;

		if (hk_parse_size(texts[i], &size) != -EINVAL || size != 7)
			fail_msg("'%s' is taken", texts[i]);
	}
}

static void test_too_large(void **state)
{
	static const char *const texts[] = {"9223372036854775808", "8192p",
		"99999999999999999999999999", "9007199254740992k", "8388608t"};
	int64_t size = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(hk_parse_size(texts[i], &size), -ERANGE);
		assert_int_equal(size, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_what_is_no_size),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
