/* GVariant's text notation. */
#include "systemd/variant.h"
#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* As it is written again; "" where the text is refused. */
static void check(const char *text, const char *expected)
{
	struct hk_arena arena = {0};
	struct hk_strbuf out = {0};
	struct hk_variant variant;
	struct hk_err err = {0};
	int r = hk_variant_parse(text, &arena, &variant, &err);

	if (*expected) {
		assert_int_equal(r, 0);
		hk_variant_format(&variant, &out);
		assert_string_equal(out.text, expected);
	} else {
		assert_int_equal(r, -EINVAL);
		assert_int_equal(err.code, EINVAL);
	}
	hk_strbuf_done(&out);
	hk_arena_done(&arena);
}

static void test_values(void **state)
{
	(void)state;
	check("true", "true");
	check(" false ", "false");
	check("boolean true", "true");
	check("5", "5");
	check("-5", "-5");
	check("2147483647", "2147483647");
	check("uint64 18446744073709551615", "uint64 18446744073709551615");
	check("int64 -9223372036854775808", "int64 -9223372036854775808");
	check("@t 5", "uint64 5");
	check("@t uint64 5", "uint64 5");
	check("byte 0xff", "byte 255");
	check("uint32 010", "uint32 8");
	check("1.5", "1.5");
	check("double 2", "2");
	check("-1e3", "-1000");
	check("'text'", "'text'");
	check("\"it's\"", "'it\\'s'");
	check("'a\\'b\\\\'", "'a\\'b\\\\'");
	check("objectpath '/a'", "objectpath '/a'");
}

static void test_arrays(void **state)
{
	(void)state;
	check("['a.service', \"b.service\"]", "@as ['a.service', 'b.service']");
	check("[uint32 1, 2, 3]", "@au [1, 2, 3]");
	check("@au [ ]", "@au []");
	check("@ay [1,2]", "@ay [1, 2]");
	check("[true,false]", "@ab [true, false]");
	check("[('/dev/x', 'rw'), ('char-pts', 'r')]",
		"@a(ss) [('/dev/x', 'rw'), ('char-pts', 'r')]");
	check("[('/dev/x', uint64 5)]", "@a(st) [('/dev/x', 5)]");
	check("@a(st) []", "@a(st) []");
	check("@a(st) [('/dev/x', 5)]", "@a(st) [('/dev/x', 5)]");
}

static void test_refused(void **state)
{
	static const char *const cases[] = {"", " ", "tru", "5x", "--5", "+", "2147483648",
		"byte 256", "byte -1", "uint64 -1", "uint64 18446744073709551616", "uint64 'a'",
		"string 5", "'a", "'a' 'b'", "5 5", "[", "[]", "[1", "[1,]", "[1,'a']", "[1 2]",
		"@", "@z 5", "@as 5", "@a 5", "@aas []", "@a() []", "@a(ss []", "@t [5]",
		"@(ss) ('a','b')", "@as ['a', 5]", "[('a', 'b'), ('a')]", "[('a'), ('a', 'b')]",
		"[('a', 5), ('a', 'b')]", "[1, ('a')]", "[('a'), 1]", "()", "{'a': 'b'}", "<5>",
		"nothing", "1.2.3", "0x", "@tttttttttttttttttt 1",
		"[(1,2,3,4,5,6,7,8,9,10,11,12,13,14)]"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(cases[i], "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
