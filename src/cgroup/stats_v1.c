/* What cgroup v1 counts, and in which files. */
#include "cgroup/stats_source.h"

#include "base/str.h"

#include <unistd.h>

void hk_stats_v1_usage(struct hk_stats_source *source, struct hk_stats *ret)
{
	struct hk_stats_cpu *cpu = &ret->cpu;
	long hz = sysconf(_SC_CLK_TCK);
	const uint64_t tick = 1000000000ull / (uint64_t)(hz > 0 ? hz : 100);
	struct hk_stats_counters stat = hk_source_counters(source, "cpuacct.stat");
	const char *text;

	cpu->total = hk_source_number(source, "cpuacct.usage");
	cpu->kernel = hk_stats_counter(&stat, "system") * tick;
	cpu->user = hk_stats_counter(&stat, "user") * tick;
	text = hk_source_text(source, "cpuacct.usage_percpu");
	if (text)
		hk_source_failed(source, "cpuacct.usage_percpu",
			hk_stats_parse_numbers(text, source->arena, &cpu->percpu));
	text = hk_source_text(source, "cpuacct.usage_all"); /* since 4.11 */
	if (text)
		hk_source_failed(source, "cpuacct.usage_all",
			hk_stats_parse_usage_all(
				text, source->arena, &cpu->percpu_user, &cpu->percpu_kernel));
}

void hk_stats_v1_throttling(struct hk_stats_source *source, struct hk_stats *ret)
{
	struct hk_stats_counters stat = hk_source_counters(source, "cpu.stat");

	ret->cpu.periods = hk_stats_counter(&stat, "nr_periods");
	ret->cpu.throttled_periods = hk_stats_counter(&stat, "nr_throttled");
	ret->cpu.throttled_time = hk_stats_counter(&stat, "throttled_time");
}

void hk_stats_v1_cpuset(struct hk_stats_source *source, struct hk_stats *ret)
{
	static const char relax[] = "cpuset.sched_relax_domain_level";
	struct hk_stats_cpuset *cpuset = &ret->cpuset;
	const char *text;

	cpuset->cpus = hk_source_text(source, "cpuset.cpus");
	cpuset->mems = hk_source_text(source, "cpuset.mems");
	cpuset->cpu_exclusive = hk_source_number(source, "cpuset.cpu_exclusive");
	cpuset->mem_hardwall = hk_source_number(source, "cpuset.mem_hardwall");
	cpuset->mem_exclusive = hk_source_number(source, "cpuset.mem_exclusive");
	cpuset->memory_migrate = hk_source_number(source, "cpuset.memory_migrate");
	cpuset->memory_spread_page = hk_source_number(source, "cpuset.memory_spread_page");
	cpuset->memory_spread_slab = hk_source_number(source, "cpuset.memory_spread_slab");
	cpuset->memory_pressure = hk_source_number(source, "cpuset.memory_pressure");
	cpuset->sched_load_balance = hk_source_number(source, "cpuset.sched_load_balance");
	text = hk_source_text(source, relax);
	if (text)
		hk_source_failed(
			source, relax, hk_parse_i64(text, &cpuset->sched_relax_domain_level));
}

static void read_kind(
	struct hk_stats_source *source, const char *prefix, struct hk_stats_memory_kind *ret)
{
	const struct {
		const char *suffix;
		uint64_t *value;
	} files[] = {
		{"limit_in_bytes", &ret->limit},
		{"usage_in_bytes", &ret->usage},
		{"max_usage_in_bytes", &ret->max},
		{"failcnt", &ret->failcnt},
	};

	for (size_t i = 0; i < HK_COUNT(files); i++) {
		const char *file = hk_arena_printf(source->arena, "%s.%s", prefix, files[i].suffix);

		*files[i].value = hk_source_number(source, file ? file : "");
	}
}

void hk_stats_v1_memory(struct hk_stats_source *source, struct hk_stats *ret)
{
	struct hk_stats_memory *memory = &ret->memory;

	memory->raw = hk_source_counters(source, "memory.stat");
	memory->cache = hk_stats_counter(&memory->raw, "cache");
	read_kind(source, "memory", &memory->usage);
	read_kind(source, "memory.memsw", &memory->swap);
	read_kind(source, "memory.kmem", &memory->kernel);
	read_kind(source, "memory.kmem.tcp", &memory->kernel_tcp);
}

/* Each I/O scheduler counts in files of its own; what is read is the first set of which there is
 * the first file. The throttling layer counts in all kernels. */
