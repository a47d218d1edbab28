/* Tables of names and values: an enum, its names and its handlers come from one list. */
#ifndef HK_BASE_ENUMTAB_H
#define HK_BASE_ENUMTAB_H

#include <stdint.h>

struct hk_enum {
	const char *name;
	uint64_t value;
};

/* The entry with that name, or NULL. Tables end with a NULL name. */
const struct hk_enum *hk_enum_find(const struct hk_enum *table, const char *name);
/* The name of the value, or NULL. */
const char *hk_enum_name(const struct hk_enum *table, uint64_t value);
/* "a, b or c", for error messages; cut where it does not fit. Returns ret. */
const char *hk_enum_list(const struct hk_enum *table, char *ret, unsigned long cap);

#endif
