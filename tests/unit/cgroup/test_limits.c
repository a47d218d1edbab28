/* Which hierarchy takes which limit, on hosts of every mix. Nothing is written. */
#include "cgroup/group.h"
#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define N(n)                                                                                       \
	{                                                                                          \
		.set = true, .value = (n)                                                          \
	}

static struct hk_cgroup *cgroup_on(const char *v1, bool v2)
{
	struct hk_cgroup_request request = {.id = "web", .cgroups_path = "/hk-test-none"};
	struct hk_cgroup_host host = {.mode = HK_CGROUP_NONE};
	struct hk_cgroup *cgroup = NULL;
	char copy[256], *rest = copy, *name;

	(void)snprintf(copy, sizeof(copy), "%s", v1);
	while (*v1 && (name = strsep(&rest, " ")))
		host.hierarchies[host.count++] = (struct hk_cgroup_hierarchy){
			.controllers = name, .mountpoint = "/sys/fs/cgroup/v1", .self = "/"};
	if (v2)
		host.hierarchies[host.count++] = (struct hk_cgroup_hierarchy){
			.v2 = true, .controllers = "", .mountpoint = "/sys/fs/cgroup", .self = "/"};
	assert_int_equal(hk_cgroup_new(&host, &request, &cgroup, NULL), 0);
	return cgroup;
}

static void append(char *text, size_t cap, const struct hk_cgroup_setting *s, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(text);

		(void)snprintf(
			text + used, cap - used, "%s%s", s[i].file, i + 1 < count ? " " : "");
	}
}

/* expected: v1's files, " | ", v2's files; or "!PROPERTY" with -ENOTSUP */
static void check(
	const char *v1, bool v2, const struct hk_resources *resources, const char *expected)
{
	struct hk_cgroup *cgroup = cgroup_on(v1, v2);
	struct hk_cgroup_limits limits;
	struct hk_arena arena = {0};
	struct hk_err err = {0};
	char text[1024] = "";
	int r = hk_cgroup_limits_convert(cgroup, resources, &arena, &limits, &err);

	if (expected[0] == '!') {
		assert_int_equal(r, -ENOTSUP);
		assert_string_equal(err.property, expected + 1);
	} else {
		assert_int_equal(r, 0);
		append(text, sizeof(text), limits.v1, limits.v1_count);
		strcat(text, " | ");
		append(text, sizeof(text), limits.v2, limits.v2_count);
		assert_string_equal(text, expected);
	}
	hk_arena_done(&arena);
	hk_cgroup_free(cgroup);
}

static struct hk_memory memory = {.limit = N(4096)};
static struct hk_cpu cpu = {.shares = N(100), .cpus = "0", .mems = "0"};
static struct hk_hugepage_limit huge = {"2MB", 0};
static struct hk_pair own_words = {"hugetlb.1GB.max", "0"};

static void test_one_version(void **state)
{
	struct hk_resources resources = {.memory = &memory, .cpu = &cpu, .pids_limit = N(5)};

	(void)state;
	check("memory cpu,cpuacct cpuset pids", false, &resources,
		"memory.limit_in_bytes cpu.shares cpuset.cpus cpuset.mems pids.max | ");
	check("", true, &resources, " | memory.max cpu.weight cpuset.cpus cpuset.mems pids.max");
	check("", true, NULL, " | ");
	check("", false, NULL, " | ");
}

static void test_hybrid(void **state)
{
	struct hk_resources resources = {.memory = &memory,
		.cpu = &cpu,
		.pids_limit = N(5),
		.hugepage_limits = &huge,
		.hugepage_limit_count = 1};

	(void)state;
	check("memory cpu cpuset pids hugetlb", true, &resources,
		"memory.limit_in_bytes cpu.shares cpuset.cpus cpuset.mems pids.max "
		"hugetlb.2MB.limit_in_bytes hugetlb.2MB.rsvd.limit_in_bytes | ");
	check("memory cpu cpuset pids", true, &resources,
		"memory.limit_in_bytes cpu.shares cpuset.cpus cpuset.mems pids.max | "
		"hugetlb.2MB.max hugetlb.2MB.rsvd.max");
	check("name=systemd", true, &resources,
		" | memory.max cpu.weight cpuset.cpus cpuset.mems pids.max hugetlb.2MB.max "
		"hugetlb.2MB.rsvd.max");
	check("memory cpu pids hugetlb", true, &resources,
		"memory.limit_in_bytes cpu.shares pids.max hugetlb.2MB.limit_in_bytes "
		"hugetlb.2MB.rsvd.limit_in_bytes | cpuset.cpus cpuset.mems");
	resources = (struct hk_resources){.memory = &memory, .unified = {&own_words, 1}};
	check("memory", true, &resources, "memory.limit_in_bytes | hugetlb.1GB.max");
}

static void test_not_mounted(void **state)
{
	struct hk_resources resources = {.memory = &memory, .pids_limit = N(5)};
	struct hk_network network = {.class_id = N(1)};

	(void)state;
	check("memory", false, &resources, "!/linux/resources/pids/limit");
	check("name=systemd", false, &resources, "!/linux/resources/memory/limit");
	check("", false, &resources, "!/linux/resources/memory/limit");
	resources = (struct hk_resources){.network = &network};
	check("memory", true, &resources, "!/linux/resources/network/classID");
	resources = (struct hk_resources){.cpu = &cpu};
	check("cpu", false, &resources, "!/linux/resources/cpu/cpus");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_version),
		cmocka_unit_test(test_hybrid),
		cmocka_unit_test(test_not_mounted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
