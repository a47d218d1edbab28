/* Equal strings in a list: which of them to keep. */
#ifndef HK_PLAN_DEDUP_H
#define HK_PLAN_DEDUP_H

#include "base/mem.h"

#include <stdbool.h>

/* How much of the string is compared. */
typedef size_t hk_key_length_fn(const char *s);
size_t hk_whole_string(const char *s);
size_t hk_variable_name(const char *s); /* what stands before "=" */

/* For each item, is it the last with its key? In arena; NULL when memory is out. O(n log n). */
bool *hk_keep_last(const char *const *items, size_t count, hk_key_length_fn *key_length,
	struct hk_arena *arena);

#endif
