/* Decisions of the builder that a golden file does not show well, and what it refuses. */
#include "plan/make.h"

#include "plan/environment.h"
#include "plan/hook_state.h"

#include <string.h>
#include <unistd.h>

#define NS(...)	    "{\"linux\":{\"namespaces\":[" __VA_ARGS__ "]}}"
#define NEW(type)   "{\"type\":\"" type "\"}"
#define MOUNT(text) "{\"mounts\":[{\"destination\":\"/d\"," text "}]}"
#define NO_MOUNT_NS "\"linux\":{\"namespaces\":[],\"maskedPaths\":[],\"readonlyPaths\":[]}"
#define USER_NS_ALONE                                                                              \
	"\"linux\":{\"namespaces\":[" NEW(                                                         \
		"user") "],\"maskedPaths\":[],\"readonlyPaths\":[],"                               \
			"\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":9}],"           \
			"\"gidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":9}]}"
#define REMOUNT_OF(type, source, option)                                                           \
	"{\"mounts\":[{\"destination\":\"/d\",\"type\":\"" type "\",\"source\":\"" source          \
	"\"},{\"destination\":\"/d/\",\"options\":[\"remount\",\"" option "\"]}]}"
#define LSM(members) "{\"process\":{" members "}}"

static const struct {
	const char *patch;
	struct hk_plan_options options;
	int errnum;
	const char *property;
	const char *message;
} refusals[] = {
	{MOUNT("\"type\":\"tmpfs\",\"options\":[\"bind\",\"x=1\"]"), OPTIONS(), EINVAL,
		"/mounts/0/options/1", "'x=1'"},
	{MOUNT("\"type\":\"ext4\",\"options\":[\"tmpcopyup\"]"), OPTIONS(), EINVAL,
		"/mounts/0/options", "tmpcopyup"},
	{MOUNT("\"type\":\"tmpfs\",\"source\":\"/h\",\"options\":[\"bind\",\"tmpcopyup\"]"),
		OPTIONS(), EINVAL, "/mounts/0/options", "tmpcopyup"},
	{MOUNT("\"type\":\"tmpfs\",\"options\":[\"remount\",\"tmpcopyup\"]"), OPTIONS(), EINVAL,
		"/mounts/0/options", "tmpcopyup"},
	{MOUNT("\"options\":[\"remount\",\"sync\"]"), OPTIONS(), EINVAL, "/mounts/0/options",
		"no file system of the container's own"},
	{MOUNT("\"options\":[\"remount\",\"noiversion\"]"), OPTIONS(), EINVAL, "/mounts/0/options",
		"for new mounts"},
	{MOUNT("\"options\":[\"remount\",\"bind\",\"size=1m\"]"), OPTIONS(), EINVAL,
		"/mounts/0/options/2", "a bind mount's remount"},
	{REMOUNT_OF("bind", "/h", "lazytime"), OPTIONS(), EINVAL, "/mounts/1/options",
		"for the host too"},
	{REMOUNT_OF("cgroup", "cgroup", "nsdelegate"), OPTIONS(), EINVAL, "/mounts/1/options",
		"for the host too"},
	{MOUNT("\"source\":\"x\""), OPTIONS(), EINVAL, "/mounts/0/type", "needs a type"},
	{MOUNT("\"options\":[\"rbind\"]"), OPTIONS(), EINVAL, "/mounts/0/source", "needs a source"},
	{"{\"hostname\":null,\"root\":{\"readonly\":false}," USER_NS_ALONE "}", OPTIONS(), EPERM,
		"/mounts", "mount namespace"},
	{"{\"hostname\":null,\"mounts\":[]," USER_NS_ALONE "}", OPTIONS(), EPERM, "/root/readonly",
		"mount namespace"},
	{"{\"linux\":{\"rootfsPropagation\":\"rprivate\"}}", OPTIONS(.no_pivot = true), EINVAL,
		"/linux/rootfsPropagation", "pivot_root"},
	{LSM("\"apparmorProfile\":\"p\""), OPTIONS(), ENOTSUP, "/process/apparmorProfile",
		"AppArmor is not enabled"},
	{LSM("\"selinuxLabel\":\"p\""), OPTIONS(), ENOTSUP, "/process/selinuxLabel",
		"SELinux is not enabled"},
	{"{\"linux\":{\"mountLabel\":\"p\"}}", OPTIONS(), ENOTSUP, "/linux/mountLabel",
		"SELinux is not enabled"},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(refusals); i++) {
		struct hk_facts facts = FACTS();
		struct made made;

		make(&made, refusals[i].patch, &facts, &refusals[i].options);
		print_message("%s: %s\n", made.err.property, made.err.message);
		assert_int_equal(made.r, -refusals[i].errnum);
		assert_int_equal(made.err.code, refusals[i].errnum);
		assert_string_equal(made.err.property, refusals[i].property);
		assert_non_null(strstr(made.err.message, refusals[i].message));
		assert_null(made.plan);
		unmake(&made);
	}
}

