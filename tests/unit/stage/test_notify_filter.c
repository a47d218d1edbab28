/* What of a container's sd_notify datagrams goes on to the service manager. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "stage/notify_filter.h"

#include <string.h>

static const struct {
	const char *said;
	const char *passed;
} cases[] = {
	{"READY=1", "MAINPID=42\nREADY=1"},
	{"READY=1\n", "MAINPID=42\nREADY=1"},
	{"STATUS=up\nREADY=1\n", "MAINPID=42\nREADY=1\nSTATUS=up"},
	{"READY=0", ""},
	{"READY=1x", ""},
	{"READY", ""},
	{"xREADY=1", ""},
	{"", ""},
	{"\n\n=\n==", ""},
	{"RELOADING=1\nMONOTONIC_USEC=5", "RELOADING=1\nMONOTONIC_USEC=7000"},
	{"RELOADING=1\nMONOTONIC_USEC=x", "RELOADING=1"},
	{"STOPPING=1", "STOPPING=1"},
	{"WATCHDOG=1", "WATCHDOG=1"},
	{"WATCHDOG=trigger", "WATCHDOG=trigger"},
	{"WATCHDOG=2", ""},
	{"WATCHDOG_USEC=20000000\nEXTEND_TIMEOUT_USEC=1\nERRNO=2",
		"WATCHDOG_USEC=20000000\nEXTEND_TIMEOUT_USEC=1\nERRNO=2"},
	{"ERRNO=-2\nWATCHDOG_USEC=\nEXTEND_TIMEOUT_USEC=111111111111111111111", ""},
	{"STATUS=a\033[31mb\tc\177\302\233d\303\244", "STATUS=a?[31mb?c???d\303\244"},
	{"STATUS=\303\244\303\377", "STATUS=\303\244??"},
	{"STATUS=", "STATUS="},
	{"STATUS=1\nSTATUS=2", "STATUS=1"},
	{"MAINPID=1\nSTATUS=x", "STATUS=x"},
	{"MAINPID=1\nMAINPIDFDID=1\nNOTIFYACCESS=all\nFDSTORE=1\nFDNAME=x\nFDSTOREREMOVE=1\nFDPOLL="
	 "0\n"
	 "BUSERROR=a\nBARRIER=1\nEXIT_STATUS=0\nX_SYSTEMD=1\nVARLINKERROR=a",
		""},
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		char out[HK_NOTIFY_MAX];
		bool ready;
		size_t len = hk_notify_filter(
			cases[i].said, strlen(cases[i].said), 42, 7000, out, &ready);

		assert_int_equal(len, strlen(cases[i].passed));
		assert_memory_equal(out, cases[i].passed, len);
		assert_int_equal(ready, strstr(cases[i].passed, "READY=1") != NULL);
	}
}

static void test_pid_is_said_once(void **state)
{
	char out[HK_NOTIFY_MAX];
	bool ready;

	(void)state;
	assert_int_equal(hk_notify_filter("READY=1", 7, 0, 1, out, &ready), 7);
	assert_memory_equal(out, "READY=1", 7);
	assert_true(ready);
}

static void test_bounds(void **state)
{
	static char text[HK_NOTIFY_MAX + 1];
	char out[HK_NOTIFY_MAX];
	bool ready;

	(void)state;
	assert_int_equal(hk_notify_filter("READY=1\0", 8, 42, 1, out, &ready), 0);
	assert_false(ready);
	memset(text, 'x', sizeof(text));
	memcpy(text, "READY=1\nSTATUS=", 15);
	assert_int_equal(hk_notify_filter(text, sizeof(text), 42, 1, out, &ready), 0);
	/* with MAINPID it is too long: the status goes, the readiness does not */
	assert_int_equal(hk_notify_filter(text, HK_NOTIFY_MAX, 42, 1, out, &ready), 18);
	assert_memory_equal(out, "MAINPID=42\nREADY=1", 18);
	assert_true(ready);
	/* a status that comes first leaves room for it */
	memset(text, 'x', sizeof(text));
	memcpy(text, "STATUS=", 7);
	memcpy(text + HK_NOTIFY_MAX - 8, "\nREADY=1", 8);
	assert_int_not_equal(hk_notify_filter(text, HK_NOTIFY_MAX, 42, 1, out, &ready), 0);
	assert_true(ready);
	assert_non_null(memmem(out, HK_NOTIFY_MAX, "READY=1", 7));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_pid_is_said_once),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
