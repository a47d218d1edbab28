/* The annotations that we know: their values, their pointers, and what they exclude. */
#include "spec/annotations.h"

#include "base/findings.h"
#include "base/sys.h"
#include "spec/spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

static struct hk_arena arena;
static struct hk_annotated annotated;
static struct hk_err err;

static int set_up(void **state)
{
	(void)state;
	annotated = (struct hk_annotated){0};
	err = (struct hk_err){0};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hk_arena_done(&arena);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int read_pairs(struct hk_pair *items, size_t count)
{
	struct hk_pairs pairs = {items, count};

	return hk_annotated_read(&pairs, &arena, &annotated, &HK_FIRST_FINDING(&err));
}

static int read_one(const char *key, const char *value)
{
	struct hk_pair pair = {key, value};

	return read_pairs(&pair, 1);
}

static void test_values(void **state)
{
	struct hk_pair all[] = {
		{"dev.hako.core-sched", "new"},
		{"dev.hako.landlock", "ro:/"},
		{"dev.hako.readonly-rootfs", "strict"},
		{"org.criu.config", "/etc/criu.conf"},
		{"org.example.unknown", ""},
		{"org.systemd.property.CPUWeight", "uint64 5"},
		{"org.systemd.property.CollectMode", "'inactive-or-failed'"},
		{"run.oci.delegate-cgroup", "inner"},
		{"run.oci.hooks.stderr", "/var/log/e"},
		{"run.oci.hooks.stdout", "/var/log/o"},
		{"run.oci.keep_original_groups", "1"},
		{"run.oci.seccomp.receiver", "/run/agent"},
		{"run.oci.systemd.subgroup", "payload"},
	};

	(void)state;
	assert_int_equal(read_pairs(all, HK_COUNT(all)), 0);
	assert_true(annotated.core_sched && annotated.strict_rootfs && annotated.keep_groups);
	assert_string_equal(annotated.hooks_stdout, "/var/log/o");
	assert_string_equal(annotated.hooks_stderr, "/var/log/e");
	assert_string_equal(annotated.seccomp_receiver, "/run/agent");
	assert_string_equal(annotated.delegate_cgroup, "inner");
	assert_int_equal(annotated.landlock->path_count, 1);
}

static void test_what_asks_for_nothing(void **state)
{
	struct hk_pair none[] = {
		{"org.criu.config", ""},
		{"run.oci.keep_original_groups", "0"},
		{"run.oci.systemd.subgroup", ""},
		{"run.oci.systemd.subgroup2", ".."},
		{"run.oci.hooks", "x"},
		{"org.systemd.property", ""},
		{"org.systemd", "x"},
		{"dev.hako.no-such", "x"},
		{"", ""},
	};

	(void)state;
	assert_int_equal(read_pairs(none, HK_COUNT(none)), 0);
	assert_memory_equal(&annotated, &(struct hk_annotated){.systemd_subgroup = none[2].value},
		sizeof(annotated));
}

static const char long_name[] = "123456789012345678901234567890123456789012345678901234567890123456"
				"7890123456789012345678901"
				"234567890123456789012345678901234567890123456789012345678901234567"
				"8901234567890123456789012"
				"345678901234567890123456789012345678901234567890123456789012345678"
				"9012345678901234567890123";

static const struct {
	const char *key;
	const char *value;
	const char *pointer; /* behind "/annotations/"; NULL: the key */
} hostile[] = {
	{"dev.hako.core-sched", "", NULL},
	{"dev.hako.core-sched", "New", NULL},
	{"dev.hako.core-sched", "new ", NULL},
	{"dev.hako.core-sched", "pid:1", NULL},
	{"dev.hako.landlock", "", NULL},
	{"dev.hako.readonly-rootfs", "", NULL},
	{"dev.hako.readonly-rootfs", "true", NULL},
	{"org.criu.config", "criu.conf", NULL},
	{"org.systemd.property.", "x", NULL},
	{"org.systemd.property.ab", "x", NULL},
	{"org.systemd.property.Abc1", "x", NULL},
	{"org.systemd.property.Abc.d", "x", NULL},
	{"org.systemd.property.A/b~c", "x", "org.systemd.property.A~1b~0c"},
	{"org.systemd.property.Abc", "", NULL},
	{"run.oci.delegate-cgroup", "", NULL},
	{"run.oci.delegate-cgroup", ".", NULL},
	{"run.oci.delegate-cgroup", "..", NULL},
	{"run.oci.delegate-cgroup", "a/b", NULL},
	{"run.oci.delegate-cgroup", "/a", NULL},
	{"run.oci.delegate-cgroup", "../a", NULL},
	{"run.oci.delegate-cgroup", "a\nb", NULL},
	{"run.oci.delegate-cgroup", long_name, NULL},
	{"run.oci.hooks.stderr", "", NULL},
	{"run.oci.hooks.stderr", "e.log", NULL},
	{"run.oci.hooks.stdout", "./o.log", NULL},
	{"run.oci.keep_original_groups", "", NULL},
	{"run.oci.keep_original_groups", "yes", NULL},
	{"run.oci.keep_original_groups", "11", NULL},
	{"run.oci.seccomp.receiver", "", NULL},
	{"run.oci.seccomp.receiver", "agent.sock", NULL},
	{"run.oci.systemd.subgroup", "a/b", NULL},
	{"run.oci.systemd.subgroup", "..", NULL},
};

static void test_hostile_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_COUNT(hostile); i++) {
		const char *pointer = hostile[i].pointer ? hostile[i].pointer : hostile[i].key;

		err = (struct hk_err){0};
		if (read_one(hostile[i].key, hostile[i].value) != -EINVAL)
			fail_msg("%s='%s' was taken", hostile[i].key, hostile[i].value);
		assert_int_equal(err.code, EINVAL);
		assert_string_equal(err.property + strlen("/annotations/"), pointer);
		assert_true(err.message[0]);
	}
	assert_memory_equal(&annotated, &(struct hk_annotated){0}, sizeof(annotated));
}

