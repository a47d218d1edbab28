/* Validation: the template is valid, and each change of it that is not has its property and errno.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/findings.h"
#include "spec/configs.h"
#include "spec/patch.h"
#include "spec/spec.h"
#include "spec/template.h"
#include "spec/valid_configs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *base; /* the template */

static int group_setup(void **state)
{
	(void)state;
	base = hk_spec_template_for(false, 0, 0, false);
	return base ? 0 : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	free(base);
	return 0;
}

/* Read and validate base with the patch. */
static int check(const char *patch, struct hk_err *err)
{
	char *text = patched(base, patch);
	struct hk_spec spec;
	int r;

	if (!text)
		fail_msg("%s: no JSON", patch);
	hk_spec_init(&spec);
	r = hk_spec_parse(text, strlen(text), "config.json", &spec, err);
	if (r == 0) {
		r = hk_spec_validate(&spec, err);
		hk_spec_locate(&spec, err);
	}
	hk_spec_done(&spec);
	free(text);
	return r;
}

static void test_invalid(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(invalid); i++) {
		struct hk_err err = {0};
		int r = check(invalid[i].patch, &err);

		if (r != -invalid[i].errnum || err.code != invalid[i].errnum || err.flags ||
			strcmp(err.property, invalid[i].property) != 0 ||
			!strstr(err.message, invalid[i].message) ||
			strncmp(err.position, "config.json:1:", 14) != 0)
			fail_msg("%s:\n%d %s %s: %s", invalid[i].patch, r, err.position,
				err.property, err.message);
	}
}

/* Every property that there is, and what only a user namespace can have. Integration tests make
 * malformed files of them. */
static void test_everything(void **state)
{
	static const char *const names[] = {
		"spec/data/full.json", "spec/data/full-user-namespace.json"};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(names); i++) {
		struct hk_err err = {0};
		struct hk_spec spec;

		hk_spec_init(&spec);
		if (hk_spec_read(AT_FDCWD, names[i], &spec, &err) < 0 ||
			hk_spec_validate(&spec, &err) < 0)
			fail_msg(
				"%s: %s %s: %s", names[i], err.position, err.property, err.message);
		assert_int_equal(spec.warnings.count, 0);
		hk_spec_done(&spec);
	}
}

static void test_valid(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(valid); i++) {
		struct hk_err err = {0};

		if (check(valid[i], &err) != 0)
			fail_msg("%s:\n%s %s: %s", valid[i], err.position, err.property,
				err.message);
	}
}

