/* Samples as runc's JSON: every member, and what is left out of an empty one. */
#include "lib/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static uint64_t two[] = {3, 4};
static struct hk_stats_counter raw[] = {{"cache", 7}, {"rss", 0}};
static struct hk_stats_io read_of_8[] = {{8, 0, "Read", 4096}};
static struct hk_stats_io plain[] = {{253, 16, "", 5}};
static struct hk_stats_hugetlb huge[] = {{"2MB", 1, 2, 3}, {"1GB", 0, 0, 0}};
static struct hk_rdt_node nodes[] = {{1, 2, 3}, {0, 0, 0}};

static void test_all(void **state)
{
	static const char expected[] =
		"{\"type\":\"stats\",\"id\":\"web\",\"data\":{"
		"\"cpu\":{\"usage\":{\"total\":10,\"percpu\":[3,4],\"percpu_kernel\":[3,4],"
		"\"percpu_user\":[3,4],\"kernel\":1,\"user\":2},"
		"\"throttling\":{\"periods\":5,\"throttledPeriods\":6,\"throttledTime\":7},"
		"\"psi\":{\"some\":{\"avg10\":0.050,\"avg60\":12.300,\"avg300\":100.000,\"total\":"
		"9},"
		"\"full\":{\"avg10\":0.000,\"avg60\":0.000,\"avg300\":0.000,\"total\":0}}},"
		"\"cpuset\":{\"cpus\":[0,1,2,7],\"cpu_exclusive\":1,\"mems\":[0],\"mem_hardwall\":"
		"2,"
		"\"mem_exclusive\":3,\"memory_migrate\":4,\"memory_spread_page\":5,"
		"\"memory_spread_slab\":6,\"memory_pressure\":7,\"sched_load_balance\":8,"
		"\"sched_relax_domain_level\":-1},"
		"\"memory\":{\"cache\":7,\"usage\":{\"limit\":18446744073709551615,\"usage\":1,"
		"\"max\":2,\"failcnt\":3},\"swap\":{\"limit\":0,\"failcnt\":0},"
		"\"kernel\":{\"limit\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0},"
		"\"raw\":{\"cache\":7,\"rss\":0}},"
		"\"pids\":{\"current\":1,\"limit\":2},"
		"\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":"
		"4096}],"
		"\"sectorsRecursive\":[{\"major\":253,\"minor\":16,\"value\":5}]},"
		"\"hugetlb\":{\"2MB\":{\"usage\":1,\"max\":2,\"failcnt\":3},\"1GB\":{\"failcnt\":0}"
		"},"
		"\"intel_rdt\":{\"l3_cache_info\":{\"cbm_mask\":\"fff\",\"min_cbm_bits\":1,"
		"\"num_closids\":16},\"l3_cache_schema_root\":\"L3:0=fff\",\"l3_cache_schema\":"
		"\"L3:0=f\","
		"\"mem_bw_info\":{\"bandwidth_gran\":10,\"delay_linear\":1,\"min_bandwidth\":10,"
		"\"num_closids\":8},\"mem_bw_schema_root\":\"MB:0=100\",\"mem_bw_schema\":\"MB:0="
		"20\","
		"\"mbm_stats\":[{\"mbm_total_bytes\":1,\"mbm_local_bytes\":2},{}],"
		"\"cmt_stats\":[{\"llc_occupancy\":3},{}]},"
		"\"network_interfaces\":null}}";
	const struct hk_stats_numbers numbers = {two, 2};
	const struct hk_stats stats = {
		.cpu = {.total = 10,
			.kernel = 1,
			.user = 2,
			.percpu = numbers,
			.percpu_kernel = numbers,
			.percpu_user = numbers,
			.periods = 5,
			.throttled_periods = 6,
			.throttled_time = 7,
			.psi = {.set = true, .some = {5, 1230, 10000, 9}}},
		.cpuset = {"0-2,7", "0", 1, 2, 3, 4, 5, 6, 7, 8, -1},
		.memory = {.cache = 7, .usage = {UINT64_MAX, 1, 2, 3}, .raw = {raw, 2}},
		.pids = {1, 2},
		.blkio = {.bytes = {read_of_8, 1}, .sectors = {plain, 1}},
		.hugetlb = huge,
		.hugetlb_count = 2,
	};
	const struct hk_rdt_stats rdt = {
		.cbm_mask = "fff",
		.min_cbm_bits = 1,
		.l3_closids = 16,
		.l3_schema_root = "L3:0=fff",
		.l3_schema = "L3:0=f",
		.bandwidth_gran = 10,
		.delay_linear = 1,
		.min_bandwidth = 10,
		.mb_closids = 8,
		.mb_schema_root = "MB:0=100",
		.mb_schema = "MB:0=20",
		.has_bandwidth = true,
		.has_occupancy = true,
		.nodes = nodes,
		.node_count = 2,
	};
	HK_FREE char *text = hk_stats_text("web", &stats, &rdt);

	(void)state;
	assert_string_equal(text, expected);
}

static void test_empty(void **state)
{
	static const char expected[] =
		"{\"type\":\"stats\",\"id\":\"web\",\"data\":{"
		"\"cpu\":{\"usage\":{\"kernel\":0,\"user\":0},\"throttling\":{}},"
		"\"cpuset\":{\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,"
		"\"memory_migrate\":0,\"memory_spread_page\":0,\"memory_spread_slab\":0,"
		"\"memory_pressure\":0,\"sched_load_balance\":0,\"sched_relax_domain_level\":0},"
		"\"memory\":{\"usage\":{\"limit\":0,\"failcnt\":0},\"swap\":{\"limit\":0,"
		"\"failcnt\":0},"
		"\"kernel\":{\"limit\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0}},"
		"\"pids\":{},\"blkio\":{},\"hugetlb\":{},\"intel_rdt\":{},"
		"\"network_interfaces\":null}}";
	HK_FREE char *text = hk_stats_text("web", &(struct hk_stats){0}, &(struct hk_rdt_stats){0});

	(void)state;
	assert_string_equal(text, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
