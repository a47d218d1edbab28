/* The JSON reader: exact offsets, limits, and everything that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "json/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct hk_arena arena;

static int teardown(void **state)
{
	(void)state;
	hk_arena_done(&arena);
	return 0;
}

static const struct hk_node *read_ok(const char *text)
{
	const struct hk_node *node = NULL;
	struct hk_err err = {0};

	if (hk_json_read(text, strlen(text), "f", &arena, &node, &err) != 0)
		fail_msg("'%s': %s: %s", text, err.position, err.message);
	assert_non_null(node);
	return node;
}

static const struct hk_node *at(const struct hk_node *root, const char *pointer)
{
	const struct hk_node *node = hk_node_at(root, pointer);

	if (!node)
		fail_msg("nothing at '%s'", pointer);
	return node;
}

/* Every node begins where its offset says: the text there is the expected one. */
static void test_offsets(void **state)
{
	static const char text[] =
		" {\"a\":1,\n\t\"b\" : [ true , false,null ,-1.5e3,\"s\",\"\\u00e9\\n\" , {} ,[]],"
		"\"c\\\"d\":\"x\\\\\",\"e\":{\"f\":12},\v\f\"g\":\"\",\"h\":0}  \n";
	static const struct {
		const char *pointer, *begin;
		enum hk_node_type type;
	} cases[] = {
		{"", "{\"a\"", HK_NODE_OBJECT},
		{"/a", "1,", HK_NODE_NUMBER},
		{"/b", "[ true", HK_NODE_ARRAY},
		{"/b/0", "true ,", HK_NODE_BOOL},
		{"/b/1", "false,", HK_NODE_BOOL},
		{"/b/2", "null ,", HK_NODE_NULL},
		{"/b/3", "-1.5e3,", HK_NODE_NUMBER},
		{"/b/4", "\"s\",", HK_NODE_STRING},
		{"/b/5", "\"\\u00e9\\n\" ,", HK_NODE_STRING},
		{"/b/6", "{} ,", HK_NODE_OBJECT},
		{"/b/7", "[]]", HK_NODE_ARRAY},
		{"/c\"d", "\"x\\\\\",", HK_NODE_STRING},
		{"/e", "{\"f\"", HK_NODE_OBJECT},
		{"/e/f", "12}", HK_NODE_NUMBER},
		{"/g", "\"\",", HK_NODE_STRING},
		{"/h", "0}", HK_NODE_NUMBER},
	};
	const struct hk_node *root = read_ok(text);

	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		const struct hk_node *node = at(root, cases[i].pointer);

		assert_int_equal(node->type, cases[i].type);
		if (strncmp(text + node->offset, cases[i].begin, strlen(cases[i].begin)) != 0)
			fail_msg("'%s' is at '%.10s'", cases[i].pointer, text + node->offset);
	}
	assert_int_equal(at(root, "/b")->count, 8);
	assert_int_equal(root->count, 6);
}

static void test_values(void **state)
{
	const struct hk_node *root = read_ok("{\"s\":\"a\\u00e9\\ud83d\\ude00\\/\\t\",\"n\":"
					     "18446744073709551615,\"t\":true,\"f\":false}");

	(void)state;
	assert_string_equal(hk_node_get(root, "s")->text, "a\xc3\xa9\xf0\x9f\x98\x80/\t");
	assert_string_equal(hk_node_get(root, "n")->text, "18446744073709551615");
	assert_true(hk_node_get(root, "t")->boolean);
	assert_false(hk_node_get(root, "f")->boolean);
	assert_string_equal(hk_node_get(root, "t")->key, "t");
	assert_null(hk_node_get(root, "x"));
	assert_null(root->key);
	assert_null(hk_node_get(hk_node_get(root, "n"), "x"));
}

static void test_top_level_scalars(void **state)
{
	(void)state;
	assert_string_equal(read_ok(" 12")->text, "12");
	assert_int_equal(read_ok(" 12")->offset, 1);
	assert_int_equal(read_ok("\n null\n")->type, HK_NODE_NULL);
	assert_int_equal(read_ok("\n null\n")->offset, 2);
	assert_string_equal(read_ok("\"\"")->text, "");
}

