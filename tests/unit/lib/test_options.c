/* The command line's option parser. It is no part of a layer: its source is taken in here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/options.c"

static struct {
	bool flag;
	const char *text;
	unsigned int number;
} o;

static const struct option table[] = {
	{"flag", 'f', OPTION_FLAG, &o.flag, NULL, "a flag"},
	{"number", 0, OPTION_NUMBER, &o.number, "N", "a number"},
	{"text", 't', OPTION_STRING, &o.text, "TEXT", "a text"},
	{0},
};

static enum options_result parse(bool stop_early, char **argv, int *ret_count, char **ret_error)
{
	static struct options_error error;
	int argc = 0;

	memset(&o, 0, sizeof(o));
	memset(&error, 0, sizeof(error));
	while (argv[argc])
		argc++;
	*ret_error = error.text;
	return options_parse(table, stop_early, argc, argv, ret_count, &error);
}

#define PARSE(stop_early, ...)                                                                     \
	char *argv[] = {__VA_ARGS__, NULL}, *error;                                                \
	int count = -1;                                                                            \
	enum options_result result = parse(stop_early, argv, &count, &error)

static void long_and_short(void **state)
{
	PARSE(false, "--flag", "--text", "a", "--number=7", "id");
	(void)state;
	assert_int_equal(result, OPTIONS_OK);
	assert_true(o.flag);
	assert_string_equal(o.text, "a");
	assert_int_equal(o.number, 7);
	assert_int_equal(count, 1);
	assert_string_equal(argv[0], "id");
}

static void one_dash_and_letters(void **state)
{
	PARSE(false, "-text=b", "-f", "-number", "3");
	(void)state;
	assert_int_equal(result, OPTIONS_OK);
	assert_true(o.flag);
	assert_string_equal(o.text, "b");
	assert_int_equal(o.number, 3);
	assert_int_equal(count, 0);
}

static void behind_arguments(void **state)
{
	PARSE(false, "id", "--flag", "x", "-t", "c", "y");
	(void)state;
	assert_int_equal(result, OPTIONS_OK);
	assert_true(o.flag);
	assert_string_equal(o.text, "c");
	assert_int_equal(count, 3);
	assert_string_equal(argv[2], "y");
}

static void stops_early(void **state)
{
	PARSE(true, "-f", "id", "--text", "-c");
	(void)state;
	assert_int_equal(result, OPTIONS_OK);
	assert_true(o.flag);
	assert_null(o.text);
	assert_int_equal(count, 3);
	assert_string_equal(argv[1], "--text");
}

static void double_dash(void **state)
{
	PARSE(false, "--", "--flag", "-");
	(void)state;
	assert_int_equal(result, OPTIONS_OK);
	assert_false(o.flag);
	assert_int_equal(count, 2);
	assert_string_equal(argv[0], "--flag");
}

static void values(void **state)
{
	PARSE(false, "--flag=false", "--text=", "--text=a=b", "--number", "4294967295");
	(void)state;
	assert_int_equal(result, OPTIONS_OK);
	assert_false(o.flag);
	assert_string_equal(o.text, "a=b");
	assert_int_equal(o.number, 4294967295u);
}

static void help(void **state)
{
	(void)state;
	{
		PARSE(false, "id", "--help");
		(void)count;
		assert_int_equal(result, OPTIONS_HELP);
	}
	{
		PARSE(false, "-h");
		(void)count;
		assert_int_equal(result, OPTIONS_HELP);
	}
}

static void refused(char *arg, const char *text)
{
	PARSE(false, arg);

	assert_int_equal(result, OPTIONS_ERROR);
	assert_int_equal(count, -1);
	assert_string_equal(error, text);
}

static void errors(void **state)
{
	(void)state;
	refused("--nope", "unknown flag '--nope'");
	refused("--fla", "unknown flag '--fla'");
	refused("-ft", "unknown flag '-ft'");
	refused("--=x", "unknown flag '--=x'");
	refused("--text", "--text needs a value");
	refused("--flag=maybe", "--flag: 'maybe' is neither true nor false");
	refused("--number=-1", "--number: '-1' is no number");
	refused("--number= 1", "--number: ' 1' is no number");
	refused("--number=1x", "--number: '1x' is no number");
	refused("--number=", "--number: '' is no number");
	refused("--number=4294967296", "--number: '4294967296' is no number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_and_short),
		cmocka_unit_test(one_dash_and_letters),
		cmocka_unit_test(behind_arguments),
		cmocka_unit_test(stops_early),
		cmocka_unit_test(double_dash),
		cmocka_unit_test(values),
		cmocka_unit_test(help),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
