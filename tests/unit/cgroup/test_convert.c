/* Golden cases of linux.resources -> cgroup files, v1 and v2. A case's lines are "file=value", with
 * "?" before a file that may be missing and "|" before one that stands in for it. */
#include "cgroup/cgroup.h"
#include "cgroup/settings.h"
#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define R(...)	     (&(struct hk_resources){__VA_ARGS__})
#define MEMORY(...)  R(.memory = &(struct hk_memory){__VA_ARGS__})
#define CPU(...)     R(.cpu = &(struct hk_cpu){__VA_ARGS__})
#define BLKIO(...)   R(.block_io = &(struct hk_blkio){__VA_ARGS__})
#define NETWORK(...) R(.network = &(struct hk_network){__VA_ARGS__})
#define N(n)                                                                                       \
	{                                                                                          \
		.set = true, .value = (n)                                                          \
	}
#define DEVICES(...)                                                                               \
	{                                                                                          \
		.items = (struct hk_blkio_device[]){__VA_ARGS__},                                  \
		.count = sizeof((struct hk_blkio_device[]){__VA_ARGS__}) /                         \
			 sizeof(struct hk_blkio_device)                                            \
	}
#define HUGE(size, bytes)                                                                          \
	R(.hugepage_limits = (struct hk_hugepage_limit[]){{size, bytes}}, .hugepage_limit_count = 1)
#define UNIFIED(...)                                                                               \
	R(.unified = {.items = (struct hk_pair[]){__VA_ARGS__},                                    \
		  .count = sizeof((struct hk_pair[]){__VA_ARGS__}) / sizeof(struct hk_pair)})
#define RDMA(...) R(.rdma = (struct hk_rdma_limit[]){{.device = __VA_ARGS__}}, .rdma_count = 1)

#define SAME	      ((const char *)1)
#define BAD(property) "!" property

struct conversion {
	const char *name;
	const struct hk_resources *resources;
	const char *v1;
	const char *v2; /* SAME: as v1 */
};

static void check(const struct conversion *c, bool v2, const char *expected)
{
	struct hk_cgroup_setting *settings = NULL;
	struct hk_arena arena = {0};
	struct hk_err err = {0};
	char text[2048] = "";
	size_t count = 77, used = 0;
	int r = hk_cgroup_convert(c->resources, v2, &arena, &settings, &count, &err);

	if (expected[0] == '!') {
		char property[256];

		(void)snprintf(property, sizeof(property), "/linux/resources%s", expected + 1);
		if (r != -EINVAL || strcmp(err.property, property) != 0 || !err.message[0])
			fail_msg("%s (v%d): r %d, property '%s', message '%s'", c->name, v2 ? 2 : 1,
				r, err.property, err.message);
		assert_int_equal(count, 77);
		hk_arena_done(&arena);
		return;
	}
	if (r != 0)
		fail_msg("%s (v%d): %d %s %s", c->name, v2 ? 2 : 1, r, err.property, err.message);
	for (size_t i = 0; i < count; i++) {
		const struct hk_cgroup_setting *s = &settings[i];

		assert_non_null(s->property);
		assert_true(strncmp(s->property, "/linux/resources/", 17) == 0);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%s%s=%s",
			used ? "\n" : "", s->flags & HK_SETTING_OPTIONAL ? "?" : "",
			s->flags & HK_SETTING_ELSE ? "|" : "", s->file, s->value);
	}
	if (strcmp(text, expected) != 0)
		fail_msg("%s (v%d):\n%s\ninstead of\n%s", c->name, v2 ? 2 : 1, text, expected);
	hk_arena_done(&arena);
}

static void check_table(const struct conversion *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		check(&table[i], false, table[i].v1);
		check(&table[i], true, table[i].v2 == SAME ? table[i].v1 : table[i].v2);
	}
}

