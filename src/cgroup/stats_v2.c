/* What cgroup v2 counts, and in which files. */
#include "cgroup/stats_source.h"

#include <errno.h>

#define NS_PER_US 1000

void hk_stats_v2_usage(struct hk_stats_source *source, struct hk_stats *ret)
{
	struct hk_stats_counters stat = hk_source_counters(source, "cpu.stat");

	ret->cpu.total = hk_stats_counter(&stat, "usage_usec") * NS_PER_US;
	ret->cpu.user = hk_stats_counter(&stat, "user_usec") * NS_PER_US;
	ret->cpu.kernel = hk_stats_counter(&stat, "system_usec") * NS_PER_US;
}

void hk_stats_v2_throttling(struct hk_stats_source *source, struct hk_stats *ret)
{
	struct hk_stats_counters stat = hk_source_counters(source, "cpu.stat");

	ret->cpu.periods = hk_stats_counter(&stat, "nr_periods");
	ret->cpu.throttled_periods = hk_stats_counter(&stat, "nr_throttled");
	ret->cpu.throttled_time = hk_stats_counter(&stat, "throttled_usec") * NS_PER_US;
}

/* The lists that hold, not those that were asked for: these are empty where nothing was. */
void hk_stats_v2_cpuset(struct hk_stats_source *source, struct hk_stats *ret)
{
	ret->cpuset.cpus = hk_source_text(source, "cpuset.cpus.effective");
	ret->cpuset.mems = hk_source_text(source, "cpuset.mems.effective");
}

static uint64_t sum_of_limits(uint64_t a, uint64_t b)
{
	uint64_t sum;

	if (a == HK_STATS_UNLIMITED || b == HK_STATS_UNLIMITED ||
		__builtin_add_overflow(a, b, &sum))
		return HK_STATS_UNLIMITED;
	return sum;
}

/* v1's swap is memory and swap together, which is what readers of the events know. */
static void read_swap(struct hk_stats_source *source, struct hk_stats_memory *memory)
{
	struct hk_stats_counters events = hk_source_counters(source, "memory.swap.events");
	uint64_t limit = hk_source_number(source, "memory.swap.max");

	memory->swap.usage = memory->usage.usage + hk_source_number(source, "memory.swap.current");
	memory->swap.limit = sum_of_limits(memory->usage.limit, limit);
	memory->swap.failcnt = hk_stats_counter(&events, "fail");
}

void hk_stats_v2_memory(struct hk_stats_source *source, struct hk_stats *ret)
{
	struct hk_stats_memory *memory = &ret->memory;
	struct hk_stats_counters events = hk_source_counters(source, "memory.events");

	memory->raw = hk_source_counters(source, "memory.stat");
	memory->cache = hk_stats_counter(&memory->raw, "file");
	memory->usage.limit = hk_source_number(source, "memory.max");
	memory->usage.usage = hk_source_number(source, "memory.current");
	memory->usage.max = hk_source_number(source, "memory.peak"); /* since 5.19 */
	memory->usage.failcnt = hk_stats_counter(&events, "max");
	read_swap(source, memory);
}

void hk_stats_v2_io(struct hk_stats_source *source, struct hk_stats *ret)
{
	const char *text = hk_source_text(source, "io.stat");

	if (text)
		hk_source_failed(source, "io.stat",
			hk_stats_parse_io(
				text, source->arena, &ret->blkio.bytes, &ret->blkio.serviced));
}

/* Reserved pages, which is what is limited, or before 5.7 those in use. A host that has the
 * controller on neither version has no such file. */
void hk_stats_v2_hugetlb(struct hk_stats_source *source, struct hk_stats *ret)
{
	const char *sizes[HK_STATS_PAGE_SIZES];
	size_t count = hk_stats_page_sizes(source->arena, sizes, HK_COUNT(sizes));

	ret->hugetlb = hk_arena_array(source->arena, count + 1, sizeof(*ret->hugetlb));
	for (size_t i = 0; ret->hugetlb && i < count; i++) {
		const char *usage = hk_arena_printf(source->arena, "hugetlb.%s.current", sizes[i]);
		const char *reserved =
			hk_arena_printf(source->arena, "hugetlb.%s.rsvd.current", sizes[i]);
		const char *events = hk_arena_printf(source->arena, "hugetlb.%s.events", sizes[i]);
		struct hk_stats_hugetlb *hugetlb = &ret->hugetlb[ret->hugetlb_count];
		struct hk_stats_counters counters;

		if (!usage || !reserved || !events) {
			hk_source_failed(source, "hugetlb", -ENOMEM);
			return;
		}
		if (hk_source_text(source, reserved))
			usage = reserved;
		else if (!hk_source_text(source, usage))
			continue;
		counters = hk_source_counters(source, events);
		*hugetlb = (struct hk_stats_hugetlb){
			.page_size = sizes[i],
			.usage = hk_source_number(source, usage),
			.failcnt = hk_stats_counter(&counters, "max"),
		};
		ret->hugetlb_count++;
	}
}
