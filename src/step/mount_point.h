/* Where things are put in the container's root: mount points, and the directories of nodes. */
#ifndef HK_STEP_MOUNT_POINT_H
#define HK_STEP_MOUNT_POINT_H

#include "step/step.h"

/* The mount point, made where missing: a directory or an empty file. how: enum hk_mount_how.
 * covers_proc: what will be mounted is a procfs, the only thing that may lie on /proc. O_PATH fd,
 * or a negative errno with err set. Something is mounted there next. */
int hk_mount_point(struct hk_ctx *ctx, const char *target, uint32_t how, bool directory,
	bool covers_proc, struct hk_err *err);

/* What is at target, a clean path, which must not be made, nor be the root or anything of /proc: the
 * topmost mount, where one is there. No link is followed, for a container that runs could lead it to a
 * mount that confines it. O_PATH fd, or a negative errno with err set. */
int hk_mount_point_find(struct hk_ctx *ctx, const char *target, struct hk_err *err);

/* The directory that holds path's last component, made where missing, and that component. The
 * O_PATH fd stays the context's, until the next call. A negative errno. */
int hk_parent_open(struct hk_ctx *ctx, const char *path, char name[NAME_MAX + 1]);

/* From here on others may change what is where: hooks, the pivot. */
void hk_parent_forget(struct hk_ctx *ctx);

#endif