static void test_memory(void **state)
{
	const struct conversion table[] = {
		{"nothing", R(), "", SAME},
		{"empty memory", MEMORY(), "", SAME},
		{"limit", MEMORY(.limit = N(67108864)), "memory.limit_in_bytes=67108864",
			"memory.max=67108864"},
		{"limit 0 is not set", MEMORY(.limit = N(0)), "", SAME},
		{"largest limit", MEMORY(.limit = N(INT64_MAX)),
			"memory.limit_in_bytes=9223372036854775807",
			"memory.max=9223372036854775807"},
		{"no limit lifts swap's too", MEMORY(.limit = N(-1)),
			"memory.limit_in_bytes=-1\n?memory.memsw.limit_in_bytes=-1",
			"?memory.swap.max=max\nmemory.max=max"},
		{"no limit, swap 0", MEMORY(.limit = N(-1), .swap = N(0)),
			"memory.limit_in_bytes=-1\n?memory.memsw.limit_in_bytes=-1",
			"?memory.swap.max=max\nmemory.max=max"},
		{"no limit but for the sum", MEMORY(.limit = N(-1), .swap = N(100)),
			"memory.limit_in_bytes=-1\nmemory.memsw.limit_in_bytes=100",
			"memory.swap.max=100\nmemory.max=max"},
		{"limit and sum", MEMORY(.limit = N(100), .swap = N(250)),
			"memory.limit_in_bytes=100\nmemory.memsw.limit_in_bytes=250",
			"memory.swap.max=150\nmemory.max=100"},
		{"no swap", MEMORY(.limit = N(100), .swap = N(100)),
			"memory.limit_in_bytes=100\nmemory.memsw.limit_in_bytes=100",
			"?memory.swap.max=0\nmemory.max=100"},
		{"swap without limit", MEMORY(.limit = N(100), .swap = N(-1)),
			"memory.limit_in_bytes=100\n?memory.memsw.limit_in_bytes=-1",
			"?memory.swap.max=max\nmemory.max=100"},
		{"only unlimited swap", MEMORY(.swap = N(-1)), "?memory.memsw.limit_in_bytes=-1",
			"?memory.swap.max=max"},
		{"sum below limit", MEMORY(.limit = N(100), .swap = N(99)),
			"memory.limit_in_bytes=100\nmemory.memsw.limit_in_bytes=99",
			BAD("/memory/swap")},
		{"sum without limit", MEMORY(.swap = N(100)), "memory.memsw.limit_in_bytes=100",
			BAD("/memory/swap")},
		{"reservation", MEMORY(.reservation = N(4096)), "memory.soft_limit_in_bytes=4096",
			"memory.low=4096"},
		{"no reservation", MEMORY(.reservation = N(-1)), "memory.soft_limit_in_bytes=-1",
			"memory.low=max"},
		{"reservation 0", MEMORY(.reservation = N(0)), "", SAME},
		{"kernel is gone", MEMORY(.kernel = N(4096)), "", SAME},
		{"kernelTCP", MEMORY(.kernel_tcp = N(4096)), "memory.kmem.tcp.limit_in_bytes=4096",
			BAD("/memory/kernelTCP")},
		{"explicit zeros of docker", MEMORY(.kernel = N(0), .kernel_tcp = N(0)), "", SAME},
		{"kernelTCP unlimited", MEMORY(.kernel_tcp = N(-1)),
			"memory.kmem.tcp.limit_in_bytes=-1", ""},
		{"swappiness 0", MEMORY(.swappiness = N(0)), "memory.swappiness=0",
			BAD("/memory/swappiness")},
		{"swappiness 100", MEMORY(.swappiness = N(100)), "memory.swappiness=100",
			BAD("/memory/swappiness")},
		{"swappiness 101", MEMORY(.swappiness = N(101)), BAD("/memory/swappiness"), SAME},
		{"no OOM killer",
			MEMORY(.has_disable_oom_killer = true, .disable_oom_killer = true),
			"memory.oom_control=1", BAD("/memory/disableOOMKiller")},
		{"OOM killer", MEMORY(.has_disable_oom_killer = true), "", SAME},
		{"hierarchy", MEMORY(.has_use_hierarchy = true, .use_hierarchy = true),
			"memory.use_hierarchy=1", ""},
		{"no hierarchy", MEMORY(.has_use_hierarchy = true), "", SAME},
		{"check before update", MEMORY(.check_before_update = true), "", SAME},
		{"order",
			MEMORY(.limit = N(1), .swap = N(2), .reservation = N(3),
				.use_hierarchy = true, .has_use_hierarchy = true),
			"memory.use_hierarchy=1\nmemory.limit_in_bytes=1\n"
			"memory.memsw.limit_in_bytes=2\nmemory.soft_limit_in_bytes=3",
			"memory.swap.max=1\nmemory.max=1\nmemory.low=3"},
	};

	(void)state;
	check_table(table, sizeof(table) / sizeof(table[0]));
}

