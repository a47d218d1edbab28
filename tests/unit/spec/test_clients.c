/* Files that podman 4.3 and dockerd 20.10 wrote (their seccomp rules and devices cut short): they
 * are read without a warning and are valid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "spec/spec.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static struct hk_spec spec;

static int teardown(void **state)
{
	(void)state;
	hk_spec_done(&spec);
	return 0;
}

/* ctest runs us in tests/unit. */
static void load(const char *name)
{
	char path[512];
	struct hk_err err = {0};

	(void)snprintf(path, sizeof(path), "spec/data/%s", name);
	if (hk_spec_read(AT_FDCWD, path, &spec, &err) != 0 || hk_spec_validate(&spec, &err) != 0)
		fail_msg("%s: %s %s: %s", name, err.position, err.property, err.message);
	assert_string_equal(spec.oci_version, "1.0.2-dev");
	assert_int_equal(spec.warnings.count, 0);
}

static void test_podman(void **state)
{
	const struct hk_device *fuse;

	(void)state;
	load("podman.json");
	assert_int_equal(spec.linux.device_count, 1);
	fuse = &spec.linux.devices[0];
	assert_string_equal(fuse->path, "/dev/fuse");
	assert_true(fuse->has_mode);
	assert_int_equal(fuse->mode, 0600); /* written as 8576 */
	assert_true(fuse->major == 10 && fuse->minor == 229);
	assert_int_equal(spec.linux.resources->device_count, 2);
	assert_false(spec.linux.resources->devices[0].allow);
	assert_int_equal(spec.linux.resources->devices[0].type, 'a');
	assert_true(spec.linux.resources->memory->limit.value == 64 << 20);
	assert_true(spec.linux.resources->cpu->quota.value == 50000);
	assert_int_equal(spec.process->rlimits[1].resource, 4);	      /* CORE */
	assert_true(spec.process->capabilities->bounding & 1u << 12); /* NET_ADMIN */
	assert_string_equal(spec.linux.seccomp->default_action, "SCMP_ACT_ERRNO");
	assert_true(spec.root->readonly);
}

static void test_docker(void **state)
{
	(void)state;
	load("docker.json");
	assert_int_equal(spec.hooks.at[HK_HOOK_PRESTART].count, 1);
	assert_true(spec.linux.resources->device_count > 5);
	assert_int_equal(spec.process->rlimits[0].resource, 7); /* NOFILE */
	assert_int_equal(spec.process->rlimits[0].hard, 2000);
	assert_true(spec.linux.resources->memory->limit.value == 64 << 20);
	assert_int_equal(spec.linux.devices[0].mode, 0600);
	assert_non_null(spec.linux.seccomp);
}

static void test_docker_privileged(void **state)
{
	(void)state;
	load("docker-privileged.json");
	assert_string_equal(
		hk_spec_namespace(&spec, HK_NS_NETWORK)->path, "/run/docker/netns/default");
	assert_null(spec.linux.seccomp);
	assert_int_equal(spec.linux.device_count, 20);
	assert_true(spec.linux.resources->devices[0].allow);
	assert_true(spec.linux.resources->devices[0].mknod);
	assert_int_equal(spec.linux.masked_paths.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_podman, teardown),
		cmocka_unit_test_teardown(test_docker, teardown),
		cmocka_unit_test_teardown(test_docker_privileged, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