/* Less than what was asked for is no container. */
static void test_what_the_host_lacks(void **state)
{
#define ANNOTATED(name, value) "{\"annotations\":{\"dev.hako." name "\":\"" value "\"}}"
	static const struct {
		const char *patch;
		struct hk_facts facts;
		const char *property;
		const char *message;
		const char *hint;
	} cases[] = {
		{ANNOTATED("landlock", "ro:/"), FACTS(), "/annotations/dev.hako.landlock",
			"not enabled", "lsm="},
		{ANNOTATED("landlock", "ro:/"), FACTS(.landlock_abi = 4),
			"/annotations/dev.hako.landlock", "need Landlock ABI 5, this kernel has 4",
			"Linux 6.10 has it; the clause 'abi:4'"},
		{ANNOTATED("landlock", "scope:signal"), FACTS(.landlock_abi = 5),
			"/annotations/dev.hako.landlock", "ABI 6", "Linux 6.12"},
		{ANNOTATED("landlock", "abi:2;ro:/"), FACTS(.landlock_abi = 1),
			"/annotations/dev.hako.landlock", "ABI 2", "Linux 5.19"},
		{ANNOTATED("core-sched", "new"), FACTS(.core_sched_errno = ENODEV),
			"/annotations/dev.hako.core-sched", "no core", "SMT"},
		{ANNOTATED("core-sched", "new"), FACTS(.core_sched_errno = EINVAL),
			"/annotations/dev.hako.core-sched", "CONFIG_SCHED_CORE", "5.14"},
	};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		struct hk_plan_options options = OPTIONS();
		struct made made;

		make(&made, cases[i].patch, &cases[i].facts, &options);
		assert_int_equal(made.r, -ENOTSUP);
		assert_string_equal(made.err.property, cases[i].property);
		assert_non_null(strstr(made.err.message, cases[i].message));
		assert_non_null(strstr(made.err.hint, cases[i].hint));
		unmake(&made);
	}
}

/* Labels that mean nothing here. */
static void test_unknown_contexts(void **state)
{
	static const struct {
		const char *patch;
		struct hk_facts facts;
		const char *property;
	} cases[] = {
		{LSM("\"selinuxLabel\":\"u:r:t\""),
			FACTS(.selinux = true, .process_label_unknown = true),
			"/process/selinuxLabel"},
		{"{\"linux\":{\"mountLabel\":\"u:r:t\"}}",
			FACTS(.selinux = true, .mount_label_unknown = true), "/linux/mountLabel"},
	};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		struct hk_plan_options options = OPTIONS();
		struct made made;

		make(&made, cases[i].patch, &cases[i].facts, &options);
		assert_int_equal(made.r, -EINVAL);
		assert_string_equal(made.err.property, cases[i].property);
		assert_string_equal(made.err.message, "SELinux's policy has no context 'u:r:t'");
		unmake(&made);
	}
}

