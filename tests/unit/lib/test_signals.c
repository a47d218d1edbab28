/* Signal names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <hako/container.h>

#include <signal.h>

static void numbers(void **state)
{
	(void)state;
	assert_int_equal(hako_signal_number("9"), 9);
	assert_int_equal(hako_signal_number("1"), 1);
	assert_int_equal(hako_signal_number("64"), 64);
	assert_int_equal(hako_signal_number("0"), 0);
	assert_int_equal(hako_signal_number("65"), 0);
	assert_int_equal(hako_signal_number("-9"), 0);
	assert_int_equal(hako_signal_number(" 9"), 0);
	assert_int_equal(hako_signal_number("9x"), 0);
	assert_int_equal(hako_signal_number("99999999999999999999"), 0);
}

static void names(void **state)
{
	(void)state;
	assert_int_equal(hako_signal_number("KILL"), SIGKILL);
	assert_int_equal(hako_signal_number("SIGKILL"), SIGKILL);
	assert_int_equal(hako_signal_number("sigkill"), SIGKILL);
	assert_int_equal(hako_signal_number("SigTerm"), SIGTERM);
	assert_int_equal(hako_signal_number("cld"), SIGCHLD);
	assert_int_equal(hako_signal_number("winch"), SIGWINCH);
	assert_int_equal(hako_signal_number("SIG"), 0);
	assert_int_equal(hako_signal_number(""), 0);
	assert_int_equal(hako_signal_number("SIGSIGKILL"), 0);
	assert_int_equal(hako_signal_number("KILLED"), 0);
}

static void real_time(void **state)
{
	(void)state;
	assert_int_equal(hako_signal_number("RTMIN"), SIGRTMIN);
	assert_int_equal(hako_signal_number("SIGRTMIN+3"), SIGRTMIN + 3);
	assert_int_equal(hako_signal_number("rtmax-1"), SIGRTMAX - 1);
	assert_int_equal(hako_signal_number("RTMAX"), SIGRTMAX);
	assert_int_equal(hako_signal_number("RTMIN-1"), 0);
	assert_int_equal(hako_signal_number("RTMAX+1"), 0);
	assert_int_equal(hako_signal_number("RTMIN+99"), 0);
	assert_int_equal(hako_signal_number("RTMIN+"), 0);
	assert_int_equal(hako_signal_number("RTMIN+1x"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(names),
		cmocka_unit_test(real_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
