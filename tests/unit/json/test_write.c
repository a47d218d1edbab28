/* The JSON writer: punctuation, indentation, escapes; what is written can be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"
#include "json/json.h"

#include <string.h>

static void write_sample(struct hk_writer *w)
{
	hk_write_object_begin(w, NULL);
	hk_write_string(w, "s", "a/b<&>");
	hk_write_array_begin(w, "list");
	hk_write_i64(w, NULL, INT64_MIN);
	hk_write_u64(w, NULL, UINT64_MAX);
	hk_write_object_begin(w, NULL);
	hk_write_object_end(w);
	hk_write_array_begin(w, NULL);
	hk_write_array_end(w);
	hk_write_array_end(w);
	hk_write_object_begin(w, "o");
	hk_write_bool(w, "t", true);
	hk_write_bool(w, "f", false);
	hk_write_object_end(w);
	hk_write_null(w, "n");
	hk_write_string(w, "ns", NULL);
	hk_write_object_end(w);
}

static void check(const char *indent, const char *expected)
{
	struct hk_strbuf out = {0};
	struct hk_writer w;

	hk_writer_init(&w, &out, indent);
	write_sample(&w);
	assert_string_equal(out.text, expected);
	hk_strbuf_done(&out);
}

static void test_compact(void **state)
{
	(void)state;
	check(NULL, "{\"s\":\"a/b<&>\",\"list\":[-9223372036854775808,18446744073709551615,{},[]],"
		    "\"o\":{\"t\":true,\"f\":false},\"n\":null,\"ns\":null}");
}

static void test_indented(void **state)
{
	(void)state;
	check("  ",
		"{\n  \"s\": \"a/b<&>\",\n  \"list\": [\n    -9223372036854775808,\n"
		"    18446744073709551615,\n    {},\n    []\n  ],\n  \"o\": {\n    \"t\": true,\n"
		"    \"f\": false\n  },\n  \"n\": null,\n  \"ns\": null\n}");
}

static void check_string(const char *value, const char *expected)
{
	struct hk_strbuf out = {0};
	struct hk_writer w;

	hk_writer_init(&w, &out, NULL);
	hk_write_string(&w, NULL, value);
	assert_string_equal(out.text, expected);
	hk_strbuf_done(&out);
}

static void test_strings(void **state)
{
	(void)state;
	check_string("", "\"\"");
	check_string("\"\\\b\f\n\r\t", "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
	check_string("\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"");
	check_string("\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\"");
	check_string("a\xff\xc3z\xed\xa0\x80", "\"a\\ufffd\\ufffdz\\ufffd\\ufffd\\ufffd\"");
}

static void test_what_cannot_be_read_back(void **state)
{
	struct hk_strbuf out = {0};
	struct hk_writer w;

	(void)state;
	hk_writer_init(&w, &out, NULL);
	hk_write_object_begin(&w, NULL);
	hk_write_string(&w, "\n", "\xc3\xa9");
	assert_false(w.lossy);
	hk_write_string(&w, "k", "\xc3");
	assert_true(w.lossy);
	hk_write_string(&w, "l", "");
	assert_true(w.lossy);
	hk_strbuf_done(&out);
}

static void test_keys_are_escaped(void **state)
{
	struct hk_strbuf out = {0};
	struct hk_writer w;

	(void)state;
	hk_writer_init(&w, &out, NULL);
	hk_write_object_begin(&w, NULL);
	hk_write_u64(&w, "a\"\n", 1);
	hk_write_object_end(&w);
	assert_string_equal(out.text, "{\"a\\\"\\n\":1}");
	hk_strbuf_done(&out);
}

static void test_top_level_array(void **state)
{
	struct hk_strbuf out = {0};
	struct hk_writer w;

	(void)state;
	hk_writer_init(&w, &out, NULL);
	hk_write_array_begin(&w, NULL);
	hk_write_i64(&w, NULL, 1);
	hk_write_i64(&w, NULL, 2);
	hk_write_array_end(&w);
	assert_string_equal(out.text, "[1,2]");
	hk_strbuf_done(&out);
}

static void test_round_trip(void **state)
{
	char bytes[256];
	struct hk_arena arena = {0};
	const struct hk_node *node;
	struct hk_strbuf out = {0};
	struct hk_writer w;

	(void)state;
	for (int i = 1; i < 128; i++)
		bytes[i - 1] = (char)i;
	bytes[127] = '\0';
	hk_writer_init(&w, &out, NULL);
	hk_write_string(&w, NULL, bytes);
	assert_int_equal(hk_json_read(out.text, out.len, "f", &arena, &node, NULL), 0);
	assert_string_equal(node->text, bytes);
	hk_strbuf_done(&out);
	hk_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compact),
		cmocka_unit_test(test_indented),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_what_cannot_be_read_back),
		cmocka_unit_test(test_keys_are_escaped),
		cmocka_unit_test(test_top_level_array),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