/* Options of cgroup2 on a host that has v1. */
static void test_cgroup_v1_takes_no_options(void **state)
{
	struct hk_facts facts = FACTS(.cgroup_view = HK_CGROUP_VIEW_V1);
	struct hk_plan_options options = OPTIONS(V1_CGROUPS);
	struct made made;

	(void)state;
	make(&made, MOUNT("\"type\":\"cgroup\",\"options\":[\"ro\",\"nsdelegate\"]"), &facts,
		&options);
	assert_int_equal(made.r, -EINVAL);
	assert_string_equal(made.err.property, "/mounts/0/options");
	unmake(&made);
}

static void test_missing_parts(void **state)
{
	struct hk_process process = {0};
	struct hk_root root = {.path = "r"};
	struct hk_spec spec;
	struct hk_facts facts = FACTS();
	struct hk_plan_options options = OPTIONS();
	const struct hk_plan *plan;
	struct hk_arena arena = {0};
	struct hk_err err = {0};

	(void)state;
	hk_spec_init(&spec);
	assert_int_equal(hk_plan_build(&spec, &facts, &options, &arena, &plan, &err), -EINVAL);
	assert_string_equal(err.property, "/root");
	spec.root = &root;
	assert_int_equal(hk_plan_build(&spec, &facts, &options, &arena, &plan, &err), -EINVAL);
	assert_string_equal(err.property, "/process");
	spec.process = &process;
	assert_int_equal(hk_plan_build(&spec, &facts, &options, &arena, &plan, &err), -EINVAL);
	assert_string_equal(err.property, "/process/args");
	hk_spec_done(&spec);
}

static uint64_t clone_flags(const char *patch)
{
	struct hk_facts facts = FACTS();
	struct hk_plan_options options = OPTIONS();
	struct made made;
	uint64_t flags;

	make(&made, patch, &facts, &options);
	assert_int_equal(made.r, 0);
	flags = made.plan->clone_flags;
	unmake(&made);
	return flags;
}

/* Where nodes have to be bound, and nothing may be. */
static void test_devices_without_mounts(void **state)
{
	struct hk_facts facts = FACTS(.can_mknod = false);
	struct hk_plan_options options = OPTIONS();
	struct made made;

	(void)state;
	make(&made,
		"{\"hostname\":null,\"root\":{\"readonly\":false},\"mounts\":[]," NO_MOUNT_NS "}",
		&facts, &options);
	assert_int_equal(made.r, -EPERM);
	assert_string_equal(made.err.property, "/linux/namespaces");
	unmake(&made);
}

/* One clone where nothing forbids it; the cgroup namespace always later. */
static void test_direct_or_staged(void **state)
{
	const uint64_t two = HK_CLONE_NEWNS | HK_CLONE_NEWUTS;

	(void)state;
	assert_int_equal(clone_flags(NS(NEW("mount") "," NEW("uts"))), two);
	assert_int_equal(clone_flags(NS(NEW("mount") "," NEW("uts") "," NEW("cgroup"))), two);
	assert_int_equal(clone_flags(NS(NEW("mount") "," NEW("uts") "," NEW("time"))), 0);
	assert_int_equal(clone_flags(NS(NEW("mount") "," NEW(
				 "uts") ",{\"type\":\"network\",\"path\":\"/n\"}")),
		0);
	assert_int_equal(
		clone_flags(NS(NEW("mount") "," NEW("uts") ",{\"type\":\"user\",\"path\":\"/n\"}")),
		0);
}

/* Unknown capabilities cannot be raised; none at all is what an absent object means. */
static void test_capabilities(void **state)
{
	struct hk_facts facts = FACTS(.known_caps = 0x421);
	struct hk_plan_options options = OPTIONS();
	const struct hk_step_credentials *args;
	struct made made;

	(void)state;
	make(&made, NULL, &facts, &options);
	assert_int_equal(made.r, 0);
	args = hk_plan_args(made.plan, nth(made.plan, HK_STEP_CREDENTIALS, 0));
	assert_int_equal(args->bounding, 0x420); /* KILL, NET_BIND_SERVICE; not AUDIT_WRITE */
	assert_int_equal(args->inheritable, 0);
	unmake(&made);
	make(&made, "{\"process\":{\"capabilities\":null}}", &facts, &options);
	args = hk_plan_args(made.plan, nth(made.plan, HK_STEP_CREDENTIALS, 0));
	assert_int_equal(args->bounding | args->permitted | args->effective | args->ambient, 0);
	unmake(&made);
}

