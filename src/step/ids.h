/* User and group ids, set and read back. */
#ifndef HK_STEP_IDS_H
#define HK_STEP_IDS_H

#include "step/step.h"

#include <sys/types.h>

/* setgroups(2). Without must, only where the user namespace allows it; gids are refused then. */
int hk_set_groups(
	struct hk_ctx *ctx, const gid_t *gids, size_t count, bool must, struct hk_err *err);

/* Real, effective and saved ids. */
int hk_set_ids(uid_t uid, gid_t gid, struct hk_err *err);

#endif
