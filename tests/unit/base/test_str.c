/* Strings, numbers, printable forms, tables of names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/enumtab.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <locale.h>
#include <string.h>

static void parses_u64(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t value;
	} cases[] = {
		{"0", 0, 0},
		{"007", 0, 7},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"99999999999999999999999", -ERANGE, 0},
		{"99999999999999999999999x", -EINVAL, 0},
		{"", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1\n", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"-0", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"1.0", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		uint64_t value = 42;

		assert_int_equal(hk_parse_u64(cases[i].text, &value), cases[i].r);
		assert_true(value == (cases[i].r ? 42 : cases[i].value));
	}
}

static void parses_i64(void **state)
{
	static const struct {
		const char *text;
		int r;
		int64_t value;
	} cases[] = {
		{"9223372036854775807", 0, INT64_MAX},
		{"9223372036854775808", -ERANGE, 0},
		{"-9223372036854775808", 0, INT64_MIN},
		{"-9223372036854775809", -ERANGE, 0},
		{"-0", 0, 0},
		{"-1", 0, -1},
		{"-", -EINVAL, 0},
		{"--1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		int64_t value = 42;

		assert_int_equal(hk_parse_i64(cases[i].text, &value), cases[i].r);
		assert_true(value == (cases[i].r ? 42 : cases[i].value));
	}
}

static void parses_u32(void **state)
{
	uint32_t value = 42;

	(void)state;
	assert_int_equal(hk_parse_u32("4294967296", &value), -ERANGE);
	assert_int_equal(hk_parse_u32("-1", &value), -EINVAL);
	assert_int_equal(value, 42);
	assert_int_equal(hk_parse_u32("4294967295", &value), 0);
	assert_int_equal(value, UINT32_MAX);
}

static void compares_ends(void **state)
{
	(void)state;
	assert_true(hk_starts_with("/proc/sys", "/proc"));
	assert_true(hk_starts_with("x", ""));
	assert_false(hk_starts_with("/pro", "/proc"));
	assert_true(hk_ends_with("a.scope", ".scope"));
	assert_true(hk_ends_with(".scope", ".scope"));
	assert_false(hk_ends_with("scope", ".scope"));
}

static void strbuf_grows(void **state)
{
	struct hk_strbuf buf = {0};
	char *text;

	(void)state;
	for (int i = 0; i < 1000; i++)
		hk_strbuf_printf(&buf, "%d,", i);
	hk_strbuf_puts(&buf, "end");
	hk_strbuf_putc(&buf, '.');
	assert_false(buf.failed);
	assert_int_equal(buf.len, strlen(buf.text));
	assert_int_equal(buf.len, 10 * 2 + 90 * 3 + 900 * 4 + 4);
	text = hk_strbuf_take(&buf);
	assert_true(hk_starts_with(text, "0,1,2,"));
	assert_true(hk_ends_with(text, "998,999,end."));
	free(text);
	assert_null(buf.text);
	assert_int_equal(buf.len, 0);
	text = hk_strbuf_take(&buf); /* an empty one */
	assert_string_equal(text, "");
	free(text);
}

static void strbuf_stays_failed(void **state)
{
	struct hk_strbuf buf = {0};

	(void)state;
	hk_strbuf_puts(&buf, "abc");
	hk_strbuf_add(&buf, "x", SIZE_MAX - 2); /* cannot be had; nothing is read */
	assert_true(buf.failed);
	hk_strbuf_puts(&buf, "def");
	assert_string_equal(buf.text, "abc");
	assert_null(hk_strbuf_take(&buf));
	assert_null(buf.text);
	hk_strbuf_done(&buf);
}

static void prints_hostile_text(void **state)
{
	static const struct {
		const char *text, *expect;
	} cases[] = {
		{"plain / text", "plain / text"},
		{"two\nlines\tand", "two\\nlines\\tand"},
		{"\x1b[31mred\r", "\\x1b[31mred\\x0d"},
		{"\x7f", "\\x7f"},
		{"gr\xc3\xbc\xc3\x9f \xe7\xae\xb1 \xf0\x9f\x93\xa6", /* two, three, four bytes */
			"gr\xc3\xbc\xc3\x9f \xe7\xae\xb1 \xf0\x9f\x93\xa6"},
		{"\xff\xfe", "\\xff\\xfe"},
		{"\xc3", "\\xc3"}, /* cut short by the end */
		{"\xe7\xae", "\\xe7\\xae"},
		{"\xc3(", "\\xc3("},	    /* no continuation */
		{"\xc0\xaf", "\\xc0\\xaf"}, /* '/', overlong */
		{"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},	      /* a surrogate */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
		{"\xc2\x9b", "\\xc2\\x9b"},		      /* U+009B, a terminal's CSI */
		{"a\xe2\x80\xae"
		 "b",
			"a\\xe2\\x80\\xae"
			"b"},			     /* turns the rest around */
		{"\xef\xbb\xbf", "\\xef\\xbb\\xbf"}, /* not to be seen */
		{"", ""},
	};
	char ret[128];

	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++)
		assert_string_equal(hk_printable(cases[i].text, ret, sizeof(ret)), cases[i].expect);
}

