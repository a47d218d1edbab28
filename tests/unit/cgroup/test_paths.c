/* Where a container's cgroup goes. */
#include "cgroup/paths.h"
#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define MEMORY "/sys/fs/cgroup/memory"
#define V2     "/sys/fs/cgroup"

static void test_places(void **state)
{
	static const struct {
		bool v2;
		const char *self;
		const char *wanted;
		const char *place;
	} cases[] = {
		{false, "/", "/docker/abc", MEMORY "/docker/abc"},
		{false, "/user.slice", "/docker/abc", MEMORY "/docker/abc"},
		{false, "/", NULL, MEMORY "/web"},
		{false, "/", "", MEMORY "/web"},
		{false, "/user.slice/s", NULL, MEMORY "/user.slice/s/web"},
		{false, "/user.slice/s", "a/b", MEMORY "/user.slice/s/a/b"},
		{true, "/", NULL, V2 "/web"},
		{true, "/top", NULL, V2 "/web"},
		{true, "/user.slice/s.scope", NULL, V2 "/user.slice/web"},
		{true, "/user.slice/s.scope", "a/b", V2 "/user.slice/a/b"},
		{true, "/user.slice/s.scope", "/a//b/./c/", V2 "/a/b/c"},
		{true, "/x/y", "system.slice:hako:web", V2 "/x/system.slice:hako:web"},
		{false, "/", "/..a/b..", MEMORY "/..a/b.."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hk_cgroup_hierarchy h = {.v2 = cases[i].v2,
			.controllers = cases[i].v2 ? "" : "memory",
			.mountpoint = cases[i].v2 ? V2 : MEMORY,
			.self = cases[i].self};
		struct hk_arena arena = {0};
		const char *place = NULL;

		assert_int_equal(
			hk_cgroup_place(&arena, &h, cases[i].wanted, "web", &place, NULL), 0);
		assert_string_equal(place, cases[i].place);
		hk_arena_done(&arena);
	}
}

static void test_refused(void **state)
{
	static char deep[8192];
	static const struct {
		const char *wanted;
		int errnum;
	} cases[] = {
		{"..", EINVAL},
		{"/../etc", EINVAL},
		{"a/../b", EINVAL},
		{"/a/..", EINVAL},
		{"/", EINVAL},
		{"///", EINVAL},
		{"/./", EINVAL},
		{".", EINVAL},
		{"/a\nb", EINVAL},
		{deep, ENAMETOOLONG},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(deep) - 1; i++)
		deep[i] = i % 2 ? 'a' : '/';
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hk_cgroup_hierarchy h = {
			.v2 = true, .controllers = "", .mountpoint = V2, .self = "/a/b"};
		struct hk_arena arena = {0};
		struct hk_err err = {0};
		const char *place = "untouched";

		assert_int_equal(hk_cgroup_place(&arena, &h, cases[i].wanted, "web", &place, &err),
			-cases[i].errnum);
		assert_string_equal(err.property, "/linux/cgroupsPath");
		assert_string_equal(place, "untouched");
		hk_arena_done(&arena);
	}
}

static void test_sane(void **state)
{
	(void)state;
	assert_true(hk_cgroup_path_is_sane("/sys/fs/cgroup/a"));
	assert_false(hk_cgroup_path_is_sane(NULL));
	assert_false(hk_cgroup_path_is_sane(""));
	assert_false(hk_cgroup_path_is_sane("/"));
	assert_false(hk_cgroup_path_is_sane("a"));
	assert_false(hk_cgroup_path_is_sane("/a/"));
	assert_false(hk_cgroup_path_is_sane("/a/../b"));
	assert_false(hk_cgroup_path_is_sane("/a//b"));
}