/* What root itself lacks, in a container of its own for instance; a user namespace has all. */
static void test_missing_capabilities(void **state)
{
	const uint64_t kill = 1u << 5, audit = 1u << 29;
	struct hk_facts facts = FACTS(.permitted_caps = ~kill, .known_caps = ~audit);
	struct hk_plan_options options = OPTIONS();
	const struct hk_step_credentials *args;
	struct made made;

	(void)state;
	make(&made, NULL, &facts, &options); /* KILL, NET_BIND_SERVICE, AUDIT_WRITE */
	assert_int_equal(hk_plan_missing_capabilities(&made.spec, &facts), kill | audit);
	args = hk_plan_args(made.plan, nth(made.plan, HK_STEP_CREDENTIALS, 0));
	assert_int_equal(args->permitted, 0x400);
	assert_int_equal(args->effective, 0x400);
	assert_int_equal(args->bounding, 0x420);
	unmake(&made);
	make(&made, "{\"process\":{\"capabilities\":null}}", &facts, &options);
	assert_int_equal(hk_plan_missing_capabilities(&made.spec, &facts), 0);
	unmake(&made);
	make(&made,
		"{\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"uts\"},{\"type\":"
		"\"user\"}],\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":9}],"
		"\"gidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":9}]}}",
		&facts, &options);
	assert_int_equal(hk_plan_missing_capabilities(&made.spec, &facts), audit);
	unmake(&made);
}

/* "unconfined" can always be had. */
static void test_unconfined(void **state)
{
	struct hk_facts facts = FACTS();
	struct hk_plan_options options = OPTIONS();
	struct made made;

	(void)state;
	make(&made, LSM("\"apparmorProfile\":\"unconfined\""), &facts, &options);
	assert_int_equal(made.r, 0);
	assert_int_equal(count_of(made.plan, HK_STEP_LSM), 0);
	unmake(&made);
	facts.apparmor = true;
	make(&made, LSM("\"apparmorProfile\":\"unconfined\""), &facts, &options);
	assert_int_equal(count_of(made.plan, HK_STEP_LSM), 1);
	assert_string_equal(
		hk_plan_str(made.plan, ((const struct hk_step_lsm *)hk_plan_args(
						made.plan, nth(made.plan, HK_STEP_LSM, 0)))
					       ->file),
		"attr/exec");
	unmake(&made);
}

/* The plan is the same whatever it is made of twice, and does not grow with the square. */
static void test_many_mounts(void **state)
{
	struct hk_facts facts = FACTS();
	struct hk_plan_options options = OPTIONS();
	struct hk_strbuf patch = {0};
	struct made made, again;

	(void)state;
	hk_strbuf_puts(&patch, "{\"mounts\":[");
	for (int i = 0; i < 1000; i++)
		hk_strbuf_printf(&patch,
			"%s{\"destination\":\"/m/%d\",\"source\":\"/s/%d\",\"options\":[\"rbind\","
			"\"ro\"]}",
			i ? "," : "", i, i);
	hk_strbuf_puts(&patch, "]}");
	make(&made, patch.text, &facts, &options);
	make(&again, patch.text, &facts, &options);
	assert_int_equal(made.r, 0);
	assert_int_equal(count_of(made.plan, HK_STEP_BIND), 1000);
	assert_true(made.plan->size < 200000);
	assert_int_equal(made.plan->size, again.plan->size);
	assert_memory_equal(made.plan, again.plan, made.plan->size);
	unmake(&made);
	unmake(&again);
	hk_strbuf_done(&patch);
}

