/* Options structs of other sizes, and what hako_runtime_new refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "lib/runtime.h"
#include "lib/sized.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ours {
	size_t size;
	int a;
	int b;
};

struct newer {
	struct ours known;
	int c;
};

static void same_size(void **state)
{
	struct ours theirs = {sizeof(theirs), 1, 2}, ours;

	(void)state;
	assert_int_equal(hk_sized_copy(&ours, sizeof(ours), &theirs, NULL), 0);
	assert_int_equal(ours.a, 1);
	assert_int_equal(ours.b, 2);
}

static void older(void **state)
{
	struct ours theirs = {offsetof(struct ours, b), 1, 2}, ours = {0, 9, 9};

	(void)state;
	assert_int_equal(hk_sized_copy(&ours, sizeof(ours), &theirs, NULL), 0);
	assert_int_equal(ours.a, 1);
	assert_int_equal(ours.b, 0);
}

static void newer(void **state)
{
	static struct newer theirs = {{sizeof(theirs), 1, 2}, 0}; /* zero padding, too */
	struct hk_err err = {0};
	struct ours ours;

	(void)state;
	assert_int_equal(hk_sized_copy(&ours, sizeof(ours), &theirs, &err), 0);
	assert_int_equal(ours.b, 2);
	theirs.c = 1;
	assert_int_equal(hk_sized_copy(&ours, sizeof(ours), &theirs, &err), -E2BIG);
	assert_int_equal(err.code, E2BIG);
}

static void garbage(void **state)
{
	struct ours theirs = {0, 1, 2}, ours;
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(hk_sized_copy(&ours, sizeof(ours), &theirs, &err), -EINVAL);
	theirs.size = sizeof(size_t) - 1;
	assert_int_equal(hk_sized_copy(&ours, sizeof(ours), &theirs, &err), -EINVAL);
	theirs.size = SIZE_MAX;
	assert_int_equal(hk_sized_copy(&ours, sizeof(ours), &theirs, &err), -EINVAL);
}

static void root_is_made_absolute(void **state)
{
	struct hako_runtime_options options = {.size = sizeof(options)};
	hako_runtime *runtime = NULL;
	hako_error *error = NULL;
	char cwd[4096], want[8192];

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	(void)snprintf(want, sizeof(want), "%s/state", cwd);
	options.root = "./x/..//state/";
	assert_int_equal(hako_runtime_new(&options, &runtime, &error), 0);
	assert_string_equal(runtime->root, want);
	assert_false(runtime->default_root);
	hako_runtime_free(runtime);
}

static void bad_runtime_options(void **state)
{
	struct hako_runtime_options options = {.size = sizeof(options), .root = "/"};
	hako_runtime *runtime = NULL;
	hako_error *error = NULL;

	(void)state;
	assert_int_equal(hako_runtime_new(&options, &runtime, &error), -EINVAL);
	assert_null(runtime);
	assert_string_equal(hako_error_text(error), "the state directory should not be /");
	hako_error_free(error);
	options.root = "";
	assert_int_equal(hako_runtime_new(&options, &runtime, NULL), -EINVAL);
	options.root = "/run/x";
	options.cgroup_manager = (enum hako_cgroup_manager)7;
	assert_int_equal(hako_runtime_new(&options, &runtime, NULL), -EINVAL);
	options.cgroup_manager = HAKO_CGROUP_CGROUPFS;
	options.rootless = (enum hako_rootless)9;
	assert_int_equal(hako_runtime_new(&options, &runtime, NULL), -EINVAL);
	options.rootless = HAKO_ROOTLESS_YES;
	options.log_level = (enum hako_log_level) - 1;
	assert_int_equal(hako_runtime_new(&options, &runtime, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_size),
		cmocka_unit_test(older),
		cmocka_unit_test(newer),
		cmocka_unit_test(garbage),
		cmocka_unit_test(root_is_made_absolute),
		cmocka_unit_test(bad_runtime_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
