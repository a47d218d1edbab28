/* Plans for a container that runs. */
#include "plan/make.h"

#include <string.h>

static struct hk_namespace user_and_mount[] = {
	{.type = HK_NS_USER, .path = "there"}, {.type = HK_NS_MOUNT}};

static void make_errand(
	struct made *made, enum hk_errand errand, const char *mounts, size_t namespace_count)
{
	struct hk_facts facts = FACTS();

	*made = (struct made){0};
	assert_int_equal(
		hk_spec_parse_mounts(mounts, strlen(mounts), "f", &made->spec, &made->err), 0);
	made->spec.linux.namespaces = user_and_mount + 2 - namespace_count;
	made->spec.linux.namespace_count = namespace_count;
	made->spec.linux.mount_label = "label";
	made->r = hk_plan_build_errand(errand, &made->spec, &facts,
		HK_CLONE_NEWPID | HK_CLONE_NEWNS, "/b", &made->arena, &made->plan, &made->err);
}

static uint32_t position(const struct hk_plan *plan, enum hk_step_kind kind)
{
	const struct hk_step *step = nth(plan, kind, 0);

	assert_non_null(step);
	return (uint32_t)(step - hk_plan_steps(plan));
}

static void test_additions(void **state)
{
	struct made made;
	const struct hk_step_mount *mount;
	const struct hk_step_bind *bind;
	const struct hk_step_visit *visit;

	(void)state;
	make_errand(&made, HK_ERRAND_ADD_MOUNTS,
		"[{\"destination\":\"/a\",\"type\":\"tmpfs\",\"options\":[\"ro\"]},"
		"{\"destination\":\"b\",\"source\":\"s\",\"options\":[\"bind\"]}]",
		2);
	assert_int_equal(made.r, 0);
	/* the view of the host is the user namespace's; nothing of it is shared; then the visit */
	assert_true(position(made.plan, HK_STEP_NS_JOIN) < position(made.plan, HK_STEP_NS_UNSHARE));
	assert_true(
		position(made.plan, HK_STEP_NS_UNSHARE) < position(made.plan, HK_STEP_PROPAGATION));
	assert_true(position(made.plan, HK_STEP_PROPAGATION) < position(made.plan, HK_STEP_VISIT));
	assert_true(position(made.plan, HK_STEP_VISIT) < position(made.plan, HK_STEP_MOUNT));
	assert_true(position(made.plan, HK_STEP_BIND) < position(made.plan, HK_STEP_REMOUNT));
	assert_int_equal(position(made.plan, HK_STEP_READY), made.plan->step_count - 2);
	assert_int_equal(position(made.plan, HK_STEP_FINISH), made.plan->step_count - 1);
	mount = hk_plan_args(made.plan, nth(made.plan, HK_STEP_MOUNT, 0));
	assert_string_equal(hk_plan_str(made.plan, mount->label), "label");
	/* nobody enters a pid namespace with what is the host's */
	visit = hk_plan_args(made.plan, nth(made.plan, HK_STEP_VISIT, 0));
	assert_int_equal(visit->namespaces, HK_CLONE_NEWPID | HK_CLONE_NEWNS);
	assert_int_equal(count_of(made.plan, HK_STEP_FORK), 0);
	bind = hk_plan_args(made.plan, nth(made.plan, HK_STEP_BIND, 0));
	assert_string_equal(hk_plan_str(made.plan, bind->source), "/b/s");
	assert_string_equal(hk_plan_str(made.plan, bind->target), "/b");
	unmake(&made);
}

/* Without a user namespace the clone itself makes our view of the host. */
static void test_clone_flags(void **state)
{
	struct made made;

	(void)state;
	make_errand(&made, HK_ERRAND_ADD_MOUNTS, "[]", 1);
	assert_int_equal(made.r, 0);
	assert_int_equal(made.plan->clone_flags, HK_CLONE_NEWNS);
	assert_int_equal(count_of(made.plan, HK_STEP_NS_JOIN), 0);
	unmake(&made);
}

static void test_removals(void **state)
{
	struct made made;
	const struct hk_step_unmount *last;

	(void)state;
	make_errand(&made, HK_ERRAND_REMOVE_MOUNTS,
		"[{\"destination\":\"/a/\"},{\"destination\":\"/c/../b\"}]", 1);
	assert_int_equal(made.r, 0);
	assert_int_equal(count_of(made.plan, HK_STEP_UNMOUNT), 3);
	last = hk_plan_args(made.plan, nth(made.plan, HK_STEP_UNMOUNT, 1));
	assert_string_equal(hk_plan_str(made.plan, last->target), "/b");
	/* all are found before the first goes */
	last = hk_plan_args(made.plan, nth(made.plan, HK_STEP_UNMOUNT, 2));
	assert_null(hk_plan_str(made.plan, last->target));
	unmake(&made);
}

static void test_refusals(void **state)
{
	static const struct {
		enum hk_errand errand;
		const char *mounts;
		const char *property;
	} cases[] = {
		{HK_ERRAND_ADD_MOUNTS, "[{\"destination\":\"/a\",\"type\":\"cgroup\"}]",
			"/mounts/0/type"},
		{HK_ERRAND_ADD_MOUNTS,
			"[{\"destination\":\"/a\",\"options\":[\"remount\",\"bind\"]}]",
			"/mounts/0/options"},
		{HK_ERRAND_ADD_MOUNTS,
			"[{\"destination\":\"/b\",\"type\":\"tmpfs\"},"
			"{\"destination\":\"/a\",\"options\":[\"remount\",\"bind\"]}]",
			"/mounts/1/options"},
		{HK_ERRAND_REMOVE_MOUNTS, "[{\"destination\":\"/a\"},{\"destination\":\"//a\"}]",
			"/mounts/1/destination"},
	};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		struct made made;

		make_errand(&made, cases[i].errand, cases[i].mounts, 1);
		assert_int_equal(made.r, -EINVAL);
		assert_string_equal(made.err.property, cases[i].property);
		unmake(&made);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_additions),
		cmocka_unit_test(test_clone_flags),
		cmocka_unit_test(test_removals),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
