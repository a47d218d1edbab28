/* Names of units, and where their cgroups are. */
#include "systemd/unit.h"
#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define MANAGER "/user.slice/user-1000.slice/user@1000.service"

static void test_names(void **state)
{
	static const struct {
		const char *cgroups_path, *id, *root;
		const char *name, *slice, *path;
	} cases[] = {
		{NULL, "web", "/", "hako-web.scope", "system.slice",
			"/system.slice/hako-web.scope"},
		{"", "a+b_c.d", "/", "hako-a\\x2bb_c.d.scope", "system.slice",
			"/system.slice/hako-a\\x2bb_c.d.scope"},
		{"system.slice:runc:434234", "web", "/", "runc-434234.scope", "system.slice",
			"/system.slice/runc-434234.scope"},
		{"a-b-c.slice:cri:x", "web", "/", "cri-x.scope", "a-b-c.slice",
			"/a.slice/a-b.slice/a-b-c.slice/cri-x.scope"},
		{"a.b-c.slice:p:x", "web", "/", "p-x.scope", "a.b-c.slice",
			"/a.b.slice/a.b-c.slice/p-x.scope"},
		{"::x", "web", "/", "x.scope", "system.slice", "/system.slice/x.scope"},
		{":p:x", "web", MANAGER, "p-x.scope", "system.slice",
			MANAGER "/system.slice/p-x.scope"},
		{"-.slice:p:x", "web", "/", "p-x.scope", "-.slice", "/p-x.scope"},
		{"-.slice:p:x", "web", MANAGER, "p-x.scope", "-.slice", MANAGER "/p-x.scope"},
		{"a.slice:p:x:y", "web", "/", "p-x:y.scope", "a.slice", "/a.slice/p-x:y.scope"},
		/* what the kernel, or who reads /proc, would take for something else */
		{"a.slice::_x", "web", "/", "_x.scope", "a.slice", "/a.slice/__x.scope"},
		{"a.slice::memory", "web", "/", "memory.scope", "a.slice",
			"/a.slice/_memory.scope"},
		{"a.slice::memory.x", "web", "/", "memory.x.scope", "a.slice",
			"/a.slice/memory.x.scope"},
		{"a.slice::cgroup.procs", "web", "/", "cgroup.procs.scope", "a.slice",
			"/a.slice/_cgroup.procs.scope"},
		/* slices */
		{"::pod-1.slice", "web", "/", "pod-1.slice", "pod.slice", "/pod.slice/pod-1.slice"},
		{"pod.slice:ignored:pod-1.slice", "web", "/", "pod-1.slice", "pod.slice",
			"/pod.slice/pod-1.slice"},
		{"-.slice::pod.slice", "web", "/", "pod.slice", "-.slice", "/pod.slice"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hk_arena arena = {0};
		struct hk_unit unit;

		assert_int_equal(hk_unit_decide(cases[i].cgroups_path, cases[i].id, "system.slice",
					 cases[i].root, &arena, &unit, NULL),
			0);
		assert_string_equal(unit.name, cases[i].name);
		assert_string_equal(unit.slice, cases[i].slice);
		assert_string_equal(unit.path, cases[i].path);
		assert_int_equal(unit.is_slice, strstr(unit.name, ".slice") != NULL);
		hk_arena_done(&arena);
	}
}

static void test_refused(void **state)
{
	static const char *const cases[] = {
		"/docker/web",
		"system.slice",
		"system.slice:web",
		"system.slice:hako:",
		"system:hako:web",
		".slice:hako:web",
		"-a.slice:hako:web",
		"a-.slice:hako:web",
		"a--b.slice:hako:web",
		"../a.slice:hako:web",
		"a/b.slice:hako:web",
		"system.slice:ha/ko:web",
		"system.slice:hako:we b",
		"system.slice:hako:web\n",
		"system.slice:hako:../web",
		"::-.slice",
		"::.slice",
		"other.slice::pod-1.slice",
	};
	char long_name[300] = "system.slice:hako:";

	(void)state;
	memset(long_name + strlen(long_name), 'x', 250);
	for (size_t i = 0; i <= sizeof(cases) / sizeof(cases[0]); i++) {
		const char *path =
			i < sizeof(cases) / sizeof(cases[0]) ? cases[i] : (const char *)long_name;
		struct hk_arena arena = {0};
		struct hk_err err = {0};
		struct hk_unit unit;

		assert_int_equal(
			hk_unit_decide(path, "web", "system.slice", "/", &arena, &unit, &err),
			-EINVAL);
		assert_string_equal(err.property, "/linux/cgroupsPath");
		assert_non_null(strstr(err.hint, "SLICE:PREFIX:NAME"));
		hk_arena_done(&arena);
	}
}

static void test_below(void **state)
{
	static const char path[] = "/sys/fs/cgroup/system.slice/a.scope/container";

	(void)state;
	assert_string_equal(hk_unit_below("/sys/fs/cgroup/system.slice/a.scope", "a.scope"), "");
	assert_string_equal(hk_unit_below(path, "a.scope"), "/container");
	assert_null(hk_unit_below(path, "b.scope"));
	assert_null(hk_unit_below("/x/ba.scope/a.scopes", "a.scope"));
	assert_string_equal(hk_unit_below("/x/__a.scope/y", "_a.scope"), "/y");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
