/* What a container's cgroup has counted. */
#ifndef HK_CGROUP_STATS_H
#define HK_CGROUP_STATS_H

#include "cgroup/cgroup.h"

#include <stdint.h>

/* No limit, in every limit below. */
#define HK_STATS_UNLIMITED UINT64_MAX

struct hk_stats_numbers {
	uint64_t *items;
	size_t count;
};

struct hk_stats_counter {
	const char *key;
	uint64_t value;
};

struct hk_stats_counters { /* a file of "key value" lines, in its order */
	struct hk_stats_counter *items;
	size_t count;
};

/* Documentation/accounting/psi.rst. Averages in hundredths of a percent, total in microseconds. */
struct hk_stats_pressure {
	uint32_t avg10;
	uint32_t avg60;
	uint32_t avg300;
	uint64_t total;
};

struct hk_stats_psi {
	bool set; /* the kernel has it */
	struct hk_stats_pressure some;
	struct hk_stats_pressure full;
};

struct hk_stats_cpu { /* nanoseconds */
	uint64_t total;
	uint64_t kernel;
	uint64_t user;
	struct hk_stats_numbers percpu; /* these three on v1 only */
	struct hk_stats_numbers percpu_kernel;
	struct hk_stats_numbers percpu_user;
	uint64_t periods;
	uint64_t throttled_periods;
	uint64_t throttled_time;
	struct hk_stats_psi psi;
};

struct hk_stats_cpuset {
	const char *cpus; /* lists, "0-3,7"; NULL: none */
	const char *mems;
	uint64_t cpu_exclusive; /* from here on on v1 only */
	uint64_t mem_hardwall;
	uint64_t mem_exclusive;
	uint64_t memory_migrate;
	uint64_t memory_spread_page;
	uint64_t memory_spread_slab;
	uint64_t memory_pressure;
	uint64_t sched_load_balance;
	int64_t sched_relax_domain_level;
};

struct hk_stats_memory_kind { /* bytes */
	uint64_t limit;
	uint64_t usage;
	uint64_t max;
	uint64_t failcnt;
};

struct hk_stats_memory {
	uint64_t cache;
	struct hk_stats_memory_kind usage;
	struct hk_stats_memory_kind swap; /* memory and swap together, also on v2 */
	struct hk_stats_memory_kind kernel;
	struct hk_stats_memory_kind kernel_tcp;
	struct hk_stats_counters raw; /* memory.stat */
	struct hk_stats_psi psi;
};

struct hk_stats_pids {
	uint64_t current;
	uint64_t limit; /* 0: none, as runc has it */
};

struct hk_stats_io {
	uint64_t major;
	uint64_t minor;
	const char *op; /* "Read", ...; "" where the file has none */
	uint64_t value;
};

struct hk_stats_ios {
	struct hk_stats_io *items;
	size_t count;
};

struct hk_stats_blkio {
	struct hk_stats_ios bytes;
	struct hk_stats_ios serviced;
	struct hk_stats_ios queued;
	struct hk_stats_ios service_time;
	struct hk_stats_ios wait_time;
	struct hk_stats_ios merged;
	struct hk_stats_ios time;
	struct hk_stats_ios sectors;
	struct hk_stats_psi psi;
};

struct hk_stats_hugetlb {
	const char *page_size; /* "2MB" */
	uint64_t usage;
	uint64_t max;
	uint64_t failcnt;
};

struct hk_stats {
	struct hk_stats_cpu cpu;
	struct hk_stats_cpuset cpuset;
	struct hk_stats_memory memory;
	struct hk_stats_pids pids;
	struct hk_stats_blkio blkio;
	struct hk_stats_hugetlb *hugetlb;
	size_t hugetlb_count;
};

/* Read everything. What the kernel does not count is 0. All that ret points to is in arena.
 * -ENOENT: the cgroup is gone, or the container has none. */
int hk_cgroup_stats(
	struct hk_cgroup *cgroup, struct hk_arena *arena, struct hk_stats *ret, struct hk_err *err);

/* ---- pure: the text of a file -> numbers. -EBADMSG where it is none such, -ENOMEM. ---- */

int hk_stats_parse_number(const char *text, uint64_t *ret); /* "max" is HK_STATS_UNLIMITED */
int hk_stats_parse_numbers(const char *text, struct hk_arena *arena, struct hk_stats_numbers *ret);
int hk_stats_parse_counters(
	const char *text, struct hk_arena *arena, struct hk_stats_counters *ret);
/* cpuacct.usage_all: a title, then "CPU USER SYSTEM" a line. */
int hk_stats_parse_usage_all(const char *text, struct hk_arena *arena,
	struct hk_stats_numbers *ret_user, struct hk_stats_numbers *ret_kernel);
/* v1's blkio files: "8:0 Read 4096", "8:0 12", and "Total" lines, which are passed over. */
int hk_stats_parse_blkio(const char *text, struct hk_arena *arena, struct hk_stats_ios *ret);
/* io.stat of v2: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 ...". */
int hk_stats_parse_io(const char *text, struct hk_arena *arena, struct hk_stats_ios *ret_bytes,
	struct hk_stats_ios *ret_serviced);
int hk_stats_parse_psi(const char *text, struct hk_stats_psi *ret);

/* 0 where there is none of that key. */
uint64_t hk_stats_counter(const struct hk_stats_counters *counters, const char *key);

#endif
