/* Binding: each type of property, what it takes, what it refuses, and how it says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/findings.h"
#include "json/bind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct inner {
	const char *key;
	int32_t number;
};

struct part {
	bool set;
	uint64_t value;
};

struct outer {
	const char *string;
	const char *needed;
	bool flag;
	int32_t i32;
	int64_t i64;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	struct hk_opt_u64 opt_u64;
	struct hk_opt_i64 opt_i64;
	bool has_flag2;
	bool flag2;
	const char *name;
	char letter;
	uint32_t kind;
	uint32_t bits;
	struct hk_strings strings;
	const char *brief;
	struct hk_strings briefs;
	bool has_names;
	struct hk_strings names;
	uint32_t *uints;
	size_t uint_count;
	struct hk_pairs pairs;
	struct part part;
	struct inner *object;
	struct inner *objects;
	size_t object_count;
	struct inner *keyed;
	size_t keyed_count;
	int64_t custom;
	uint32_t loose;
};

static const struct hk_enum names[] = {{"one", 1}, {"two", 2}, {"four", 4}, {NULL, 0}};
static const struct hk_enum letters[] = {{"c", 'c'}, {"b", 'b'}, {NULL, 0}};

static void inner_defaults(void *object)
{
	((struct inner *)object)->number = -1;
}

static const struct hk_property inner_properties[] = {
	HK_INT("number", struct inner, number),
};
static const struct hk_property needing_properties[] = {
	HK_INT("number", struct inner, number, .flags = HK_REQUIRED),
};
static const struct hk_object inner_object =
	HK_OBJECT_TYPE(struct inner, inner_properties, .defaults = inner_defaults);
static const struct hk_object needing_object = HK_OBJECT_TYPE(struct inner, needing_properties);

static const struct hk_property part_properties[] = {
	HK_UINT("value", struct part, value),
};
static const struct hk_object part_object = HK_OBJECT_TYPE(struct part, part_properties);

static const struct hk_property loose_properties[] = {
	HK_UINT("value", struct outer, loose),
};
static const struct hk_object loose_object = HK_OBJECT_TYPE(struct outer, loose_properties);

static int read_custom(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, void *member)
{
	int64_t value;
	int r = hk_bind_int(binding, place, node, sizeof(value), &value);

	if (r < 0)
		return r;
	if (value == 13)
		return hk_bind_refuse(binding, place, node, "unlucky\n%d", 13);
	if (value > 100)
		r = hk_bind_warn(binding, place, "%d is much", (int)value);
	*(int64_t *)member = value * 2;
	return r;
}

static const struct hk_property outer_properties[] = {
	HK_STRING("string", struct outer, string),
	HK_STRING("needed", struct outer, needed, .flags = HK_REQUIRED),
	HK_BOOL("flag", struct outer, flag),
	HK_BOOL("flag2", struct outer, flag2, HK_HAS(struct outer, has_flag2)),
	HK_INT("i32", struct outer, i32),
	HK_INT("i64", struct outer, i64),
	HK_UINT("u16", struct outer, u16),
	HK_UINT("u32", struct outer, u32),
	HK_UINT("u64", struct outer, u64),
	HK_OPT_UINT("optU64", struct outer, opt_u64),
	HK_OPT_INT("optI64", struct outer, opt_i64),
	HK_NAME("name", struct outer, name, names),
	HK_ENUM("letter", struct outer, letter, letters),
	HK_ENUM("kind", struct outer, kind, names),
	HK_FLAGS("bits", struct outer, bits, names),
	HK_STRINGS("strings", struct outer, strings),
	HK_STRING("brief", struct outer, brief, HK_LONGEST(3)),
	HK_STRINGS("briefs", struct outer, briefs, HK_LONGEST(2)),
	HK_NAMES("names", struct outer, names, names, HK_HAS(struct outer, has_names)),
	HK_UINTS("uints", struct outer, uints, uint_count),
	HK_PAIRS("pairs", struct outer, pairs),
	HK_STRUCT("part", struct outer, part, &part_object, HK_HAS(struct outer, part.set)),
	HK_OBJECT("object", struct outer, object, &needing_object),
	HK_OBJECTS("objects", struct outer, objects, object_count, &inner_object),
	HK_KEYED("keyed", struct outer, keyed, keyed_count, &inner_object),
	HK_CUSTOM("custom", struct outer, custom, read_custom),
	HK_PART("loose", &loose_object),
};
static const struct hk_object outer_object = HK_OBJECT_TYPE(struct outer, outer_properties);

static struct hk_arena arena;
static struct hk_strings warnings;

static int teardown(void **state)
{
	(void)state;
	hk_arena_done(&arena);
	return 0;
}

static int bind_all(const char *text, struct outer *ret, struct hk_findings *findings)
{
	struct hk_binding binding = {.text = text,
		.len = strlen(text),
		.name = "f",
		.arena = &arena,
		.findings = findings};
	const struct hk_node *node;
	int r = hk_json_read(text, strlen(text), "f", &arena, &node, findings->err);

	*ret = (struct outer){0};
	if (r == 0)
		r = hk_bind(&binding, &outer_object, node, ret);
	warnings = binding.warnings;
	return r;
}

static int bind_text(const char *text, struct outer *ret, struct hk_err *err)
{
	return bind_all(text, ret, &HK_FIRST_FINDING(err));
}

static struct outer bind_ok(const char *text)
{
	struct outer outer;
	struct hk_err err = {0};

	if (bind_text(text, &outer, &err) != 0)
		fail_msg("%s: %s %s: %s", text, err.position, err.property, err.message);
	return outer;
}

static void test_every_type(void **state)
{
	struct outer o = bind_ok(
		"{\"string\":\"s\",\"needed\":\"n\",\"flag\":true,\"flag2\":false,"
		"\"i32\":-2147483648,\"i64\":-9223372036854775808,\"u16\":65535,\"u32\":4294967295,"
		"\"u64\":18446744073709551615,\"optU64\":18446744073709551615,\"optI64\":-1,"
		"\"name\":\"two\",\"letter\":\"b\",\"kind\":\"four\",\"bits\":[\"one\",\"four\"],"
		"\"brief\":\"abc\",\"briefs\":[\"\",\"de\"],"
		"\"strings\":[\"x\",\"\",\"y\"],\"names\":[\"two\",\"one\"],\"uints\":[7,0],"
		"\"pairs\":{\"k\":\"v\",\"\":\"\"},\"part\":{\"value\":5},\"object\":{\"number\":3}"
		","
		"\"objects\":[{},{\"number\":8}],\"keyed\":{\"a\":{\"number\":1},\"b\":{}},"
		"\"custom\":21,\"loose\":{\"value\":9}}");

	(void)state;
	assert_string_equal(o.string, "s");
	assert_string_equal(o.needed, "n");
	assert_true(o.flag);
	assert_true(o.has_flag2);
	assert_false(o.flag2);
	assert_int_equal(o.i32, INT32_MIN);
	assert_true(o.i64 == INT64_MIN);
	assert_int_equal(o.u16, UINT16_MAX);
	assert_int_equal(o.u32, UINT32_MAX);
	assert_true(o.u64 == UINT64_MAX);
	assert_true(o.opt_u64.set && o.opt_u64.value == UINT64_MAX);
	assert_true(o.opt_i64.set && o.opt_i64.value == -1);
	assert_string_equal(o.name, "two");
	assert_int_equal(o.letter, 'b');
	assert_int_equal(o.kind, 4);
	assert_int_equal(o.bits, 5);
	assert_int_equal(o.strings.count, 3);
	assert_string_equal(o.strings.items[1], "");
	assert_string_equal(o.strings.items[2], "y");
	assert_string_equal(o.brief, "abc");
	assert_string_equal(o.briefs.items[1], "de");
	assert_true(o.has_names);
	assert_int_equal(o.names.count, 2);
	assert_string_equal(o.names.items[0], "two");
	assert_int_equal(o.uint_count, 2);
	assert_int_equal(o.uints[0], 7);
	assert_int_equal(o.pairs.count, 2);
	assert_string_equal(o.pairs.items[0].key, "k");
	assert_string_equal(o.pairs.items[0].value, "v");
	assert_true(o.part.set && o.part.value == 5);
	assert_int_equal(o.object->number, 3);
	assert_int_equal(o.object_count, 2);
	assert_int_equal(o.objects[0].number, -1);
	assert_int_equal(o.objects[1].number, 8);
	assert_int_equal(o.keyed_count, 2);
	assert_string_equal(o.keyed[0].key, "a");
	assert_int_equal(o.keyed[0].number, 1);
	assert_string_equal(o.keyed[1].key, "b");
	assert_int_equal(o.keyed[1].number, -1);
	assert_int_equal(o.custom, 42);
	assert_int_equal(o.loose, 9);
}

/* null, missing, unknown and, of strings, "" are all nothing. */
static void test_absent(void **state)
{
	static const char *const texts[] = {
		"{\"needed\":\"n\"}",
		"{\"needed\":\"n\",\"unknown\":{\"a\":[1]},\"Flag\":true}",
		"{\"needed\":\"n\",\"string\":null,\"flag\":null,\"flag2\":null,\"i32\":null,"
		"\"optU64\":null,\"name\":null,\"bits\":null,\"strings\":null,\"names\":null,"
		"\"uints\":null,\"pairs\":null,\"part\":null,\"object\":null,\"objects\":null,"
		"\"keyed\":null,\"custom\":null,\"loose\":null}",
		"{\"needed\":\"n\",\"string\":\"\",\"name\":\"\",\"letter\":\"\",\"kind\":\"\"}",
	};
	static const struct outer zero;

	(void)state;
	for (size_t i = 0; i < HK_COUNT(texts); i++) {
		struct outer o = bind_ok(texts[i]);

		o.needed = NULL;
		assert_memory_equal(&o, &zero, sizeof(o));
	}
}

