/* Reading subuid(5) and subgid(5). */
#include "stage/subordinate.h"

#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool parse_line(char *line, const char *user, const char *number, struct hk_id_range *ret)
{
	const char *name = strsep(&line, ":"), *first = strsep(&line, ":");

	return first && line && (strcmp(name, user) == 0 || strcmp(name, number) == 0) &&
	       hk_parse_u64(first, &ret->first) == 0 && hk_parse_u64(line, &ret->count) == 0 &&
	       ret->count && ret->count <= UINT64_MAX - ret->first;
}

static int put(struct hk_id_ranges *ranges, struct hk_arena *arena, const struct hk_id_range *range)
{
	if (ranges->count == ranges->cap) {
		struct hk_id_range *items = hk_arena_grow(
			arena, ranges->items, ranges->count, &ranges->cap, sizeof(*items));

		if (!items)
			return -ENOMEM;
		ranges->items = items;
	}
	ranges->items[ranges->count++] = *range;
	return 0;
}

int hk_subordinate_parse(char *text, const char *user, uint32_t uid, struct hk_arena *arena,
	struct hk_id_ranges *ret)
{
	struct hk_id_ranges ranges = {0};
	char number[16], *line;
	int r = 0;

	(void)snprintf(number, sizeof(number), "%" PRIu32, uid);
	while (r == 0 && (line = strsep(&text, "\n"))) {
		struct hk_id_range range;

		if (parse_line(line, user, number, &range))
			r = put(&ranges, arena, &range);
	}
	if (r == 0)
		*ret = ranges;
	return r;
}

static const struct hk_id_range *find(const struct hk_id_ranges *ranges, uint64_t id)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (id >= ranges->items[i].first &&
			id - ranges->items[i].first < ranges->items[i].count)
			return &ranges->items[i];
	return NULL;
}

bool hk_subordinate_cover(const struct hk_id_ranges *ranges, uint64_t first, uint64_t count)
{
	uint64_t end = first + count;

	while (first < end) {
		const struct hk_id_range *range = find(ranges, first);

		if (!range)
			return false;
		first = range->first + range->count;
	}
	return true;
}
