/* Going over into a running container's mount namespace and back. */
#ifndef HK_STEP_VISIT_H
#define HK_STEP_VISIT_H

#include "step/step.h"

/* Into the container's mount namespace, where its mounts can be changed and no path may be looked
 * up; and back. Root and working directory are those of the namespace afterwards. 0 or a negative
 * errno with err set. */
int hk_visit_enter(struct hk_ctx *ctx, struct hk_err *err);
int hk_visit_leave(struct hk_ctx *ctx, struct hk_err *err);

/* Remember a mount, by a descriptor of our own; one of a new container too. where: the name of its
 * mount point, which stays. */
int hk_visit_note(struct hk_ctx *ctx, int mount, const char *where, struct hk_err *err);
/* The last one remembered of that name: the fd stays the context's. -ENOENT. */
int hk_visit_find(const struct hk_ctx *ctx, const char *where);

/* A step failed: take away what was put into the container. What cannot be is told in err's hint.
 */
void hk_visit_undo(struct hk_ctx *ctx, struct hk_err *err);

#endif