static void test_empty_arrays(void **state)
{
	struct outer o =
		bind_ok("{\"needed\":\"n\",\"strings\":[],\"names\":[],\"uints\":[],"
			"\"pairs\":{},\"objects\":[],\"keyed\":{},\"part\":{},\"bits\":[]}");

	(void)state;
	assert_null(o.strings.items);
	assert_null(o.uints);
	assert_null(o.pairs.items);
	assert_null(o.objects);
	assert_int_equal(o.object_count + o.keyed_count + o.uint_count + o.strings.count, 0);
	assert_true(o.has_names);
	assert_true(o.part.set);
}

static void test_minus_zero(void **state)
{
	struct outer o = bind_ok("{\"needed\":\"n\",\"u32\":-0,\"i32\":-0,\"optU64\":-0}");

	(void)state;
	assert_int_equal(o.u32, 0);
	assert_int_equal(o.i32, 0);
	assert_true(o.opt_u64.set);
}

static const struct {
	const char *text; /* of the members, beside "needed" */
	const char *property;
	const char *message;
} refused[] = {
	{"\"string\":1", "/string", "expected a string, found a number"},
	{"\"string\":{}", "/string", "expected a string, found an object"},
	{"\"brief\":\"abcd\"", "/brief", "longer than 3 bytes"},
	{"\"brief\":[]", "/brief", "expected a string, found an array"},
	{"\"briefs\":[\"ab\",\"\u00e9c\"]", "/briefs/1", "longer than 2 bytes"},
	{"\"flag\":\"true\"", "/flag", "expected a boolean, found a string"},
	{"\"flag\":\"\"", "/flag", "expected a boolean, found a string"},
	{"\"flag\":1", "/flag", "expected a boolean, found a number"},
	{"\"i32\":\"1\"", "/i32", "expected a number, found a string"},
	{"\"i32\":true", "/i32", "expected a number, found a boolean"},
	{"\"i32\":2147483648", "/i32",
		"expected a number from -2147483648 to 2147483647, found 2147483648"},
	{"\"i32\":-2147483649", "/i32",
		"expected a number from -2147483648 to 2147483647, found -2147483649"},
	{"\"i64\":9223372036854775808", "/i64",
		"expected a number from -9223372036854775808 to 9223372036854775807, found "
		"9223372036854775808"},
	{"\"u16\":65536", "/u16", "expected a number from 0 to 65535, found 65536"},
	{"\"u32\":-1", "/u32", "expected a number from 0 to 4294967295, found -1"},
	{"\"u32\":4294967296", "/u32", "expected a number from 0 to 4294967295, found 4294967296"},
	{"\"u64\":18446744073709551616", "/u64",
		"expected a number from 0 to 18446744073709551615, found 18446744073709551616"},
	{"\"u64\":1.0", "/u64", "expected a whole number without fraction or exponent, found 1.0"},
	{"\"u64\":1e3", "/u64", "expected a whole number without fraction or exponent, found 1e3"},
	{"\"i64\":1E3", "/i64", "expected a whole number without fraction or exponent, found 1E3"},
	{"\"optU64\":-1", "/optU64", "expected a number from 0 to 18446744073709551615, found -1"},
	{"\"name\":\"three\"", "/name", "expected one, two or four, found 'three'"},
	{"\"name\":\"a\\nb\"", "/name", "expected one, two or four, found 'a\\nb'"},
	{"\"name\":2", "/name", "expected a string, found a number"},
	{"\"letter\":\"cc\"", "/letter", "expected c or b, found 'cc'"},
	{"\"kind\":\"One\"", "/kind", "expected one, two or four, found 'One'"},
	{"\"bits\":\"one\"", "/bits", "expected an array, found a string"},
	{"\"bits\":[\"one\",\"x\"]", "/bits/1", "expected one, two or four, found 'x'"},
	{"\"strings\":\"x\"", "/strings", "expected an array, found a string"},
	{"\"strings\":[\"x\",null]", "/strings/1", "expected a string, found null"},
	{"\"names\":[\"one\",\"\"]", "/names/1", "expected one, two or four, found ''"},
	{"\"uints\":[1,-1]", "/uints/1", "expected a number from 0 to 4294967295, found -1"},
	{"\"uints\":{}", "/uints", "expected an array, found an object"},
	{"\"pairs\":[]", "/pairs", "expected an object, found an array"},
	{"\"pairs\":{\"a/b~c\":1}", "/pairs/a~1b~0c", "expected a string, found a number"},
	{"\"pairs\":{\"a\":null}", "/pairs/a", "expected a string, found null"},
	{"\"part\":5", "/part", "expected an object, found a number"},
	{"\"part\":{\"value\":\"5\"}", "/part/value", "expected a number, found a string"},
	{"\"object\":[]", "/object", "expected an object, found an array"},
	{"\"object\":{}", "/object/number", "required, but missing"},
	{"\"object\":{\"number\":null}", "/object/number", "required, but missing"},
	{"\"objects\":{}", "/objects", "expected an array, found an object"},
	{"\"objects\":[{},1]", "/objects/1", "expected an object, found a number"},
	{"\"objects\":[{},null]", "/objects/1", "expected an object, found null"},
	{"\"objects\":[{},{},{\"number\":\"\"}]", "/objects/2/number",
		"expected a number, found a string"},
	{"\"keyed\":[]", "/keyed", "expected an object, found an array"},
	{"\"keyed\":{\"x/y\":{\"number\":[]}}", "/keyed/x~1y/number",
		"expected a number, found an array"},
	{"\"custom\":13", "/custom", "unlucky\\n13"},
	{"\"custom\":{}", "/custom", "expected a number, found an object"},
	{"\"loose\":{\"value\":-1}", "/loose/value",
		"expected a number from 0 to 4294967295, found -1"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(refused); i++) {
		char text[256];
		struct outer outer;
		struct hk_err err = {0};
		int r;

		(void)snprintf(text, sizeof(text), "{\"needed\":\"n\",%s}", refused[i].text);
		r = bind_text(text, &outer, &err);
		if (r != -EINVAL || err.code != EINVAL || err.flags ||
			strcmp(err.property, refused[i].property) != 0 ||
			strcmp(err.message, refused[i].message) != 0)
			fail_msg("%s: %d %s: %s", text, r, err.property, err.message);
	}
}