static void test_new_describes(void **state)
{
	struct hk_cgroup_host host = {.mode = HK_CGROUP_HYBRID,
		.count = 3,
		.hierarchies = {
			{false, "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct", "/"},
			{false, "name=systemd", "/sys/fs/cgroup/systemd", "/init.scope"},
			{true, "", "/sys/fs/cgroup/unified", "/init.scope"},
		}};
	struct hk_cgroup_request request = {.id = "web"};
	const struct hk_cgroup_mount *mounts;
	const char *const *files, *key, *path;
	struct hk_cgroup *cgroup;
	size_t count;

	(void)state;
	assert_int_equal(hk_cgroup_new(&host, &request, &cgroup, NULL), 0);
	files = hk_cgroup_join_files(cgroup, &count);
	assert_int_equal(count, 2);
	assert_string_equal(files[0], "/sys/fs/cgroup/cpu,cpuacct/web/tasks");
	assert_string_equal(files[1], "/sys/fs/cgroup/systemd/init.scope/web/tasks");
	assert_int_equal(hk_cgroup_path_count(cgroup), 4);
	hk_cgroup_path(cgroup, 1, &key, &path);
	assert_string_equal(key, "cpuacct");
	assert_string_equal(path, "/sys/fs/cgroup/cpu,cpuacct/web");
	hk_cgroup_path(cgroup, 3, &key, &path);
	assert_string_equal(key, "");
	assert_string_equal(path, "/sys/fs/cgroup/unified/web");
	mounts = hk_cgroup_mounts(cgroup, &count);
	assert_int_equal(count, 3);
	assert_string_equal(mounts[0].name, "cpu,cpuacct");
	assert_string_equal(mounts[0].options, "cpu,cpuacct");
	assert_string_equal(mounts[0].links, "cpu,cpuacct");
	assert_string_equal(mounts[0].source, "/sys/fs/cgroup/cpu,cpuacct/web");
	assert_string_equal(mounts[1].name, "systemd");
	assert_string_equal(mounts[1].options, "none,name=systemd");
	assert_null(mounts[1].links);
	assert_true(mounts[2].v2);
	assert_string_equal(mounts[2].name, "unified");
	assert_null(mounts[2].options);
	assert_int_equal(hk_cgroup_v2_fd(cgroup), -1);
	hk_cgroup_free(cgroup);
}

/* The container takes the child for its own; state and limits are the parent's. */
static void test_leaf(void **state)
{
	struct hk_cgroup_host host = {.mode = HK_CGROUP_HYBRID,
		.count = 2,
		.hierarchies = {
			{false, "memory", "/sys/fs/cgroup/memory", "/"},
			{true, "", "/sys/fs/cgroup/unified", "/"},
		}};
	struct hk_cgroup_request request = {.id = "web", .leaf = "inner"};
	const struct hk_cgroup_mount *mounts;
	struct hk_cgroup *cgroup = NULL;
	const char *key, *path;
	struct hk_err err = {0};
	size_t count;

	(void)state;
	assert_int_equal(hk_cgroup_new(&host, &request, &cgroup, &err), 0);
	mounts = hk_cgroup_mounts(cgroup, &count);
	assert_string_equal(mounts[0].source, "/sys/fs/cgroup/memory/web");
	assert_string_equal(mounts[1].source, "/sys/fs/cgroup/unified/web/inner");
	hk_cgroup_path(cgroup, 1, &key, &path);
	assert_string_equal(path, "/sys/fs/cgroup/unified/web");
	hk_cgroup_free(cgroup);

	cgroup = NULL;
	host.count = 1;
	host.mode = HK_CGROUP_V1;
	assert_int_equal(hk_cgroup_new(&host, &request, &cgroup, &err), -ENOTSUP);
	assert_string_equal(err.property, "/annotations/run.oci.delegate-cgroup");
	assert_true(err.hint[0]);
	assert_null(cgroup);
}

/* "cpu" is a directory of its own here: only the other name is a link. */
static void test_links(void **state)
{
	struct hk_cgroup_host host = {.mode = HK_CGROUP_V1,
		.count = 1,
		.hierarchies = {{false, "cpu,cpuacct", "/sys/fs/cgroup/cpu", "/"}}};
	struct hk_cgroup_request request = {.id = "web"};
	const struct hk_cgroup_mount *mounts;
	struct hk_cgroup *cgroup;
	size_t count;

	(void)state;
	assert_int_equal(hk_cgroup_new(&host, &request, &cgroup, NULL), 0);
	mounts = hk_cgroup_mounts(cgroup, &count);
	assert_int_equal(count, 1);
	assert_string_equal(mounts[0].name, "cpu");
	assert_string_equal(mounts[0].links, "cpuacct");
	hk_cgroup_free(cgroup);
}

/* A mountpoint that went away is not made up for by ordinary directories. */
static void test_mountpoint_gone(void **state)
{
	struct hk_cgroup_host host = {.mode = HK_CGROUP_V1,
		.count = 1,
		.hierarchies = {{false, "memory", "/tmp/hk-test-none/memory", "/"}}};
	struct hk_cgroup_request request = {.id = "web", .cgroups_path = "/a/b"};
	struct hk_cgroup *cgroup;
	struct hk_err err = {0};

	(void)state;
	assert_int_equal(hk_cgroup_new(&host, &request, &cgroup, NULL), 0);
	assert_int_equal(hk_cgroup_create(cgroup, &request, &err), -ENOENT);
	assert_string_equal(err.property, "/linux/cgroupsPath");
	assert_int_equal(access("/tmp/hk-test-none", F_OK), -1);
	hk_cgroup_free(cgroup);
}

/* In the cgroup of a unit: the container's own is below it on v2 alone, and where nobody says no.
 */
