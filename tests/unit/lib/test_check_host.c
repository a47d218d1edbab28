/* Checks that need a look at the host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/prepare.h"

#include "base/err.h"
#include "lib/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct hk_facts root_facts = {.euid = 0};
static const struct hk_facts user_facts = {.euid = 1000};

static hako_spec *new_spec(void)
{
	static const char *const args[] = {"true", NULL};
	hako_spec *spec = NULL;

	assert_int_equal(hako_spec_new(&spec, NULL), 0);
	assert_int_equal(hako_spec_set_args(spec, args), 0);
	return spec;
}

static void refused(hako_spec *spec, const struct hk_facts *facts, int code, const char *property,
	const char *message)
{
	struct hk_err err = {0};

	assert_int_equal(hk_check_host(&spec->spec, facts, &HK_FIRST_FINDING(&err)), -code);
	assert_int_equal(err.code, code);
	assert_string_equal(err.property, property);
	assert_string_equal(err.message, message);
}

static void accepted(hako_spec *spec, const struct hk_facts *facts)
{
	struct hk_err err = {0};

	assert_int_equal(hk_check_host(&spec->spec, facts, &HK_FIRST_FINDING(&err)), 0);
}

static void sysctl_of_the_host(void **state)
{
	hako_spec *spec = new_spec();

	(void)state;
	(void)hako_spec_add_namespace(spec, "network", "/proc/self/ns/net");
	(void)hako_spec_add_sysctl(spec, "kernel.domainname", "d");
	accepted(spec, &root_facts);
	(void)hako_spec_add_sysctl(spec, "net.ipv4.ip_forward", "1");
	refused(spec, &root_facts, EINVAL, "/linux/sysctl/net.ipv4.ip_forward",
		"sysctl \"net.ipv4.ip_forward\" is not in a separate kernel namespace");
	hako_spec_free(spec);
}

static void sysctl_of_another_namespace(void **state)
{
	hako_spec *spec = new_spec();

	(void)state;
	(void)hako_spec_add_namespace(spec, "network", "/proc/self/ns/pid"); /* another file */
	(void)hako_spec_add_sysctl(spec, "net.ipv4.ip_forward", "1");
	accepted(spec, &root_facts);
	hako_spec_free(spec);
}

static void without_privileges(void **state)
{
	hako_spec *spec = new_spec();

	(void)state;
	accepted(spec, &root_facts);
	refused(spec, &user_facts, EINVAL, "/linux/namespaces",
		"rootless container requires user namespaces");
	(void)hako_spec_add_namespace(spec, "user", NULL);
	refused(spec, &user_facts, EINVAL, "/linux/uidMappings",
		"rootless container requires at least one UID mapping");
	(void)hako_spec_add_uid_mapping(spec, 0, 1000, 1);
	refused(spec, &user_facts, EINVAL, "/linux/gidMappings",
		"rootless container requires at least one GID mapping");
	(void)hako_spec_add_gid_mapping(spec, 0, 1000, 1);
	accepted(spec, &user_facts);
	(void)hako_spec_add_gid(spec, 5);
	refused(spec, &user_facts, EPERM, "/process/user/additionalGids",
		"cannot set any additional groups in a rootless container");
	hako_spec_free(spec);
}

/* There is no call for them yet: as config.json's reader leaves them. */
static void net_devices(void **state)
{
	static struct hk_net_device devices[] = {{.host_name = "eth0"}};
	static const struct hk_facts nested_facts = {.in_user_namespace = true};
	hako_spec *spec = new_spec(), *own = new_spec();

	(void)state;
	spec->spec.linux.net_devices = own->spec.linux.net_devices = devices;
	spec->spec.linux.net_device_count = own->spec.linux.net_device_count = 1;
	(void)hako_spec_add_namespace(spec, "user", NULL);
	(void)hako_spec_add_uid_mapping(spec, 0, 1000, 1);
	(void)hako_spec_add_gid_mapping(spec, 0, 1000, 1);
	accepted(spec, &root_facts);
	refused(spec, &user_facts, EPERM, "/linux/netDevices",
		"a rootless container cannot take network devices of the host");
	refused(spec, &nested_facts, EPERM, "/linux/netDevices",
		"a rootless container cannot take network devices of the host");
	(void)hako_spec_add_namespace(own, "network", "/proc/self/ns/net");
	refused(own, &root_facts, EINVAL, "/linux/netDevices",
		"network devices need another network namespace to go to than hako's own");
	hako_spec_free(spec);
	hako_spec_free(own);
}

/* Our own user namespace cannot be joined again: the error is setns', not a wrong comparison. */
static void own_user_namespace(void **state)
{
	hako_spec *spec = new_spec();

	(void)state;
	(void)hako_spec_add_namespace(spec, "user", "/proc/self/ns/user");
	accepted(spec, &root_facts);
	(void)hako_spec_add_uid_mapping(spec, 0, 0, 1);
	refused(spec, &root_facts, EINVAL, "/linux/namespaces", "join the user namespace");
	hako_spec_free(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sysctl_of_the_host),
		cmocka_unit_test(sysctl_of_another_namespace),
		cmocka_unit_test(without_privileges),
		cmocka_unit_test(net_devices),
		cmocka_unit_test(own_user_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