static void test_cpu(void **state)
{
	const struct conversion table[] = {
		{"empty cpu", CPU(), "", SAME},
		{"shares", CPU(.shares = N(1024)), "cpu.shares=1024", "cpu.weight=100"},
		{"shares 0", CPU(.shares = N(0)), "", SAME},
		{"least shares", CPU(.shares = N(2)), "cpu.shares=2", "cpu.weight=1"},
		{"most shares", CPU(.shares = N(262144)), "cpu.shares=262144", "cpu.weight=10000"},
		{"too few shares", CPU(.shares = N(1)), BAD("/cpu/shares"), "cpu.weight=1"},
		{"too many shares", CPU(.shares = N(262145)), BAD("/cpu/shares"),
			"cpu.weight=10000"},
		{"quota", CPU(.quota = N(50000)), "cpu.cfs_quota_us=50000", "cpu.max=50000"},
		{"quota and period", CPU(.quota = N(50000), .period = N(200000)),
			"cpu.cfs_period_us=200000\ncpu.cfs_quota_us=50000", "cpu.max=50000 200000"},
		{"period", CPU(.period = N(200000)), "cpu.cfs_period_us=200000",
			"cpu.max=max 200000"},
		{"no quota", CPU(.quota = N(-1)), "cpu.cfs_quota_us=-1", "cpu.max=max"},
		{"no quota, whatever the number", CPU(.quota = N(-7)), "cpu.cfs_quota_us=-1",
			"cpu.max=max"},
		{"zeros", CPU(.quota = N(0), .period = N(0)), "", SAME},
		{"burst", CPU(.quota = N(50000), .burst = N(10000)),
			"cpu.cfs_quota_us=50000\ncpu.cfs_burst_us=10000",
			"cpu.max=50000\ncpu.max.burst=10000"},
		{"no burst", CPU(.burst = N(0)), "?cpu.cfs_burst_us=0", "?cpu.max.burst=0"},
		{"realtime", CPU(.realtime_period = N(1000000), .realtime_runtime = N(950000)),
			"cpu.rt_period_us=1000000\ncpu.rt_runtime_us=950000",
			BAD("/cpu/realtimePeriod")},
		{"realtime runtime", CPU(.realtime_runtime = N(950000)), "cpu.rt_runtime_us=950000",
			BAD("/cpu/realtimeRuntime")},
		{"realtime zeros", CPU(.realtime_period = N(0), .realtime_runtime = N(0)), "",
			SAME},
		{"sets", CPU(.cpus = "0-1", .mems = "0"), "cpuset.cpus=0-1\ncpuset.mems=0", SAME},
		{"empty sets", CPU(.cpus = "", .mems = ""), "", SAME},
		{"idle hides shares", CPU(.idle = N(1), .shares = N(1024)), "cpu.idle=1", SAME},
		{"not idle", CPU(.idle = N(0), .shares = N(512)), "?cpu.idle=0\ncpu.shares=512",
			"?cpu.idle=0\ncpu.weight=59"},
	};

	(void)state;
	check_table(table, sizeof(table) / sizeof(table[0]));
}

