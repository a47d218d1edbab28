/* What only a process in a running container's pid namespace can do, for one that must not be there. */
#ifndef HK_STEP_INSIDE_H
#define HK_STEP_INSIDE_H

#include "step/step.h"

/* fsopen(2) of the proc of the container that is visited. The fd, close-on-exec, or a negative errno. */
int hk_inside_open_proc(const struct hk_ctx *ctx);

#endif