static const struct {
	const char *text;
	const char *position;
	const char *message; /* a part of it */
} refused[] = {
	{"", "f:1:1", "premature EOF"},
	{" \n ", "f:2:2", "premature EOF"},
	{"{", "f:1:2", "premature EOF"},
	{"{\"a\":1", "f:1:7", "premature EOF"},
	{"[1,2", "f:1:5", "premature EOF"},
	{"\"abc", "f:1:5", "premature EOF"},
	{"{\"a\":1}x", "f:1:8", "trailing garbage"},
	{"{}\n{}", "f:2:1", "trailing garbage"},
	{"1 2", "f:1:3", "trailing garbage"},
	{"{\"a\" 1}", "f:1:6", "colon"},
	{"{\"a\":}", "f:1:6", "unallowed token"},
	{"{,}", "f:1:2", "invalid object key"},
	{"{\"a\":1,}", "f:1:8", "invalid object key"},
	{"{\"a\":1\n \"bc\":2}", "f:2:2", "after key and value"},
	{"{1:2}", "f:1:2", "invalid object key"},
	{"[1,,2]", "f:1:4", "unallowed token"},
	{"[1,2,]", "f:1:6", "unallowed token"},
	{"[1 2]", "f:1:4", "after array element"},
	{"[1}", "f:1:3", "after array element"},
	{"]", "f:1:1", "unallowed token"},
	{"nul", "f:1:1", "invalid string"},
	{"[nulx]", "f:1:2", "invalid string"},
	{"[01]", "f:1:3", "after array element"},
	{"[+1]", "f:1:2", "invalid char"},
	{"[.5]", "f:1:2", "invalid char"},
	{"[1.]", "f:1:2", "malformed number"},
	{"[-]", "f:1:2", "malformed number"},
	{"[1e]", "f:1:2", "malformed number"},
	{"['a']", "f:1:2", "invalid char"},
	{"[1] // c", "f:1:5", "trailing garbage"},
	{"[/* c */1]", "f:1:2", "comments"},
	{"{\"a\":/* c */1}", "f:1:6", "comments"},
	{"[\"a\nb\"]", "f:1:4", "invalid character inside string"},
	{"[\"\\x\"]", "f:1:4", "inside a string"},
	{"[\"\\u12g4\"]", "f:1:7", "invalid (non-hex) character"},
	{"{\"a\":1,\"b\":2,\"a\":3}", "f:1:18", "duplicate key 'a'"},
	{"{\"x\":{\"a\":1,\n\"\\u0061\":2}}", "f:2:10", "duplicate key 'a'"},
	{"[\"a\\u0000b\"]", "f:1:2", "NUL"},
	{"{\"a\\u0000\":1}", "f:1:2", "NUL"},
	{"[\"\xff\"]", "f:1:2", "not UTF-8"},
	{"[\"\xc3\"]", "f:1:2", "not UTF-8"},
	{"[\"\xc0\x80\"]", "f:1:2", "not UTF-8"},
	{"[\"\xe0\x80\x80\"]", "f:1:2", "not UTF-8"},
	{"[\"\xed\xa0\x80\"]", "f:1:2", "not UTF-8"},
	{"[\"\xf4\x90\x80\x80\"]", "f:1:2", "not UTF-8"},
	{"[\"12345678\x80\"]", "f:1:2", "not UTF-8"},
	{"{\"\xff\":1}", "f:1:2", "not UTF-8"},
	{"[1, \"\\ud800\"]", "f:1:5", "not UTF-8"},
	{"[\"\\udc00\"]", "f:1:2", "not UTF-8"},
	{"[\"\\ud800\\u0041\"]", "f:1:2", "not UTF-8"},
	{"[\"\\\\\\uD834x\"]", "f:1:2", "not UTF-8"},
	{"\xef\xbb\xbf{}", "f:1:1", "invalid char"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(refused); i++) {
		const struct hk_node *node = NULL;
		struct hk_err err = {0};
		const char *text = refused[i].text;
		int r = hk_json_read(text, strlen(text), "f", &arena, &node, &err);

		if (r != -EINVAL || err.code != EINVAL || err.flags || node ||
			strcmp(err.position, refused[i].position) != 0 ||
			!strstr(err.message, refused[i].message) ||
			strncmp(err.message, "invalid JSON: ", 14) != 0 ||
			strchr(err.message, '\n'))
			fail_msg("'%s': %d %s: %s", text, r, err.position, err.message);
	}
}

static void test_escaped_backslash_is_no_surrogate(void **state)
{
	(void)state;
	assert_string_equal(read_ok("\"\\\\ud800\"")->text, "\\ud800");
	assert_string_equal(read_ok("\"\\uD7FF\\uE000\"")->text, "\xed\x9f\xbf\xee\x80\x80");
}

