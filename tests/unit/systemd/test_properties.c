/* What a unit's properties are made of. */
#include "systemd/scope.h"
#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define NEWEST 1000
#define W(file, value)                                                                             \
	{                                                                                          \
		"/sys/fs/cgroup/x", file, value, "/linux/resources/" file                          \
	}

static const struct hk_unit scope = {
	"hako-web.scope", "system.slice", "/system.slice/hako-web.scope", false};
static const struct hk_pairs no_annotations;

static void format(const struct hk_unit_properties *list, struct hk_strbuf *out)
{
	assert_false(list->failed);
	for (size_t i = 0; i < list->count; i++) {
		hk_strbuf_printf(out, "%s=", list->items[i].name);
		hk_variant_format(&list->items[i].value, out);
		hk_strbuf_putc(out, '\n');
	}
}

static void check_list(const struct hk_unit_properties *list, const char *expected)
{
	struct hk_strbuf out = {0};

	hk_strbuf_puts(&out, "");
	format(list, &out);
	assert_string_equal(out.text, expected);
	hk_strbuf_done(&out);
}

static void test_scope(void **state)
{
	const struct hk_scope_request request = {
		.unit = &scope, .id = "web", .v2 = true, .annotations = &no_annotations};
	struct hk_arena arena = {0};
	struct hk_unit_properties list = {.arena = &arena};

	(void)state;
	assert_int_equal(hk_scope_properties(&request, 77, NEWEST, &list, NULL), 0);
	check_list(&list, "Description='hako container web'\n"
			  "Slice='system.slice'\n"
			  "Delegate=true\n"
			  "DefaultDependencies=false\n"
			  "MemoryAccounting=true\n"
			  "CPUAccounting=true\n"
			  "IOAccounting=true\n"
			  "TasksAccounting=true\n"
			  "CollectMode='inactive-or-failed'\n"
			  "DevicePolicy='auto'\n"
			  "PIDs=@au [77]\n");
	hk_arena_done(&arena);
}

static void test_slice_on_v1(void **state)
{
	static const struct hk_unit slice = {"a-b.slice", "a.slice", "/a.slice/a-b.slice", true};
	struct hk_device_rule rules[] = {
		{.type = 'a', .major = -1, .minor = -1, .read = true, .write = true, .mknod = true},
		{.allow = true, .type = 'c', .major = 1, .minor = 3, .read = true, .write = true},
		{.allow = true, .type = 'c', .major = 136, .minor = -1, .read = true},
		{.allow = true, .type = 'c', .major = -1, .minor = 5, .read = true},
		{.allow = true, .type = 'b', .major = -1, .minor = -1, .mknod = true}};
	const struct hk_scope_request request = {.unit = &slice,
		.id = "web",
		.devices = rules,
		.device_count = HK_COUNT(rules),
		.annotations = &no_annotations};
	struct hk_arena arena = {0};
	struct hk_unit_properties list = {.arena = &arena};

	(void)state;
	assert_int_equal(hk_scope_properties(&request, 77, NEWEST, &list, NULL), 0);
	check_list(&list, "Description='hako container web'\n"
			  "Wants=@as ['a.slice']\n"
			  "DefaultDependencies=false\n"
			  "MemoryAccounting=true\n"
			  "CPUAccounting=true\n"
			  "BlockIOAccounting=true\n"
			  "TasksAccounting=true\n"
			  "CollectMode='inactive-or-failed'\n"
			  "DevicePolicy='strict'\n"
			  "DeviceAllow=@a(ss) [('/dev/char/1:3', 'rw'), ('char-136', 'r'), "
			  "('block-*', 'm')]\n");
	hk_arena_done(&arena);
}

static void check_limits(const struct hk_cgroup_write *writes, size_t count, unsigned int version,
	const char *expected)
{
	struct hk_arena arena = {0};
	struct hk_unit_properties list = {.arena = &arena};

	hk_unit_put_limits(&list, writes, count, version);
	check_list(&list, expected);
	for (size_t i = 0; i < list.count; i++)
		assert_non_null(list.items[i].property);
	hk_arena_done(&arena);
}

static const struct hk_cgroup_write v2[] = {
	W("memory.swap.max", "0"),
	W("memory.max", "67108864"),
	W("memory.low", "max"),
	W("cpu.weight", "59"),
	W("cpu.max", "20500 50001"),
	W("cpuset.cpus", "0-2,9"),
	W("cpuset.mems", "0"),
	W("pids.max", "0"),
	W("io.bfq.weight", "500"),
	W("io.bfq.weight", "8:0 500"),
	W("io.bfq.weight", "8:16 10"),
	W("io.max", "8:0 rbps=1"),
	W("io.latency", "8:0 target=75000"),
	W("hugetlb.2MB.max", "0"),
	W("memory.high", "5"),
	W("memory.oom.group", "1"),
};