static void test_block_io(void **state)
{
	const struct conversion table[] = {
		{"empty", BLKIO(), "", SAME},
		{"weight", BLKIO(.weight = N(500)), "?blkio.weight=500\n|blkio.bfq.weight=500",
			"?io.bfq.weight=500\n|io.weight=4950"},
		{"least weight", BLKIO(.weight = N(10)), "?blkio.weight=10\n|blkio.bfq.weight=10",
			"?io.bfq.weight=10\n|io.weight=1"},
		{"most weight", BLKIO(.weight = N(1000)),
			"?blkio.weight=1000\n|blkio.bfq.weight=1000",
			"?io.bfq.weight=1000\n|io.weight=10000"},
		{"weight 0", BLKIO(.weight = N(0), .leaf_weight = N(0)), "", SAME},
		{"weight out of range", BLKIO(.weight = N(9)),
			"?blkio.weight=9\n|blkio.bfq.weight=9", BAD("/blockIO/weight")},
		{"leaf weight", BLKIO(.leaf_weight = N(300)), "blkio.leaf_weight=300",
			BAD("/blockIO/leafWeight")},
		{"device weight", BLKIO(.weight_device = DEVICES({8, 16, .weight = N(300)})),
			"?blkio.weight_device=8:16 300\n|blkio.bfq.weight_device=8:16 300",
			"?io.bfq.weight=8:16 300\n|io.weight=8:16 2930"},
		{"device leaf weight",
			BLKIO(.weight_device = DEVICES({8, 16, .leaf_weight = N(300)})),
			"blkio.leaf_weight_device=8:16 300", BAD("/blockIO/weightDevice")},
		{"throttles",
			BLKIO(.throttle_read_bps =
					DEVICES({8, 0, .rate = 1000}, {8, 16, .rate = 2}),
				.throttle_write_bps = DEVICES({8, 0, .rate = 3}),
				.throttle_read_iops = DEVICES({8, 0, .rate = 4}),
				.throttle_write_iops = DEVICES({8, 0, .rate = UINT64_MAX})),
			"blkio.throttle.read_bps_device=8:0 1000\n"
			"blkio.throttle.read_bps_device=8:16 2\n"
			"blkio.throttle.write_bps_device=8:0 3\n"
			"blkio.throttle.read_iops_device=8:0 4\n"
			"blkio.throttle.write_iops_device=8:0 18446744073709551615",
			"io.max=8:0 rbps=1000\nio.max=8:16 rbps=2\nio.max=8:0 wbps=3\n"
			"io.max=8:0 riops=4\nio.max=8:0 wiops=18446744073709551615"},
		{"throttle lifted", BLKIO(.throttle_read_bps = DEVICES({8, 0, .rate = 0})),
			"blkio.throttle.read_bps_device=8:0 0", "io.max=8:0 rbps=max"},
	};

	(void)state;
	check_table(table, sizeof(table) / sizeof(table[0]));
}

static void test_others(void **state)
{
	const struct conversion table[] = {
		{"pids", R(.pids_limit = N(100)), "pids.max=100", SAME},
		{"no pids limit", R(.pids_limit = N(-1)), "pids.max=max", SAME},
		{"pids 0 is a limit", R(.pids_limit = N(0)), "pids.max=0", SAME},
		{"huge pages", HUGE("2MB", 4194304),
			"hugetlb.2MB.limit_in_bytes=4194304\n"
			"?hugetlb.2MB.rsvd.limit_in_bytes=4194304",
			"hugetlb.2MB.max=4194304\n?hugetlb.2MB.rsvd.max=4194304"},
		{"no huge pages", HUGE("1GB", 0),
			"hugetlb.1GB.limit_in_bytes=0\n?hugetlb.1GB.rsvd.limit_in_bytes=0",
			"hugetlb.1GB.max=0\n?hugetlb.1GB.rsvd.max=0"},
		{"page size with a path", HUGE("2MB/../x", 1), BAD("/hugepageLimits/0/pageSize"),
			SAME},
		{"page size without unit", HUGE("2048", 1), BAD("/hugepageLimits/0/pageSize"),
			SAME},
		{"page size 0", HUGE("0MB", 1), BAD("/hugepageLimits/0/pageSize"), SAME},
		{"no page size", HUGE(NULL, 1), BAD("/hugepageLimits/0/pageSize"), SAME},
		{"class", NETWORK(.class_id = N(1048577)), "net_cls.classid=1048577",
			BAD("/network/classID")},
		{"class 0", NETWORK(.class_id = N(0)), "", SAME},
		{"priorities",
			NETWORK(.priorities =
					(struct hk_network_priority[]){{"lo", 5}, {"eth0", 0}},
				.priority_count = 2),
			"net_prio.ifpriomap=lo 5\nnet_prio.ifpriomap=eth0 0",
			BAD("/network/priorities")},
		{"priority of two words",
			NETWORK(.priorities = (struct hk_network_priority[]){{"lo 1", 5}},
				.priority_count = 1),
			BAD("/network/priorities/0/name"), BAD("/network/priorities")},
		{"rdma", RDMA("mlx5_1", .hca_handles = N(3), .hca_objects = N(10000)),
			"rdma.max=mlx5_1 hca_handle=3 hca_object=10000", SAME},
		{"rdma objects", RDMA("mlx5_1", .hca_objects = N(0)),
			"rdma.max=mlx5_1 hca_object=0", SAME},
		{"rdma of nothing", RDMA("mlx5_1"), "", SAME},
		{"rdma injection", RDMA("a\nb", .hca_objects = N(1)), BAD("/rdma"), SAME},
	};

	(void)state;
	check_table(table, sizeof(table) / sizeof(table[0]));
}