/* 4096 bytes are more than a path may have; a value of a megabyte is named, but not all of it. */
static void test_long_values(void **state)
{
	char *value = hk_arena_alloc(&arena, (1 << 20) + 1);

	(void)state;
	assert_non_null(value);
	memset(value, 'a', 1 << 20);
	value[0] = '/';
	assert_int_equal(read_one("run.oci.hooks.stdout", value), -EINVAL);
	assert_int_equal(read_one("run.oci.seccomp.receiver", value), -EINVAL);
	assert_int_equal(read_one("dev.hako.landlock", value), -EINVAL);
	assert_true(strlen(err.message) < 300);
}

static void test_duplicates(void **state)
{
	struct hk_pair twice[] = {{"dev.hako.landlock", "ro:/"}, {"dev.hako.landlock", "ro:/"}};

	(void)state;
	assert_int_equal(read_pairs(twice, 2), -EINVAL);
	assert_string_equal(err.property, "/annotations/dev.hako.landlock");
	assert_non_null(strstr(err.message, "twice"));
}

static void test_get(void **state)
{
	struct hk_pair items[] = {{"a", "1"}, {"b", ""}};
	struct hk_pairs pairs = {items, 2};

	(void)state;
	assert_string_equal(hk_annotation_get(&pairs, "b"), "");
	assert_null(hk_annotation_get(&pairs, "c"));
}

static void test_stray(void **state)
{
	(void)state;
	assert_true(hk_annotation_is_stray("dev.hako.landlok"));
	assert_true(hk_annotation_is_stray("dev.hako."));
	assert_false(hk_annotation_is_stray("dev.hako.landlock"));
	assert_false(hk_annotation_is_stray("run.oci.no-such"));
}

/* As `features` lists them: sorted, and not what only takes rights away. */
static void test_unsafe(void **state)
{
	size_t n = 0;

	(void)state;
	for (; hk_annotation_unsafe(n); n++) {
		assert_null(strstr(hk_annotation_unsafe(n), "landlock"));
		assert_null(strstr(hk_annotation_unsafe(n), "rootfs"));
		if (n)
			assert_true(
				strcmp(hk_annotation_unsafe(n - 1), hk_annotation_unsafe(n)) < 0);
	}
	assert_int_equal(n, 9);
}