static void test_limits_v2(void **state)
{
	static const char old[] = "MemorySwapMax=uint64 0\n"
				  "MemoryMax=uint64 67108864\n"
				  "MemoryLow=uint64 18446744073709551615\n"
				  "CPUWeight=uint64 59\n"
				  "CPUQuotaPerSecUSec=uint64 410000\n"
				  "TasksMax=uint64 1\n"
				  "IOWeight=uint64 4500\n"
				  "IODeviceWeight=@a(st) [('/dev/block/8:0', 4500), "
				  "('/dev/block/8:16', 10)]\n"
				  "MemoryHigh=uint64 5\n";

	(void)state;
	assert_true(hk_unit_limits_need_version(v2, HK_COUNT(v2)));
	assert_false(hk_unit_limits_need_version(v2, 4));
	check_limits(v2, HK_COUNT(v2), 0, old);
	check_limits(v2, HK_COUNT(v2), NEWEST,
		"MemorySwapMax=uint64 0\n"
		"MemoryMax=uint64 67108864\n"
		"MemoryLow=uint64 18446744073709551615\n"
		"CPUWeight=uint64 59\n"
		"CPUQuotaPerSecUSec=uint64 410000\n"
		"CPUQuotaPeriodUSec=uint64 50001\n"
		"AllowedCPUs=@ay [7, 2]\n"
		"AllowedMemoryNodes=@ay [1]\n"
		"TasksMax=uint64 1\n"
		"IOWeight=uint64 4500\n"
		"IODeviceWeight=@a(st) [('/dev/block/8:0', 4500), ('/dev/block/8:16', 10)]\n"
		"IODeviceLatencyTargetUSec=@a(st) [('/dev/block/8:0', 75000)]\n"
		"MemoryHigh=uint64 5\n"
		"OOMPolicy='kill'\n");
}

static void test_limits_v1(void **state)
{
	static const struct hk_cgroup_write v1[] = {
		W("memory.limit_in_bytes", "4096"),
		W("memory.memsw.limit_in_bytes", "8192"),
		W("cpu.shares", "512"),
		W("cpu.cfs_period_us", "50000"),
		W("cpu.cfs_quota_us", "25000"),
		W("blkio.weight", "500"),
		W("pids.max", "max"),
	};

	(void)state;
	check_limits(v1, HK_COUNT(v1), NEWEST,
		"MemoryLimit=uint64 4096\n"
		"CPUShares=uint64 512\n"
		"CPUQuotaPeriodUSec=uint64 50000\n"
		"CPUQuotaPerSecUSec=uint64 500000\n"
		"BlockIOWeight=uint64 500\n"
		"TasksMax=uint64 18446744073709551615\n");
}

/* One more word in unified counts; nonsense is the files' to complain of. */
static void test_overridden(void **state)
{
	static const struct hk_cgroup_write writes[] = {
		W("pids.max", "5"),
		W("cpu.max", "max 100000"),
		W("cpu.idle", "1"),
		W("memory.max", "lots"),
		W("cpuset.cpus", "nosuch"),
		W("cpu.weight", "20000"),
		W("pids.max", "7"),
		W("cpu.max", "-1"),
		W("cpu.weight.nice", "-20"),
		W("cpu.weight.nice", "20"),
		W("io.weight", "8:0 default"),
		W("io.weight", "0:99999 10001"),
	};

	(void)state;
	check_limits(writes, HK_COUNT(writes), NEWEST,
		"TasksMax=uint64 7\n"
		"CPUQuotaPerSecUSec=uint64 18446744073709551615\n"
		"CPUQuotaPeriodUSec=uint64 100000\n"
		"CPUWeight=uint64 8668\n");
}

