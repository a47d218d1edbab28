/* Loopback comes up in a fresh network namespace, and a refusal is told. */
#include "base/err.h"
#include "base/fd.h"
#include "net/net.h"

#include <errno.h>
#include <linux/netlink.h>
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

static short flags_of_lo(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	HK_FD int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return ioctl(sock, SIOCGIFFLAGS, &request) < 0 ? -1 : request.ifr_flags;
}

/* In a child of its own; the exit status says what went wrong. */
static int bring_up(void)
{
	struct hk_err err = {0};
	int netlink;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return 77;
	netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (flags_of_lo() & IFF_UP)
		return 1;
	/* seen from another namespace, as the runtime does */
	if (unshare(CLONE_NEWNET) < 0)
		return 2;
	if (hk_net_loopback_up(netlink, &err) != 0)
		return 3;
	if (flags_of_lo() & IFF_UP)
		return 4;
	return hk_net_loopback_up(netlink, &err) == 0 && err.code == 0 ? 0 : 5; /* still open */
}

static int bring_up_and_look(void)
{
	int netlink;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return 77;
	netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (hk_net_loopback_up(netlink, NULL) != 0)
		return 1;
	return flags_of_lo() & IFF_UP ? 0 : 2;
}

static int without_privilege(void)
{
	struct hk_err err = {0};
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	/* another user namespace has no say over this network namespace */
	if (unshare(CLONE_NEWUSER) < 0)
		return 77;
	if (hk_net_loopback_up(netlink, &err) != -EPERM || err.code != EPERM)
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

static void test_other_namespace(void **state)
{
	(void)state;
	run(bring_up);
}

static void test_up(void **state)
{
	(void)state;
	run(bring_up_and_look);
}

static void test_refused(void **state)
{
	(void)state;
	run(without_privilege);
}

static void test_bad_fd(void **state)
{
	struct hk_err err;

	(void)state;
	assert_int_equal(hk_net_loopback_up(-1, &err), -EBADF);
	assert_string_equal(err.message, "bring up the loopback device");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_namespace),
		cmocka_unit_test(test_up),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bad_fd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