struct io_file {
	const char *name;
	size_t offset; /* of a struct hk_stats_ios in struct hk_stats_blkio */
};

#define IOS(member) offsetof(struct hk_stats_blkio, member)

static const struct io_file bfq_debug[] = {
	{"blkio.bfq.sectors_recursive", IOS(sectors)},
	{"blkio.bfq.io_service_time_recursive", IOS(service_time)},
	{"blkio.bfq.io_wait_time_recursive", IOS(wait_time)},
	{"blkio.bfq.io_merged_recursive", IOS(merged)},
	{"blkio.bfq.io_queued_recursive", IOS(queued)},
	{"blkio.bfq.time_recursive", IOS(time)},
	{"blkio.bfq.io_serviced_recursive", IOS(serviced)},
	{"blkio.bfq.io_service_bytes_recursive", IOS(bytes)},
	{0},
};

static const struct io_file bfq[] = {
	{"blkio.bfq.io_serviced_recursive", IOS(serviced)},
	{"blkio.bfq.io_service_bytes_recursive", IOS(bytes)},
	{0},
};

static const struct io_file cfq[] = {
	{"blkio.sectors_recursive", IOS(sectors)},
	{"blkio.io_service_time_recursive", IOS(service_time)},
	{"blkio.io_wait_time_recursive", IOS(wait_time)},
	{"blkio.io_merged_recursive", IOS(merged)},
	{"blkio.io_queued_recursive", IOS(queued)},
	{"blkio.time_recursive", IOS(time)},
	{"blkio.io_serviced_recursive", IOS(serviced)},
	{"blkio.io_service_bytes_recursive", IOS(bytes)},
	{0},
};

static const struct io_file throttle[] = {
	{"blkio.throttle.io_serviced_recursive", IOS(serviced)},
	{"blkio.throttle.io_service_bytes_recursive", IOS(bytes)},
	{0},
};

static const struct io_file throttle_alone[] = {
	/* before 4.14 */
	{"blkio.throttle.io_serviced", IOS(serviced)},
	{"blkio.throttle.io_service_bytes", IOS(bytes)},
	{0},
};

static const struct io_file *const io_sets[] = {bfq_debug, bfq, cfq, throttle, throttle_alone};

static bool read_io(
	struct hk_stats_source *source, const struct io_file *file, struct hk_stats_blkio *blkio)
{
	struct hk_stats_ios *ios = (void *)((char *)blkio + file->offset);
	const char *text = hk_source_text(source, file->name);

	if (text)
		hk_source_failed(
			source, file->name, hk_stats_parse_blkio(text, source->arena, ios));
	return text && ios->count;
}

/* BFQ's files are there and empty while another scheduler is used: then the next set. */
void hk_stats_v1_blkio(struct hk_stats_source *source, struct hk_stats *ret)
{
	for (size_t i = 0; i < HK_COUNT(io_sets); i++) {
		if (!read_io(source, io_sets[i], &ret->blkio))
			continue;
		for (const struct io_file *file = io_sets[i] + 1; file->name; file++)
			(void)read_io(source, file, &ret->blkio);
		return;
	}
}

/* Of reserved pages, which is what is limited, or before 5.7 of those in use. */
static const char *hugetlb_prefix(struct hk_stats_source *source, const char *size)
{
	const char *reserved = hk_arena_printf(source->arena, "hugetlb.%s.rsvd", size);
	const char *file = hk_arena_printf(source->arena, "hugetlb.%s.rsvd.usage_in_bytes", size);

	if (reserved && file && hk_source_text(source, file))
		return reserved;
	return hk_arena_printf(source->arena, "hugetlb.%s", size);
}

void hk_stats_v1_hugetlb(struct hk_stats_source *source, struct hk_stats *ret)
{
	const char *sizes[HK_STATS_PAGE_SIZES];
	size_t count = hk_stats_page_sizes(source->arena, sizes, HK_COUNT(sizes));

	ret->hugetlb = hk_arena_array(source->arena, count + 1, sizeof(*ret->hugetlb));
	for (size_t i = 0; ret->hugetlb && i < count; i++) {
		struct hk_stats_memory_kind kind = {0};
		const char *prefix = hugetlb_prefix(source, sizes[i]);

		read_kind(source, prefix ? prefix : "", &kind);
		ret->hugetlb[ret->hugetlb_count++] =
			(struct hk_stats_hugetlb){sizes[i], kind.usage, kind.max, kind.failcnt};
	}
}
