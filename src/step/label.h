/* SELinux labels of mounts that take none as an option. */
#ifndef HK_STEP_LABEL_H
#define HK_STEP_LABEL_H

#include "base/err.h"

/* Label the root directory of a mount, an O_PATH fd. where: its mount point's name for errors. 0,
 * or a negative errno with err set. */
int hk_label_root(int tree, const char *label, const char *where, struct hk_err *err);

#endif