static void cuts_printable_text(void **state)
{
	char ret[9];

	(void)state;
	assert_string_equal(hk_printable("12345678", ret, sizeof(ret)), "12345678");
	assert_string_equal(hk_printable("123456789", ret, sizeof(ret)), "12345...");
	/* no half of an escape, no half of a character */
	assert_string_equal(hk_printable("123\n\x01\x01", ret, sizeof(ret)), "123\\n...");
	assert_string_equal(
		hk_printable("1234\xc3\xbc\xc3\xbc\xc3\xbc", ret, sizeof(ret)), "1234...");
	assert_string_equal(hk_printable("12345", ret, 1), "");
	assert_string_equal(hk_printable("12345", ret, 3), "..");
}

static void errno_texts(void **state)
{
	char ret[64];

	(void)state;
	assert_string_equal(hk_errno_text(ENOENT, ret, sizeof(ret)), "no such file or directory");
	assert_string_equal(hk_errno_text(EACCES, ret, sizeof(ret)), "permission denied");
	assert_string_equal(hk_errno_text(EBFONT, ret, sizeof(ret)), "bad font file format");
	assert_string_equal(hk_errno_text(ESRMNT, ret, sizeof(ret)), "srmount error");
	assert_string_equal(hk_errno_text(EDOTDOT, ret, sizeof(ret)), "RFS specific error");
	assert_string_equal(hk_errno_text(4000, ret, sizeof(ret)), "unknown error 4000");
	assert_string_equal(hk_errno_text(ENOENT, ret, 8), "no such");
}

static const struct hk_enum fruits[] = {{"apple", 1}, {"pear", 2}, {"plum", UINT64_MAX}, {NULL, 0}};

static void tables(void **state)
{
	char ret[64];

	(void)state;
	assert_int_equal(hk_enum_find(fruits, "pear")->value, 2);
	assert_null(hk_enum_find(fruits, "pea"));
	assert_null(hk_enum_find(fruits, ""));
	assert_string_equal(hk_enum_name(fruits, UINT64_MAX), "plum");
	assert_null(hk_enum_name(fruits, 0)); /* the end is no entry */
	assert_string_equal(hk_enum_list(fruits, ret, sizeof(ret)), "apple, pear or plum");
	assert_string_equal(hk_enum_list(fruits + 2, ret, sizeof(ret)), "plum");
	assert_string_equal(hk_enum_list(fruits + 3, ret, sizeof(ret)), "");
	hk_enum_list(fruits, ret, 8);
	assert_true(strlen(ret) < 8);
	assert_memory_equal(ret, "apple", 5);
}

struct seen {
	int count;
	enum hk_log_level level;
	char text[4096];
};

static void remember(void *userdata, enum hk_log_level level, const char *message)
{
	struct seen *seen = userdata;

	seen->count++;
	seen->level = level;
	assert_true(strlen(message) < sizeof(seen->text));
	memcpy(seen->text, message, strlen(message) + 1);
}

static void logs_what_is_wanted(void **state)
{
	struct seen seen = {0};
	struct hk_log log = {HK_LOG_WARNING, remember, &seen};
	char longest[4000];

	(void)state;
	hk_logf(NULL, HK_LOG_ERROR, "x");
	hk_logf(&(struct hk_log){HK_LOG_DEBUG, NULL, NULL}, HK_LOG_ERROR, "x");
	hk_logf(&log, HK_LOG_INFO, "too much");
	assert_int_equal(seen.count, 0);
	hk_logf(&log, HK_LOG_WARNING, "%s %d", "ab", 3);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.level, HK_LOG_WARNING);
	assert_string_equal(seen.text, "ab 3");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	hk_logf(&log, HK_LOG_ERROR, "%s", longest);
	assert_int_equal(seen.count, 2);
	assert_true(strlen(seen.text) > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_u64),
		cmocka_unit_test(parses_i64),
		cmocka_unit_test(parses_u32),
		cmocka_unit_test(compares_ends),
		cmocka_unit_test(strbuf_grows),
		cmocka_unit_test(strbuf_stays_failed),
		cmocka_unit_test(prints_hostile_text),
		cmocka_unit_test(cuts_printable_text),
		cmocka_unit_test(errno_texts),
		cmocka_unit_test(tables),
		cmocka_unit_test(logs_what_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
