/* UTF-8, strictly: no overlong form, no surrogate, nothing above U+10FFFF. */
#ifndef HK_JSON_UTF8_H
#define HK_JSON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the character at s (1 to 4), 0 where there is none. len is at least 1. */
size_t hk_utf8_char(const unsigned char *s, size_t len);
bool hk_utf8_valid(const unsigned char *s, size_t len);

#endif
