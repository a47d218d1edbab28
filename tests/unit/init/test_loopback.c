/* Loopback comes up in a fresh network namespace, and a refusal is told. */
#include "step/step.h"

#include "base/fd.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct hk_step_loopback args;

static short flags_of_lo(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	HK_FD int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return ioctl(sock, SIOCGIFFLAGS, &request) < 0 ? -1 : request.ifr_flags;
}

/* In a child of its own; the exit status says what went wrong. */
static int bring_up(void)
{
	struct hk_err err = {0};

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return 77;
	if (flags_of_lo() != IFF_LOOPBACK)
		return 1;
	if (hk_step_loopback(NULL, &args, &err) != 0)
		return 2;
	return flags_of_lo() == (IFF_LOOPBACK | IFF_UP | IFF_RUNNING) ? 0 : 3;
}

static int without_privilege(void)
{
	struct hk_err err = {0};

	/* another user namespace has no say over this network namespace */
	if (unshare(CLONE_NEWUSER) < 0)
		return 77;
	if (hk_step_loopback(NULL, &args, &err) != -EPERM || err.code != EPERM)
		return 1;
	return strcmp(err.message, "bring up the loopback device") == 0 ? 0 : 2;
}

static void run(int (*test)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(test());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip(); /* no namespaces here */
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_up(void **state)
{
	(void)state;
	run(bring_up);
}

static void test_refused(void **state)
{
	(void)state;
	run(without_privilege);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