static void test_environment(void **state)
{
	static const char *items[] = {"A=1", "B", "A=2", "HOME=", "AB=3", "B=4", "C=", "X=y"};
	static const char *const extra[] = {"X=own", NULL};
	static const char *const expected[] = {"A=2", "AB=3", "B=4", "C=", "X=own"};
	struct hk_strings env = {items, HK_COUNT(items)};
	struct hk_arena arena = {0};
	const char **ret;
	size_t count;

	(void)state;
	ret = hk_environment(&env, extra, &arena, &count);
	assert_int_equal(count, HK_COUNT(expected));
	for (size_t i = 0; i < count; i++)
		assert_string_equal(ret[i], expected[i]);
	assert_string_equal(hk_environment_get(ret, count, "A"), "2");
	assert_string_equal(hk_environment_get(ret, count, "C"), "");
	assert_null(hk_environment_get(ret, count, "HOME"));
	assert_null(hk_environment_get(ret, count, ""));
	hk_arena_done(&arena);
}

/* 100,000 variables are legal: the last of equal names is found without comparing all with all. */
static void test_large_environment(void **state)
{
	static char text[100000][12];
	static const char *items[100000];
	static const char *const none[] = {NULL};
	struct hk_strings env = {items, HK_COUNT(items)};
	struct hk_arena arena = {0};
	size_t count;

	(void)state;
	for (size_t i = 0; i < HK_COUNT(items); i++) {
		(void)snprintf(text[i], sizeof(text[i]), "%zu=v", i % 50000);
		items[i] = text[i];
	}
	assert_non_null(hk_environment(&env, none, &arena, &count));
	assert_int_equal(count, 50000);
	hk_arena_done(&arena);
}

static void test_hook_state(void **state)
{
	struct hk_pair pair = {"k/\"", "v"};
	struct hk_pairs annotations = {&pair, 1};
	struct hk_hook_state hook_state = {"id", "/b", &annotations};
	char *before, *after;

	(void)state;
	assert_int_equal(hk_hook_state_split(&hook_state, "created", &before, &after), 0);
	assert_string_equal(
		before, "{\"ociVersion\":\"1.3.0\",\"id\":\"id\",\"status\":\"created\",\"pid\":");
	assert_string_equal(after, ",\"bundle\":\"/b\",\"annotations\":{\"k/\\\"\":\"v\"}}");
	free(before);
	free(after);
	hook_state.annotations = NULL;
	assert_int_equal(hk_hook_state_split(&hook_state, "stopped", &before, &after), 0);
	assert_string_equal(after, ",\"bundle\":\"/b\"}");
	free(before);
	free(after);
}

static void test_facts(void **state)
{
	struct hk_facts facts;
	struct hk_spec spec;

	(void)state;
	hk_spec_init(&spec);
	assert_int_equal(hk_facts_probe(&spec, &facts, NULL), 0);
	assert_int_equal(facts.euid, geteuid());
	assert_int_equal(facts.known_caps & 1, 1);
	assert_int_equal(facts.known_caps & (facts.known_caps + 1), 0); /* 0...01...1 */
	assert_int_equal(facts.cgroup_view, HK_CGROUP_VIEW_NONE);	/* nobody asked */
	assert_false(facts.apparmor);
	if (facts.euid != 0)
		assert_false(facts.can_mknod);
	hk_spec_done(&spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_what_the_host_lacks),
		cmocka_unit_test(test_unknown_contexts),
		cmocka_unit_test(test_cgroup_v1_takes_no_options),
		cmocka_unit_test(test_missing_parts),
		cmocka_unit_test(test_devices_without_mounts),
		cmocka_unit_test(test_direct_or_staged),
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_missing_capabilities),
		cmocka_unit_test(test_unconfined),
		cmocka_unit_test(test_many_mounts),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_large_environment),
		cmocka_unit_test(test_hook_state),
		cmocka_unit_test(test_facts),
	};

	return cmocka_run_group_tests_name("build", tests, NULL, NULL);
}
