/* The mount that a container without a mount namespace of its own leaves on the host: its root file
 * system on itself, with all that the container has mounted below. */
#ifndef HK_LIB_ROOTFS_MOUNT_H
#define HK_LIB_ROOTFS_MOUNT_H

#include "state/state.h"

/* Note in state->rootfs_mount what state->rootfs stands on, before anything is mounted there. */
int hk_rootfs_mount_note(struct hk_state *state, struct hk_err *err);

/* Take away what has been put on that since. Nothing may be there: nothing was noted, the init
 * stage did not get so far, or somebody else has unmounted it. */
int hk_rootfs_mount_remove(const struct hk_state *state, struct hk_err *err);

#endif