static void test_nul_byte_in_text(void **state)
{
	static const char text[] = "[\"a\0b\"]";
	const struct hk_node *node = NULL;
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(hk_json_read(text, sizeof(text) - 1, "f", &arena, &node, &err), -EINVAL);
	assert_int_equal(hk_json_read("{}\0", 3, "f", &arena, &node, &err), -EINVAL);
	assert_string_equal(err.position, "f:1:3");
}

/* The errors that are in a value, not in the text as a whole. */
static void test_place_of_errors(void **state)
{
	static const struct {
		const char *text, *property;
	} places[] = {
		{"\"\\u0000\"", ""},
		{"{\"a\":\"\\u0000\"}", "/a"},
		{"{\"a\":{\"b/c\":[1,[],\"\xff\"]}}", "/a/b~1c/2"},
		{"[[1,2],{\"x\":1,\"\xff\":1}]", "/1"},
		{"{\"\\u0000\":1}", ""},
		{"{\"a\":{\"~\":1,\"b\":{},\"~\":2}}", "/a/~0"},
		{"[{},{\"a\":1,\"a\":2}]", "/1/a"},
		{"[{},{\"a\":1,]", ""},
	};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(places); i++) {
		const char *text = places[i].text;
		const struct hk_node *node = NULL;
		struct hk_err err = {0};

		assert_int_equal(
			hk_json_read(text, strlen(text), "f", &arena, &node, &err), -EINVAL);
		if (strcmp(err.property, places[i].property) != 0)
			fail_msg("'%s': '%s': %s", text, err.property, err.message);
	}
}

static int read_nested(unsigned int depth, char open, struct hk_err *err)
{
	static char text[HK_JSON_MAX_DEPTH * 5 + 64];
	const struct hk_node *node = NULL;
	size_t n = 0;

	for (unsigned int i = 0; i < depth; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
			open == '[' || i + 1 == depth ? "%c" : "%c\"\":", open);
	for (unsigned int i = 0; i < depth; i++)
		text[n++] = open == '[' ? ']' : '}';
	return hk_json_read(text, n, "f", &arena, &node, err);
}

static void test_depth(void **state)
{
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(read_nested(HK_JSON_MAX_DEPTH, '[', &err), 0);
	assert_int_equal(read_nested(HK_JSON_MAX_DEPTH, '{', &err), 0);
	assert_int_equal(read_nested(HK_JSON_MAX_DEPTH + 1, '[', &err), -EINVAL);
	assert_string_equal(err.position, "f:1:129");
	assert_int_equal(strlen(err.property), sizeof(err.property) - 1); /* "/0/0/0..." */
	assert_non_null(strstr(err.message, "nested too deeply"));
	assert_int_equal(read_nested(HK_JSON_MAX_DEPTH + 1, '{', &err), -EINVAL);
	assert_non_null(strstr(err.message, "nested too deeply"));
}

static void test_size(void **state)
{
	const struct hk_node *node = NULL;
	struct hk_err err = {0};

	(void)state; /* the length is looked at before the text is */
	assert_int_equal(
		hk_json_read("{}", HK_JSON_MAX_SIZE + 1, "f", &arena, &node, &err), -EFBIG);
	assert_int_equal(err.code, EFBIG);
}

static void test_error_may_be_null(void **state)
{
	const struct hk_node *node = NULL;

	(void)state;
	assert_int_equal(hk_json_read("{", 1, "f", &arena, &node, NULL), -EINVAL);
	assert_int_equal(hk_json_read("{\"a\":0,\"a\":1}", 13, "f", &arena, &node, NULL), -EINVAL);
}

/* Behind the member to stop at there may be anything. */
static void test_head(void **state)
{
	static const char *const heads[] = {
		"{\"a\":1,\"b\":{\"end\":2},\"end\"",
		"{\"a\":1,\"b\":{\"end\":2},\"end\":3,\"c\":4}",
		"{\"a\":1,\"b\":{\"end\":2},\"end\": nonsense \xff",
		"{\"a\":1,\"b\":{\"end\":2}}",
	};
	static const struct {
		const char *text, *position;
	} bad[] = {
		{"", "f:1:1"},
		{"{\"a\":1", "f:1:7"},
		{"{\"a\":1,\"a\":2,\"end\":3}", "f:1:12"},
		{"{\"a\":[1,],\"end\":3}", "f:1:9"},
		{"{\"a\":1} x", "f:1:9"},
	};
	const struct hk_node *node = NULL;
	struct hk_err err = {0};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(heads); i++) {
		size_t len = strlen(heads[i]);

		assert_int_equal(
			hk_json_read_head(heads[i], len, "f", "end", &arena, &node, &err), 0);
		assert_int_equal(node->type, HK_NODE_OBJECT);
		assert_int_equal(node->count, 2);
		assert_string_equal(at(node, "/a")->text, "1");
		assert_string_equal(at(node, "/b/end")->text, "2");
	}
	for (size_t i = 0; i < HK_COUNT(bad); i++) {
		size_t len = strlen(bad[i].text);

		assert_int_equal(
			hk_json_read_head(bad[i].text, len, "f", "end", &arena, &node, &err),
			-EINVAL);
		assert_string_equal(err.position, bad[i].position);
	}
	assert_int_equal(hk_json_read_head("[\"end\"]", 7, "f", "end", &arena, &node, &err), 0);
	assert_int_equal(node->type, HK_NODE_ARRAY);
}

