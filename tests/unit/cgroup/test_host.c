/* The host's hierarchies from the texts of /proc, and from this host. */
#include "cgroup/host.h"
#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* "cpu,cpuacct /sys/fs/cgroup/cpu /self;..." */
static void check(
	const char *self, const char *mountinfo, enum hk_cgroup_mode mode, const char *expected)
{
	struct hk_cgroup_host host;
	struct hk_arena arena = {0};
	char text[2048] = "";

	assert_int_equal(hk_cgroup_parse_self(&arena, self, &host), 0);
	assert_int_equal(hk_cgroup_parse_mountinfo(&arena, mountinfo, &host), 0);
	for (size_t i = 0; i < host.count; i++) {
		const struct hk_cgroup_hierarchy *h = &host.hierarchies[i];
		size_t used = strlen(text);

		(void)snprintf(text + used, sizeof(text) - used, "%s %s %s%s;", h->controllers,
			h->mountpoint, h->self, h->v2 ? " v2" : "");
	}
	assert_string_equal(text, expected);
	assert_int_equal(host.mode, mode);
	hk_arena_done(&arena);
}

static void test_v2(void **state)
{
	(void)state;
	check("0::/user.slice/user-0.slice/session-1.scope\n",
		"22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
		"27 22 0:24 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
		HK_CGROUP_V2, " /sys/fs/cgroup /user.slice/user-0.slice/session-1.scope v2;");
}

static void test_v1_comounted(void **state)
{
	(void)state;
	check("4:cpu,cpuacct:/user.slice\n3:net_cls,net_prio:/\n1:name=systemd:/a:b\n",
		"29 25 0:26 / /sys/fs/cgroup/systemd rw - cgroup cgroup "
		"rw,xattr,release_agent=/x,name=systemd\n"
		"30 25 0:27 / /sys/fs/cgroup/cpuacct,cpu rw shared:1 master:2 - cgroup cgroup "
		"rw,cpu,cpuacct\n"
		"31 25 0:28 / /sys/fs/cgroup/net rw - cgroup cgroup rw,net_cls,net_prio\n",
		HK_CGROUP_V1,
		"cpu,cpuacct /sys/fs/cgroup/cpuacct,cpu /user.slice;"
		"net_cls,net_prio /sys/fs/cgroup/net /;name=systemd /sys/fs/cgroup/systemd /a:b;");
}

static void test_hybrid(void **state)
{
	(void)state;
	check("9:memory:/m\n1:name=systemd:/\n0::/u\n",
		"40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
		"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
		"42 31 0:39 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
		HK_CGROUP_HYBRID,
		"memory /sys/fs/cgroup/memory /m;name=systemd /sys/fs/cgroup/systemd /;"
		" /sys/fs/cgroup/unified /u v2;");
}

/* docker in docker with the host's cgroup namespace: the mount's root is the container's cgroup */
static void test_nested(void **state)
{
	(void)state;
	check("5:memory:/docker/abc/inner\n3:cpu:/docker/abc\n",
		"5 4 0:9 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
		"6 4 0:8 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n",
		HK_CGROUP_V1, "memory /sys/fs/cgroup/memory /inner;cpu /sys/fs/cgroup/cpu /;");
	/* a sibling's name that only begins alike */
	check("5:memory:/docker/abcdef\n",
		"5 4 0:9 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
		HK_CGROUP_V1, "memory /sys/fs/cgroup/memory /;");
}

static void test_other_namespace(void **state)
{
	(void)state;
	/* we were moved out of our namespace's root; the mount came from outside */
	check("0::/../other\n", "5 4 0:9 /.. /sys/fs/cgroup rw - cgroup2 cgroup rw\n", HK_CGROUP_V2,
		" /sys/fs/cgroup /other v2;");
	check("0::/../other\n", "5 4 0:9 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n", HK_CGROUP_V2,
		" /sys/fs/cgroup / v2;");
	check("0::/gone (deleted)\n", "5 4 0:9 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
		HK_CGROUP_V2, " /sys/fs/cgroup / v2;");
	check("0::/..a\n", "5 4 0:9 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n", HK_CGROUP_V2,
		" /sys/fs/cgroup /..a v2;");
}