static void test_unified(void **state)
{
	const struct conversion table[] = {
		{"one", UNIFIED({"memory.high", "1000"}), BAD("/unified"), "memory.high=1000"},
		{"line by line", UNIFIED({"io.max", "8:0 rbps=1\n8:16 wbps=2\n"}), BAD("/unified"),
			"io.max=8:0 rbps=1\nio.max=8:16 wbps=2"},
		{"no value", UNIFIED({"memory.high", ""}), BAD("/unified"), ""},
		{"core file", UNIFIED({"cgroup.max.depth", "3"}), BAD("/unified"),
			"cgroup.max.depth=3"},
		{"path", UNIFIED({"a/b", "1"}), BAD("/unified"), SAME},
		{"upwards", UNIFIED({"..", "1"}), BAD("/unified"), SAME},
		{"empty key", UNIFIED({"", "1"}), BAD("/unified"), SAME},
	};
	struct hk_resources both = {
		.memory = &(struct hk_memory){.limit = N(5)},
		.unified = {.items = (struct hk_pair[]){{"memory.max", "7"}}, .count = 1},
	};
	const struct conversion last = {
		"the user's words come last", &both, BAD("/unified"), "memory.max=5\nmemory.max=7"};

	(void)state;
	check_table(table, sizeof(table) / sizeof(table[0]));
	check_table(&last, 1);
}

static void test_properties_and_controllers(void **state)
{
	struct hk_resources resources = {
		.cpu = &(struct hk_cpu){.quota = N(1), .cpus = "0"},
		.block_io = &(struct hk_blkio){.throttle_read_iops = DEVICES(
						       {1, 2, .rate = 3}, {4, 5, .rate = 6})},
		.unified = {.items = (struct hk_pair[]){{"cgroup.max.depth", "1"}}, .count = 1},
	};
	struct hk_cgroup_setting *s;
	struct hk_arena arena = {0};
	size_t count;

	(void)state;
	assert_int_equal(hk_cgroup_convert(&resources, true, &arena, &s, &count, NULL), 0);
	assert_int_equal(count, 5);
	assert_string_equal(s[0].controller, "cpu");
	assert_string_equal(s[0].property, "/linux/resources/cpu/quota");
	assert_string_equal(s[1].controller, "cpuset");
	assert_string_equal(s[3].controller, "io");
	assert_string_equal(s[3].property, "/linux/resources/blockIO/throttleReadIOPSDevice/1");
	assert_null(s[4].controller);
	assert_string_equal(s[4].property, "/linux/resources/unified/cgroup.max.depth");
	assert_int_equal(hk_cgroup_convert(NULL, true, &arena, &s, &count, NULL), 0);
	assert_int_equal(count, 0);
	hk_arena_done(&arena);
}

/* Values of ceil(10^((l^2 + 125 l)/612 - 7/34)), computed with arbitrary precision. */
static void test_shares(void **state)
{
	static const struct {
		uint64_t shares;
		uint64_t weight;
	} values[] = {
		{0, 1},
		{1, 1},
		{2, 1},
		{3, 2},
		{4, 2},
		{10, 4},
		{100, 17},
		{102, 17},
		{128, 21},
		{256, 35},
		{511, 59},
		{512, 59},
		{513, 59},
		{1000, 99},
		{1023, 100},
		{1024, 100},
		{1025, 101},
		{2048, 174},
		{4096, 303},
		{10000, 627},
		{65536, 3023},
		{131072, 5478},
		{200000, 7899},
		{262143, 10000},
		{262144, 10000},
		{1000000000000, 10000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_int_equal(hk_convert_shares(values[i].shares), values[i].weight);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_cpu),
		cmocka_unit_test(test_block_io),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_unified),
		cmocka_unit_test(test_properties_and_controllers),
		cmocka_unit_test(test_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
