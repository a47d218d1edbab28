/* Noting when steps begin and end, where the runtime has asked for it. Else nothing happens. */
#ifndef HK_STEP_TRACE_H
#define HK_STEP_TRACE_H

#include "step/step.h"

/* Share the memory in HK_SLOT_TRACE, if there is one. Behind the plan. */
int hk_trace_open(struct hk_ctx *ctx, struct hk_err *err);
/* Around the step at ctx->index. r: what it returned. */
void hk_trace_begin(struct hk_ctx *ctx);
void hk_trace_end(struct hk_ctx *ctx, int r);
/* Around its wait for the runtime. */
void hk_trace_wait_begin(struct hk_ctx *ctx);
void hk_trace_wait_end(struct hk_ctx *ctx);

#endif
