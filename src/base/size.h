/* Sizes in bytes as people write them. */
#ifndef HK_BASE_SIZE_H
#define HK_BASE_SIZE_H

#include <stdint.h>

/* "1073741824", "64m", "1.5g", "512 KiB": a decimal number and, in any case, one of b k m g t p,
 * powers of 1024, with "b" or "ib" behind it. Fractions are cut to whole bytes. 0, -EINVAL, or
 * -ERANGE where it does not fit. */
int hk_parse_size(const char *s, int64_t *ret);

#endif
