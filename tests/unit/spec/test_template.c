/* The template of `spec`: what runc writes, and how it differs for a user without privileges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "spec/spec.h"
#include "spec/template.h"

#include <stdlib.h>
#include <string.h>

static struct hk_spec spec;

static void load(bool rootless, bool cgroup2)
{
	char *text = hk_spec_template_for(rootless, 1000, 100, cgroup2);
	struct hk_err err = {0};

	assert_non_null(text);
	if (hk_spec_parse(text, strlen(text), "config.json", &spec, &err) != 0)
		fail_msg("%s %s: %s", err.position, err.property, err.message);
	free(text);
}

static int teardown(void **state)
{
	(void)state;
	hk_spec_done(&spec);
	return 0;
}

static void test_head_of_the_text(void **state)
{
	static const char head[] =
		"{\n\t\"ociVersion\": \"1.3.0\",\n\t\"process\": {\n"
		"\t\t\"terminal\": true,\n\t\t\"user\": {\n\t\t\t\"uid\": 0,\n"
		"\t\t\t\"gid\": 0\n\t\t},\n\t\t\"args\": [\n\t\t\t\"sh\"\n\t\t],\n";
	char *text = hk_spec_template_for(false, 0, 0, false);
	size_t len = strlen(text);

	(void)state;
	assert_int_equal(strncmp(text, head, sizeof(head) - 1), 0);
	assert_string_equal(text + len - 8, "\t\t]\n\t}\n}");
	free(text);
	text = hk_spec_template(false, 0, 0);
	assert_int_equal(strncmp(text, head, sizeof(head) - 1), 0);
	free(text);
}

static void test_root(void **state)
{
	const uint64_t caps = 1u << 29 | 1u << 5 | 1u << 10; /* AUDIT_WRITE KILL NET_BIND_SERVICE */

	(void)state;
	load(false, false);
	assert_string_equal(spec.oci_version, "1.3.0");
	assert_true(spec.process->terminal);
	assert_int_equal(spec.process->args.count, 1);
	assert_string_equal(spec.process->args.items[0], "sh");
	assert_string_equal(spec.process->cwd, "/");
	assert_int_equal(spec.process->env.count, 2);
	assert_true(spec.process->no_new_privileges);
	assert_int_equal(spec.process->capabilities->bounding, caps);
	assert_int_equal(spec.process->capabilities->effective, caps);
	assert_int_equal(spec.process->capabilities->permitted, caps);
	assert_int_equal(spec.process->capabilities->inheritable, 0);
	assert_int_equal(spec.process->capabilities->ambient, 0);
	assert_int_equal(spec.process->rlimit_count, 1);
	assert_int_equal(spec.process->rlimits[0].resource, 7); /* NOFILE */
	assert_int_equal(spec.process->rlimits[0].soft, 1024);
	assert_string_equal(spec.root->path, "rootfs");
	assert_true(spec.root->readonly);
	assert_string_equal(spec.hostname, "runc");
	assert_int_equal(spec.mount_count, 7);
	assert_int_equal(spec.mounts[2].options.count, 6);
	assert_string_equal(spec.mounts[5].type, "sysfs");
	assert_int_equal(spec.linux.namespace_count, 5);
	assert_int_equal(spec.linux.uid_mappings.count, 0);
	assert_int_equal(spec.linux.resources->device_count, 1);
	assert_int_equal(spec.linux.resources->devices[0].type, 'a');
	assert_true(spec.linux.resources->devices[0].major == -1);
	assert_int_equal(spec.linux.masked_paths.count, 10);
	assert_int_equal(spec.linux.readonly_paths.count, 5);
	assert_int_equal(spec.warnings.count, 0);
}

static void test_rootless(void **state)
{
	(void)state;
	load(true, false);
	assert_int_equal(spec.mount_count, 7);
	assert_int_equal(spec.mounts[2].options.count, 5); /* no gid=5 */
	assert_string_equal(spec.mounts[5].type, "none");
	assert_string_equal(spec.mounts[5].source, "/sys");
	assert_string_equal(spec.mounts[5].options.items[0], "rbind");
	assert_null(spec.linux.resources);
	assert_null(hk_spec_namespace(&spec, HK_NS_NETWORK));
	assert_true(hk_spec_new_namespace(&spec, HK_NS_USER));
	assert_int_equal(spec.linux.uid_mappings.count, 1);
	assert_int_equal(spec.linux.uid_mappings.items[0].host_id, 1000);
	assert_int_equal(spec.linux.gid_mappings.items[0].host_id, 100);
	assert_int_equal(spec.linux.gid_mappings.items[0].size, 1);
}

static void test_cgroup_namespace_on_cgroup2(void **state)
{
	(void)state;
	load(false, false);
	assert_false(hk_spec_new_namespace(&spec, HK_NS_CGROUP));
	hk_spec_done(&spec);
	load(false, true);
	assert_true(hk_spec_new_namespace(&spec, HK_NS_CGROUP));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head_of_the_text),
		cmocka_unit_test_teardown(test_root, teardown),
		cmocka_unit_test_teardown(test_rootless, teardown),
		cmocka_unit_test_teardown(test_cgroup_namespace_on_cgroup2, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
