/* mount(2), for what fsconfig(2) cannot take. */
#ifndef HK_STEP_MOUNT2_H
#define HK_STEP_MOUNT2_H

#include "step/step.h"

/* Is an option's value longer than the 255 bytes that fsconfig takes (overlay's lowerdir may be),
 * or one that fsconfig does not know (iversion, silent)? */
bool hk_mount2_is_needed(const struct hk_ctx *ctx, const struct hk_step_mount *args);

/* The new file system, attached nowhere; target is a mount point that nobody else uses now.
 * *ret_tree is the detached mount, without the step's attributes. 0 or a negative errno. */
int hk_mount2(struct hk_ctx *ctx, const struct hk_step_mount *args, int target, int *ret_tree);

#endif
