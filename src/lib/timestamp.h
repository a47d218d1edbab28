/* The time as state.json and `state` spell it. */
#ifndef HK_LIB_TIMESTAMP_H
#define HK_LIB_TIMESTAMP_H

#include "base/mem.h"

#include <stdint.h>

/* Now, RFC 3339 with nanoseconds, UTC; NULL when memory is out. */
const char *hk_timestamp(struct hk_arena *arena);
/* The same of seconds since 1970. */
const char *hk_timestamp_of(int64_t seconds, long nanoseconds, struct hk_arena *arena);

#endif
