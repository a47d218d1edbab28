/* Shapes of values that json/bind.h can fill: arrays of strings, string maps, optional numbers. */
#ifndef HK_JSON_VALUES_H
#define HK_JSON_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hk_strings {
	const char **items; /* not NULL-terminated */
	size_t count;
};

struct hk_pair {
	const char *key;
	const char *value;
};

struct hk_pairs {
	struct hk_pair *items; /* in the order of the text */
	size_t count;
};

/* A number that may be absent. */
struct hk_opt_u64 {
	bool set;
	uint64_t value;
};

struct hk_opt_i64 {
	bool set;
	int64_t value;
};

#endif