static void test_units(void **state)
{
	static const struct hk_cgroup_hierarchy v1 = {false, "pids", "/sys/fs/cgroup/pids", "/a"};
	static const struct hk_cgroup_hierarchy v2 = {true, "", "/sys/fs/cgroup", "/a"};
	const struct {
		struct hk_cgroup_host host;
		const char *subgroup, *path;
	} cases[] = {
		{{HK_CGROUP_V2, {v2}, 1}, "container", "/sys/fs/cgroup/s.slice/x.scope/container"},
		{{HK_CGROUP_V2, {v2}, 1}, NULL, "/sys/fs/cgroup/s.slice/x.scope"},
		{{HK_CGROUP_V1, {v1}, 1}, "container", "/sys/fs/cgroup/pids/s.slice/x.scope"},
		{{HK_CGROUP_HYBRID, {v2, v1}, 2}, "container", "/sys/fs/cgroup/s.slice/x.scope"},
	};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(cases); i++) {
		struct hk_cgroup_request request = {.id = "web",
			.manager = HK_CGROUP_MANAGER_SYSTEMD,
			.cgroups_path = "s.slice::x",
			.unit_path = "/s.slice/x.scope",
			.subgroup = cases[i].subgroup,
			.rootless = true};
		const char *controllers, *path;
		struct hk_cgroup *cgroup;

		assert_int_equal(hk_cgroup_new(&cases[i].host, &request, &cgroup, NULL), 0);
		hk_cgroup_path(cgroup, 0, &controllers, &path);
		assert_string_equal(path, cases[i].path);
		hk_cgroup_free(cgroup);
	}
}

static void test_managers(void **state)
{
	struct hk_cgroup_host host = {.mode = HK_CGROUP_V2,
		.count = 1,
		.hierarchies = {{true, "", "/sys/fs/cgroup", "/a/b"}}};
	struct hk_cgroup_request request = {.id = "web", .manager = HK_CGROUP_MANAGER_DISABLED};
	const struct hk_cgroup_mount *mounts;
	struct hk_cgroup *cgroup = NULL;
	struct hk_err err = {0};
	size_t count;

	(void)state;
	assert_int_equal(hk_cgroup_new(&host, &request, &cgroup, &err), 0);
	assert_int_equal(hk_cgroup_create(cgroup, &request, &err), 0);
	assert_int_equal(hk_cgroup_path_count(cgroup), 0);
	(void)hk_cgroup_join_files(cgroup, &count);
	assert_int_equal(count, 0);
	mounts = hk_cgroup_mounts(cgroup, &count);
	assert_int_equal(count, 1);
	assert_string_equal(mounts[0].source, "/sys/fs/cgroup/a/b");
	assert_int_equal(hk_cgroup_destroy(cgroup, &err), 0);
	hk_cgroup_free(cgroup);
}

static void test_open(void **state)
{
	struct hk_pair items[] = {
		{"cpu", "/sys/fs/cgroup/cpu,cpuacct/hk-none"},
		{"cpuacct", "/sys/fs/cgroup/cpu,cpuacct/hk-none"},
		{"", "/sys/fs/cgroup/unified/hk-none"},
	};
	struct hk_pairs paths = {items, 3};
	struct hk_cgroup *cgroup = NULL;
	struct hk_err err = {0};
	pid_t *pids = NULL;
	size_t count = 9;

	(void)state;
	assert_int_equal(hk_cgroup_open(&paths, &cgroup, &err), 0);
	assert_int_equal(hk_cgroup_path_count(cgroup), 3);
	(void)hk_cgroup_join_files(cgroup, &count);
	assert_int_equal(count, 1);
	/* the directories are gone: empty, thawed, and removed already */
	assert_int_equal(hk_cgroup_pids(cgroup, &pids, &count, &err), 0);
	assert_int_equal(count, 0);
	assert_false(hk_cgroup_is_frozen(cgroup));
	assert_false(hk_cgroup_oom_killed(cgroup));
	assert_int_equal(hk_cgroup_freeze(cgroup, false, &err), 0);
	assert_int_equal(hk_cgroup_kill(cgroup, 9, &err), 0);
	assert_int_equal(hk_cgroup_destroy(cgroup, &err), 0);
	hk_cgroup_free(cgroup);
	free(pids);

	items[2].value = "/sys/fs/cgroup/../../etc";
	cgroup = NULL;
	assert_int_equal(hk_cgroup_open(&paths, &cgroup, &err), -EINVAL);
	assert_null(cgroup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_sane),
		cmocka_unit_test(test_new_describes),
		cmocka_unit_test(test_leaf),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_mountpoint_gone),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_managers),
		cmocka_unit_test(test_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