static void test_difference(void **state)
{
	static const struct hk_cgroup_write after[] = {
		W("memory.swap.max", "0"),
		W("memory.max", "67108864"),
		W("cpu.weight", "60"),
		W("cpuset.cpus", "0-2,9"),
		W("pids.max", "0"),
		W("io.bfq.weight", "500"),
		W("memory.min", "9"),
	};
	struct hk_arena arena = {0};
	struct hk_unit_properties old = {.arena = &arena}, new = {.arena = &arena};
	struct hk_unit_properties to = {.arena = &arena}, back = {.arena = &arena};

	(void)state;
	hk_unit_put_limits(&old, v2, HK_COUNT(v2), NEWEST);
	hk_unit_put_limits(&new, after, HK_COUNT(after), NEWEST);
	hk_unit_put_difference(&to, &old, &new);
	check_list(&to, "CPUWeight=uint64 60\n"
			"MemoryMin=uint64 9\n"
			"MemoryLow=uint64 0\n"
			"CPUQuotaPerSecUSec=uint64 18446744073709551615\n"
			"CPUQuotaPeriodUSec=uint64 18446744073709551615\n"
			"AllowedMemoryNodes=@ay []\n"
			"IODeviceWeight=@a(st) []\n"
			"IODeviceLatencyTargetUSec=@a(st) []\n"
			"MemoryHigh=uint64 18446744073709551615\n");
	hk_unit_put_difference(&back, &new, &old);
	check_list(&back, "MemoryLow=uint64 18446744073709551615\n"
			  "CPUWeight=uint64 59\n"
			  "CPUQuotaPerSecUSec=uint64 410000\n"
			  "CPUQuotaPeriodUSec=uint64 50001\n"
			  "AllowedMemoryNodes=@ay [1]\n"
			  "IODeviceWeight=@a(st) [('/dev/block/8:0', 4500), "
			  "('/dev/block/8:16', 10)]\n"
			  "IODeviceLatencyTargetUSec=@a(st) [('/dev/block/8:0', 75000)]\n"
			  "MemoryHigh=uint64 5\n"
			  "MemoryMin=uint64 0\n");
	hk_arena_done(&arena);
}

#define PROPERTY "org.systemd.property."

static void test_annotations(void **state)
{
	struct hk_pair pairs[] = {
		{"org.example", "x"},
		{PROPERTY "TimeoutStopUSec", "uint64 123456789"},
		{PROPERTY "JobTimeoutSec", "1.5"},
		{PROPERTY "RuntimeMaxSec", "uint32 3"},
		{PROPERTY "CollectMode", "'inactive'"},
		{PROPERTY "After", "['a.service']"},
	};
	const struct hk_pairs annotations = {pairs, HK_COUNT(pairs)};
	struct hk_arena arena = {0};
	struct hk_unit_properties list = {.arena = &arena};
	struct hk_err err = {0};

	(void)state;
	hk_unit_put_base(&list, &scope, "web", true, 1);
	list.count = 0;
	assert_int_equal(hk_unit_put_annotations(&list, &annotations, &err), 0);
	check_list(&list, "TimeoutStopUSec=uint64 123456789\n"
			  "JobTimeoutUSec=uint64 1500000\n"
			  "RuntimeMaxUSec=uint64 3000000\n"
			  "CollectMode='inactive'\n"
			  "After=@as ['a.service']\n");
	assert_string_equal(list.items[3].property, "/annotations/" PROPERTY "CollectMode");
	hk_arena_done(&arena);
}

static void test_wrong_annotations(void **state)
{
	static const char *const values[] = {"'x'", "-1", "infinity", "@ay []"};
	struct hk_pair pair = {PROPERTY "JobTimeoutSec", NULL};
	const struct hk_pairs annotations = {&pair, 1};

	(void)state;
	for (size_t i = 0; i < HK_COUNT(values); i++) {
		struct hk_arena arena = {0};
		struct hk_unit_properties list = {.arena = &arena};
		struct hk_err err = {0};

		pair.value = values[i];
		assert_int_equal(hk_unit_put_annotations(&list, &annotations, &err), -EINVAL);
		assert_string_equal(err.property, "/annotations/" PROPERTY "JobTimeoutSec");
		assert_true(err.hint[0]);
		hk_arena_done(&arena);
	}
}

static void test_version(void **state)
{
	(void)state;
	assert_int_equal(hk_unit_version("252.38-1~deb12u1"), 252);
	assert_int_equal(hk_unit_version("v239"), 239);
	assert_int_equal(hk_unit_version("unknown"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scope),
		cmocka_unit_test(test_slice_on_v1),
		cmocka_unit_test(test_limits_v2),
		cmocka_unit_test(test_limits_v1),
		cmocka_unit_test(test_overridden),
		cmocka_unit_test(test_difference),
		cmocka_unit_test(test_annotations),
		cmocka_unit_test(test_wrong_annotations),
		cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