/* A file that holds text and nothing else. */
static int memory_file(const char *text)
{
	int fd = memfd_create("config.json", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

/* Read and examine base with the patch, to the end. */
static void find_all(const char *patch, struct hk_findings *ret)
{
	char *text = patched(base, patch), path[32];
	int fd = memory_file(text);
	struct hk_spec spec;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(hk_spec_read_all(AT_FDCWD, path, &spec, ret), 0);
	assert_int_equal(hk_spec_examine(&spec, ret), 0);
	hk_spec_done(&spec);
	(void)close(fd);
	free(text);
}

/* What stops `create` is among what `check` finds, wherever that goes on from there. */
static void test_all_findings(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(invalid); i++) {
		struct hk_err err = {0};
		struct hk_findings all = HK_ALL_FINDINGS(&err);
		bool found = false;

		find_all(invalid[i].patch, &all);
		for (size_t j = 0; j < all.count; j++)
			found = found || (!strcmp(all.items[j].property, invalid[i].property) &&
						 strstr(all.items[j].message, invalid[i].message));
		if (!found)
			fail_msg("%s: %zu findings, none at %s", invalid[i].patch, all.count,
				invalid[i].property);
		hk_findings_done(&all);
	}
	for (size_t i = 0; i < HK_COUNT(valid); i++) {
		struct hk_err err = {0};
		struct hk_findings all = HK_ALL_FINDINGS(&err);

		find_all(valid[i], &all);
		assert_int_equal(all.count, 0);
	}
}

static void test_many_findings(void **state)
{
	static const char *const expected[] = {"/process/rlimits/0/type", "/process/cwd",
		"/linux/devices/0/path", "/ociVersion", "/process/args", "/process/env/0",
		"/process/oomScoreAdj", "/mounts/1/destination", "/hooks/poststop/0/timeout"};
	struct hk_err err = {0};
	struct hk_findings all = HK_ALL_FINDINGS(&err);

	(void)state;
	find_all("{\"ociVersion\":\"3.0.0\",\"process\":{\"cwd\":null,\"args\":[],"
		 "\"env\":[\"X\"],\"rlimits\":[{\"type\":\"RLIMIT_X\",\"soft\":1,\"hard\":2}],"
		 "\"oomScoreAdj\":-2000},\"mounts\":[{\"destination\":\"/x\"},"
		 "{\"destination\":\"/\"}],\"linux\":{\"devices\":[{\"type\":\"c\"}]},"
		 "\"hooks\":{\"poststop\":[{\"path\":\"/bin/true\",\"timeout\":-1}]}}",
		&all);
	assert_int_equal(all.count, HK_COUNT(expected));
	for (size_t i = 0; i < all.count; i++)
		assert_string_equal(all.items[i].property, expected[i]);
	hk_findings_done(&all);
}

static void test_rootless_template(void **state)
{
	char *text = hk_spec_template_for(true, 1000, 100, true);
	struct hk_err err = {0};
	struct hk_spec spec;

	(void)state;
	assert_int_equal(hk_spec_parse(text, strlen(text), "config.json", &spec, &err), 0);
	assert_int_equal(hk_spec_validate(&spec, &err), 0);
	assert_int_equal(spec.warnings.count, 0);
	hk_spec_done(&spec);
	free(text);
}

static void test_hints(void **state)
{
	struct hk_err err = {0};

	(void)state;
	(void)check(LINUX("\"namespaces\":[{\"type\":\"mount\"}]"), &err);
	assert_string_equal(err.hint, "add {\"type\": \"uts\"} to linux.namespaces");
	(void)check(LINUX("\"sysctl\":{\"user.x\":\"1\"}"), &err);
	assert_string_equal(err.hint, "add {\"type\": \"user\"} to linux.namespaces");
	(void)check(LINUX("\"sysctl\":{\"vm.x\":\"1\"}"), &err);
	assert_string_equal(err.hint, "");
}

static void test_too_many_mappings(void **state)
{
	struct hk_id_map maps[341];
	struct hk_err err = {0};
	char *text = patched(base, USERNS(ROOT_MAPS));
	struct hk_spec spec;

	(void)state;
	for (uint32_t i = 0; i < HK_COUNT(maps); i++)
		maps[i] = (struct hk_id_map){i, i, 1};
	assert_int_equal(hk_spec_parse(text, strlen(text), "config.json", &spec, &err), 0);
	spec.linux.uid_mappings = (struct hk_id_maps){maps, 340};
	assert_int_equal(hk_spec_validate(&spec, &err), 0);
	spec.linux.uid_mappings.count = 341;
	assert_int_equal(hk_spec_validate(&spec, &err), -EINVAL);
	assert_string_equal(err.property, "/linux/uidMappings");
	hk_spec_done(&spec);
	free(text);
}

/* The builder of the library makes specs without a text. */
static void test_spec_without_text(void **state)
{
	struct hk_spec spec;
	struct hk_err err = {0};

	(void)state;
	hk_spec_init(&spec);
	assert_int_equal(hk_spec_validate(&spec, &err), -EINVAL);
	assert_string_equal(err.property, "/ociVersion");
	hk_spec_locate(&spec, &err);
	assert_string_equal(err.position, "");
	assert_int_equal(hk_spec_validate(&spec, NULL), -EINVAL);
	hk_spec_done(&spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_all_findings),
		cmocka_unit_test(test_many_findings),
		cmocka_unit_test(test_rootless_template),
		cmocka_unit_test(test_hints),
		cmocka_unit_test(test_too_many_mappings),
		cmocka_unit_test(test_spec_without_text),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
