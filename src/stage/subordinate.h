/* subuid(5), subgid(5): ids beside their own that users may map. Pure. */
#ifndef HK_STAGE_SUBORDINATE_H
#define HK_STAGE_SUBORDINATE_H

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

struct hk_id_range {
	uint64_t first;
	uint64_t count; /* not 0, and first + count is a number */
};

struct hk_id_ranges {
	struct hk_id_range *items;
	size_t count;
	size_t cap;
};

/* The lines, "USER:FIRST:COUNT", of that user, who is there by name or by number. text is cut up, NULL without a file.
 * 0 or -ENOMEM. */
int hk_subordinate_parse(char *text, const char *user, uint32_t uid, struct hk_arena *arena,
	struct hk_id_ranges *ret);

/* Are all of these ids the user's, as newuidmap sees it: by one line, or by several that adjoin? */
bool hk_subordinate_cover(const struct hk_id_ranges *ranges, uint64_t first, uint64_t count);

#endif
