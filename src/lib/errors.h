/* From the inside's struct hk_err to the public hako_error. */
#ifndef HK_LIB_ERRORS_H
#define HK_LIB_ERRORS_H

#include "base/err.h"

#include <hako/error.h>

#include <stddef.h>

/* The end of every public function: r as it is, and where r is a failure and ret is not NULL a
 * hako_error made of err in *ret. Never fails: without memory it is a static one. */
int hk_give(int r, const struct hk_err *err, hako_error **ret);

/* What to do about an error of that step and errno, or NULL where nothing is known. It may be in buf. */
const char *hk_hint_find(const struct hk_err *err, char *buf, size_t cap);

#endif
