/* Options of file systems, by fsconfig(2): of a new one, or of one that is there. */
#ifndef HK_STEP_FSCONFIG_H
#define HK_STEP_FSCONFIG_H

#include "base/err.h"

/* Each word of the comma-separated options, "key=value" or "flag". 0, or a negative errno with err
 * set. */
int hk_fsconfig_options(int fs, const char *options, struct hk_err *err);

/* What the kernel logged about it, "e tmpfs: Unknown parameter 'foo'", is the best hint. */
void hk_fsconfig_hint(int fs, struct hk_err *err);

#define HK_MODE_MAX 16
/* The mode, as the value of a mount option, of the directory that is about to be covered. 0 or a
 * negative errno. */
int hk_covered_mode(int target, char ret[HK_MODE_MAX]);

#endif