static void test_choice_of_mounts(void **state)
{
	(void)state;
	/* the one that shows our own cgroup, wherever it stands in the list */
	check("5:memory:/a/b\n",
		"5 4 0:9 /x /mnt/other rw - cgroup cgroup rw,memory\n"
		"6 4 0:9 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
		"7 4 0:9 / /mnt/late rw - cgroup cgroup rw,memory\n",
		HK_CGROUP_V1, "memory /sys/fs/cgroup/memory /a/b;");
	check("5:memory:/\n", "", HK_CGROUP_NONE, "");
	check("", "5 4 0:9 / /m rw - cgroup cgroup rw,memory\n", HK_CGROUP_NONE, "");
}

static void test_odd_mountinfo(void **state)
{
	(void)state;
	check("5:memory:/\n",
		"\n5\n5 4 0:9 / /x rw\n5 4 0:9 / /x rw - cgroup\n5 4 0:9 / /x rw - cgroup cgroup\n"
		"6 4 0:9 / /with\\040blank\\134 rw - cgroup cgroup rw,memory",
		HK_CGROUP_V1, "memory /with blank\\ /;");
	/* a controller's name inside of another, and as an option's value */
	check("5:cpu:/\n",
		"6 4 0:9 / /set rw - cgroup cgroup rw,cpuset\n"
		"7 4 0:9 / /agent rw - cgroup cgroup rw,release_agent=cpu\n",
		HK_CGROUP_NONE, "");
}

static void test_bad_self(void **state)
{
	static const char *const bad[] = {"x", "5:memory", "5:memory:", "5:memory:relative",
		":memory:/", "a:memory:/", "0::/\n\n"};
	struct hk_cgroup_host host = {.count = 99};
	struct hk_arena arena = {0};
	char many[1024] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(hk_cgroup_parse_self(&arena, bad[i], &host), -EBADMSG);
	for (int i = 0; i <= HK_CGROUP_MAX_HIERARCHIES; i++)
		strcat(many, "1:x:/\n");
	assert_int_equal(hk_cgroup_parse_self(&arena, many, &host), -E2BIG);
	assert_int_equal(host.count, 99);
	hk_arena_done(&arena);
}

static void test_names(void **state)
{
	(void)state;
	assert_true(hk_cgroup_names("cpu,cpuacct", "cpu"));
	assert_true(hk_cgroup_names("cpu,cpuacct", "cpuacct"));
	assert_false(hk_cgroup_names("cpu,cpuacct", "acct"));
	assert_false(hk_cgroup_names("cpuset", "cpu"));
	assert_false(hk_cgroup_names("", "cpu"));
}

/* The look at the usual places must find what mountinfo says. */
static void test_this_host(void **state)
{
	struct hk_cgroup_host fast, slow;
	struct hk_arena arena = {0};
	static char self[65536], mounts[1 << 20];
	FILE *f;

	(void)state;
	assert_int_equal(hk_cgroup_host_probe(&arena, &fast, NULL), 0);
	f = fopen("/proc/self/cgroup", "re");
	assert_non_null(f);
	self[fread(self, 1, sizeof(self) - 1, f)] = '\0';
	(void)fclose(f);
	f = fopen("/proc/self/mountinfo", "re");
	assert_non_null(f);
	mounts[fread(mounts, 1, sizeof(mounts) - 1, f)] = '\0';
	(void)fclose(f);
	assert_int_equal(hk_cgroup_parse_self(&arena, self, &slow), 0);
	assert_int_equal(hk_cgroup_parse_mountinfo(&arena, mounts, &slow), 0);
	assert_int_equal(fast.mode, slow.mode);
	assert_int_equal(fast.count, slow.count);
	for (size_t i = 0; i < fast.count; i++) {
		assert_string_equal(fast.hierarchies[i].mountpoint, slow.hierarchies[i].mountpoint);
		assert_string_equal(fast.hierarchies[i].self, slow.hierarchies[i].self);
	}
	hk_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v2),
		cmocka_unit_test(test_v1_comounted),
		cmocka_unit_test(test_hybrid),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_other_namespace),
		cmocka_unit_test(test_choice_of_mounts),
		cmocka_unit_test(test_odd_mountinfo),
		cmocka_unit_test(test_bad_self),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_this_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
