/* Duplicates in lists that may be long: by sorting, since 100,000 environment variables are legal.
 */
#include "plan/dedup.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	const char *key;
	size_t len;
	size_t index;
};

size_t hk_whole_string(const char *s)
{
	return strlen(s);
}

size_t hk_variable_name(const char *s)
{
	return strcspn(s, "=");
}

static int compare_keys(const struct entry *a, const struct entry *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->key, b->key, a->len);
}

static int compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = compare_keys(a, b);

	if (order)
		return order;
	return a->index < b->index ? -1 : 1;
}

bool *hk_keep_last(const char *const *items, size_t count, hk_key_length_fn *key_length,
	struct hk_arena *arena)
{
	struct entry *entries = hk_arena_array(arena, count, sizeof(*entries));
	bool *keep = hk_arena_array(arena, count, sizeof(*keep));

	if (!entries || !keep)
		return NULL;
	for (size_t i = 0; i < count; i++)
		entries[i] = (struct entry){items[i], key_length(items[i]), i};
	if (count)
		qsort(entries, count, sizeof(*entries), compare);
	for (size_t i = 0; i < count; i++)
		keep[entries[i].index] =
			i + 1 == count || compare_keys(&entries[i], &entries[i + 1]) != 0;
	return keep;
}
