/* Reading the files of one directory, with one error at the end. */
#ifndef HK_CGROUP_STATS_SOURCE_H
#define HK_CGROUP_STATS_SOURCE_H

#include "cgroup/stats.h"

struct hk_stats_source {
	int dir;
	struct hk_arena *arena;
	int r;		  /* 0, or the first failure; a file that is not there is none */
	const char *file; /* of that failure */
};

/* Its text without the last newline, in the arena; NULL where it is not there. */
const char *hk_source_text(struct hk_stats_source *source, const char *file);
uint64_t hk_source_number(struct hk_stats_source *source, const char *file);
struct hk_stats_counters hk_source_counters(struct hk_stats_source *source, const char *file);
void hk_source_psi(struct hk_stats_source *source, const char *file, struct hk_stats_psi *ret);
/* Note a failure about a file. */
void hk_source_failed(struct hk_stats_source *source, const char *file, int r);

/* What each version reads, by controller. */
void hk_stats_v1_usage(struct hk_stats_source *source, struct hk_stats *ret);
void hk_stats_v1_throttling(struct hk_stats_source *source, struct hk_stats *ret);
void hk_stats_v1_cpuset(struct hk_stats_source *source, struct hk_stats *ret);
void hk_stats_v1_memory(struct hk_stats_source *source, struct hk_stats *ret);
void hk_stats_v1_blkio(struct hk_stats_source *source, struct hk_stats *ret);
void hk_stats_v1_hugetlb(struct hk_stats_source *source, struct hk_stats *ret);
void hk_stats_v2_usage(struct hk_stats_source *source, struct hk_stats *ret);
void hk_stats_v2_throttling(struct hk_stats_source *source, struct hk_stats *ret);
void hk_stats_v2_cpuset(struct hk_stats_source *source, struct hk_stats *ret);
void hk_stats_v2_memory(struct hk_stats_source *source, struct hk_stats *ret);
void hk_stats_v2_io(struct hk_stats_source *source, struct hk_stats *ret);
void hk_stats_v2_hugetlb(struct hk_stats_source *source, struct hk_stats *ret);

/* "2MB", "1GB" of the host, in arena. */
size_t hk_stats_page_sizes(struct hk_arena *arena, const char *ret[], size_t cap);
#define HK_STATS_PAGE_SIZES 8

#endif