static void check_error(
	const char *text, const char *property, const char *position, const char *message)
{
	struct outer outer;
	struct hk_err err = {0};

	assert_int_equal(bind_text(text, &outer, &err), -EINVAL);
	assert_string_equal(err.property, property);
	assert_string_equal(err.position, position);
	assert_string_equal(err.message, message);
}

static void test_positions(void **state)
{
	(void)state;
	check_error("{\n  \"needed\": \"n\",\n  \"objects\": [{},\n    {\"number\": true}]}",
		"/objects/1/number", "f:4:16", "expected a number, found a boolean");
	check_error("null", "", "f:1:1", "expected an object, found null");
	check_error("\n []", "", "f:2:2", "expected an object, found an array");
	check_error("{\"x\":1}", "/needed", "f:1:1", "required, but missing");
	check_error("{\"needed\":\"\"}", "/needed", "f:1:11", "must not be empty");
	check_error("{\"needed\":null}", "/needed", "f:1:11", "required, but missing");
	check_error("{\"needed\":\"n\",\n\"object\":{}}", "/object/number", "f:2:10",
		"required, but missing");
}

static void test_long_pointer_is_cut(void **state)
{
	char text[1024], key[600];
	struct outer outer;
	struct hk_err err = {0};

	(void)state;
	memset(key, '/', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	(void)snprintf(text, sizeof(text), "{\"needed\":\"n\",\"pairs\":{\"%s\":1}}", key);
	assert_int_equal(bind_text(text, &outer, &err), -EINVAL);
	assert_int_equal(strlen(err.property), 199);
	assert_int_equal(strncmp(err.property, "/pairs/~1~1", 11), 0);
}

static void test_warnings(void **state)
{
	(void)state;
	(void)bind_ok("{\"needed\":\"n\",\"custom\":101}");
	assert_int_equal(warnings.count, 1);
	assert_string_equal(warnings.items[0], "/custom: 101 is much");
	(void)bind_ok("{\"needed\":\"n\",\"custom\":100}");
	assert_int_equal(warnings.count, 0);
}

/* Everything that is wrong, and everything else as it would be without that. */
static void test_all_findings(void **state)
{
	static const char *const expected[] = {"/string", "/i32", "/letter", "/bits/1",
		"/strings/0", "/uints/1", "/pairs/b", "/part", "/object/number",
		"/objects/0/number", "/objects/2", "/custom", "/needed"};
	struct hk_err err = {0};
	struct hk_findings all = HK_ALL_FINDINGS(&err);
	struct outer o;

	(void)state;
	assert_int_equal(bind_all("{\"string\":1,\"i32\":\"x\",\"flag\":true,\"letter\":\"z\","
				  "\"bits\":[\"one\",\"ten\",\"four\"],\"strings\":[7,\"s\"],"
				  "\"uints\":[1,-1,3],\"pairs\":{\"a\":\"A\",\"b\":2},\"part\":[],"
				  "\"object\":{},\"objects\":[{\"number\":true},{\"number\":5},0],"
				  "\"custom\":13}",
				 &o, &all),
		0);
	assert_int_equal(all.count, HK_COUNT(expected));
	for (size_t i = 0; i < all.count; i++) {
		assert_string_equal(all.items[i].property, expected[i]);
		assert_int_equal(all.items[i].code, EINVAL);
		assert_int_equal(strncmp(all.items[i].position, "f:1:", 4), 0);
	}
	assert_null(o.string);
	assert_string_equal(o.needed, ""); /* required: who uses it counts on it */
	assert_true(o.flag);
	assert_int_equal(o.bits, 5);
	assert_int_equal(o.strings.count, 1);
	assert_string_equal(o.strings.items[0], "s");
	assert_int_equal(o.uint_count, 3);
	assert_int_equal(o.pairs.count, 1);
	assert_false(o.part.set);
	assert_int_equal(o.object_count, 3);
	assert_int_equal(o.objects[1].number, 5);
	assert_int_equal(o.objects[2].number, -1);
	hk_findings_done(&all);
}

static void test_not_even_an_object(void **state)
{
	struct hk_err err = {0};
	struct hk_findings all = HK_ALL_FINDINGS(&err);
	struct outer o;

	(void)state;
	assert_int_equal(bind_all("[]", &o, &all), 0);
	assert_int_equal(all.count, 1);
	assert_string_equal(all.items[0].property, "");
	assert_string_equal(o.needed, "");
	hk_findings_done(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_every_type, teardown),
		cmocka_unit_test_teardown(test_absent, teardown),
		cmocka_unit_test_teardown(test_empty_arrays, teardown),
		cmocka_unit_test_teardown(test_minus_zero, teardown),
		cmocka_unit_test_teardown(test_refused, teardown),
		cmocka_unit_test_teardown(test_positions, teardown),
		cmocka_unit_test_teardown(test_long_pointer_is_cut, teardown),
		cmocka_unit_test_teardown(test_warnings, teardown),
		cmocka_unit_test_teardown(test_all_findings, teardown),
		cmocka_unit_test_teardown(test_not_even_an_object, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
