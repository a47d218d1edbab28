/* Options structs that grow: the first member says how much of one the caller knows. */
#ifndef HK_LIB_SIZED_H
#define HK_LIB_SIZED_H

#include <stddef.h>

struct hk_err;

/* Copy the caller's options into ours of our size, zeros behind a shorter one. -EINVAL for a size
 * that cannot be, -E2BIG where the caller sets what we do not know. */
int hk_sized_copy(void *ours, size_t our_size, const void *theirs, struct hk_err *err);

#endif