/* The second of two equal keys, however many there are. */
static void test_duplicate_in_big_object(void **state)
{
	enum { MEMBERS = 20000 };
	char *text = malloc(MEMBERS * 32);
	const struct hk_node *node = NULL;
	struct hk_err err = {0};
	size_t n = 0;

	(void)state;
	assert_non_null(text);
	text[n++] = '{';
	for (int i = 0; i < MEMBERS; i++)
		n += (size_t)sprintf(text + n, "\"key%d\":1,\n", i);
	text[n - 2] = '}';
	assert_int_equal(hk_json_read(text, n - 1, "f", &arena, &node, &err), 0);
	assert_int_equal(node->count, MEMBERS);
	text[n - 2] = ',';
	n += (size_t)sprintf(text + n, "\"key77\":2}");
	assert_int_equal(hk_json_read(text, n, "f", &arena, &node, &err), -EINVAL);
	assert_string_equal(err.position, "f:20001:9");
	assert_non_null(strstr(err.message, "duplicate key 'key77'"));
	free(text);
}

static void test_pointers(void **state)
{
	const struct hk_node *root =
		read_ok("{\"a/b\":{\"m~n\":[10,11,12,13,14,15,16,17,18,19,20]},\"\":5,\"~1\":6}");

	(void)state;
	assert_ptr_equal(hk_node_at(root, ""), root);
	assert_string_equal(at(root, "/a~1b/m~0n/10")->text, "20");
	assert_string_equal(at(root, "/a~1b/m~0n/0")->text, "10");
	assert_string_equal(at(root, "/")->text, "5");
	assert_string_equal(at(root, "/~01")->text, "6");
	assert_null(hk_node_at(root, "a"));
	assert_null(hk_node_at(root, "/a"));
	assert_null(hk_node_at(root, "/a~1b/m~0n/11"));
	assert_null(hk_node_at(root, "/a~1b/m~0n/00"));
	assert_null(hk_node_at(root, "/a~1b/m~0n/-"));
	assert_null(hk_node_at(root, "/a~1b/m~0n/0/0"));
	assert_null(hk_node_at(root, "/a~1b/m~0n/99999999999999999999"));
}

static void test_position(void **state)
{
	static const char text[] = "ab\n\ncd\n";
	static const struct {
		size_t offset, line, column;
	} cases[] = {{0, 1, 1}, {2, 1, 3}, {3, 2, 1}, {4, 3, 1}, {5, 3, 2}, {7, 4, 1}, {99, 4, 1}};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		size_t line, column;

		hk_json_position(text, strlen(text), cases[i].offset, &line, &column);
		assert_int_equal(line, cases[i].line);
		assert_int_equal(column, cases[i].column);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_offsets, teardown),
		cmocka_unit_test_teardown(test_values, teardown),
		cmocka_unit_test_teardown(test_top_level_scalars, teardown),
		cmocka_unit_test_teardown(test_refused, teardown),
		cmocka_unit_test_teardown(test_escaped_backslash_is_no_surrogate, teardown),
		cmocka_unit_test_teardown(test_nul_byte_in_text, teardown),
		cmocka_unit_test_teardown(test_depth, teardown),
		cmocka_unit_test_teardown(test_size, teardown),
		cmocka_unit_test_teardown(test_error_may_be_null, teardown),
		cmocka_unit_test_teardown(test_head, teardown),
		cmocka_unit_test_teardown(test_duplicate_in_big_object, teardown),
		cmocka_unit_test_teardown(test_pointers, teardown),
		cmocka_unit_test_teardown(test_place_of_errors, teardown),
		cmocka_unit_test_teardown(test_position, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
