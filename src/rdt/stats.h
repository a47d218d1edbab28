/* What a container's group in the resctrl file system says of cache and memory bandwidth. */
#ifndef HK_RDT_STATS_H
#define HK_RDT_STATS_H

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

struct hk_err;

struct hk_rdt_node { /* bytes */
	uint64_t total_bytes;
	uint64_t local_bytes;
	uint64_t occupancy;
};

/* What the hardware does not have is NULL or 0. */
struct hk_rdt_stats {
	const char *cbm_mask;
	uint64_t min_cbm_bits;
	uint64_t l3_closids;
	const char *l3_schema_root; /* the line of the default group */
	const char *l3_schema;
	uint64_t bandwidth_gran;
	uint64_t delay_linear;
	uint64_t min_bandwidth;
	uint64_t mb_closids;
	const char *mb_schema_root;
	const char *mb_schema;
	bool has_bandwidth;
	bool has_occupancy;
	struct hk_rdt_node *nodes; /* by the order of their names */
	size_t node_count;
};

/* group: the class of service's directory; monitor: the monitoring group's, NULL where it has none.
 */
int hk_rdt_stats(const char *group, const char *monitor, struct hk_arena *arena,
	struct hk_rdt_stats *ret, struct hk_err *err);
/* The same below the root of a resctrl file system. */
int hk_rdt_stats_at(const char *root, const char *group, const char *monitor,
	struct hk_arena *arena, struct hk_rdt_stats *ret, struct hk_err *err);

#endif
