/* The lines of linux.intelRdt, and how they compare with what a group has. Pure. */
#ifndef HK_RDT_SCHEMATA_H
#define HK_RDT_SCHEMATA_H

#include "spec/spec.h"

#include <stddef.h>
#include <stdint.h>

struct hk_rdt_line {
	const char *text; /* "L3:0=f;1=f" */
	char property[64];
};

/* In the order in which they are written: l3CacheSchema, memBwSchema, schemata. */
size_t hk_rdt_line_count(const struct hk_intel_rdt *config);
struct hk_rdt_line hk_rdt_line(const struct hk_intel_rdt *config, size_t i);

/* The first line that asks for something else than the text of a schemata file has; the number of
 * lines where it has all. A value that a later line replaces does not count. The kernel writes
 * numbers in its own way, and rounds memory bandwidth up to a multiple of mb_step. */
size_t hk_rdt_first_difference(
	const struct hk_intel_rdt *config, const char *schemata, uint32_t mb_step);

#endif