/* ---- together with the rest, by hk_spec_validate ---- */

static struct hk_spec make_spec(struct hk_pair *pair)
{
	static struct hk_root root = {.path = "rootfs"};
	static const char *args[] = {"true"};
	static struct hk_process process = {.cwd = "/", .args = {args, 1}};
	static struct hk_namespace namespaces[] = {{HK_NS_MOUNT, NULL}};

	root.readonly = false;
	process.user.additional_gid_count = 0;
	return (struct hk_spec){
		.oci_version = HK_SPEC_VERSION,
		.root = &root,
		.process = &process,
		.annotations = {pair, 1},
		.linux = {.namespaces = namespaces, .namespace_count = 1},
	};
}

static void refused(const struct hk_spec *spec, const char *property)
{
	assert_int_equal(hk_spec_validate(spec, &err), -EINVAL);
	assert_string_equal(err.property, property);
	assert_true(err.hint[0]);
}

static void test_groups_exclude_each_other(void **state)
{
	struct hk_pair pair = {"run.oci.keep_original_groups", "1"};
	struct hk_spec spec = make_spec(&pair);
	uint32_t gid = 5;

	(void)state;
	assert_int_equal(hk_spec_validate(&spec, &err), 0);
	spec.process->user.additional_gids = &gid;
	spec.process->user.additional_gid_count = 1;
	refused(&spec, "/annotations/run.oci.keep_original_groups");
	pair.value = "0";
	assert_int_equal(hk_spec_validate(&spec, &err), 0);
}

static void test_strict_means_readonly(void **state)
{
	struct hk_pair pair = {"dev.hako.readonly-rootfs", "strict"};
	struct hk_spec spec = make_spec(&pair);

	(void)state;
	refused(&spec, "/annotations/dev.hako.readonly-rootfs");
	spec.root->readonly = true;
	assert_int_equal(hk_spec_validate(&spec, &err), 0);
}

static void test_delegation_needs_a_namespace(void **state)
{
	struct hk_pair pair = {"run.oci.delegate-cgroup", "inner"};
	struct hk_spec spec = make_spec(&pair);
	struct hk_namespace cgroup = {HK_NS_CGROUP, "/proc/1/ns/cgroup"};

	(void)state;
	refused(&spec, "/annotations/run.oci.delegate-cgroup");
	spec.linux.namespaces = &cgroup;
	refused(&spec, "/annotations/run.oci.delegate-cgroup");
	cgroup.path = NULL;
	assert_int_equal(hk_spec_validate(&spec, &err), 0);
}

/* The child is given to the container's root: somebody has to say who that is. */
static void test_delegation_needs_an_owner(void **state)
{
	struct hk_pair pair = {"run.oci.delegate-cgroup", "inner"};
	struct hk_spec spec = make_spec(&pair);
	struct hk_namespace both[] = {{HK_NS_CGROUP, NULL}, {HK_NS_USER, "/proc/1/ns/user"}};
	struct hk_id_map map = {0, 1000, 1};

	(void)state;
	spec.linux.namespaces = both;
	spec.linux.namespace_count = 2;
	refused(&spec, "/annotations/run.oci.delegate-cgroup");
	spec.linux.uid_mappings = spec.linux.gid_mappings = (struct hk_id_maps){&map, 1};
	assert_int_equal(hk_spec_validate(&spec, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_values),
		TEST(test_what_asks_for_nothing),
		TEST(test_hostile_values),
		TEST(test_long_values),
		TEST(test_duplicates),
		TEST(test_get),
		TEST(test_stray),
		TEST(test_unsafe),
		TEST(test_groups_exclude_each_other),
		TEST(test_strict_means_readonly),
		TEST(test_delegation_needs_a_namespace),
		TEST(test_delegation_needs_an_owner),
	};

	return cmocka_run_group_tests_name("annotations", tests, NULL, NULL);
}
