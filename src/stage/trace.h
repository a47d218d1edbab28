/* The memory in which the init stage notes its steps: the runtime's side. */
#ifndef HK_STAGE_TRACE_H
#define HK_STAGE_TRACE_H

#include "base/timeline.h"
#include "plan/plan.h"

struct hk_err;
struct hk_trace;

struct hk_trace_memory {
	struct hk_trace *trace; /* NULL: none */
	size_t size;
};

/* Room for the plan's steps; *ret_fd is for HK_SLOT_TRACE. The init stage cannot shrink it beneath
 * us. 0 or a negative errno. */
int hk_trace_memory_make(
	const struct hk_plan *plan, struct hk_trace_memory *ret, int *ret_fd, struct hk_err *err);

/* Add what was noted until now, up to the step `last` of its kind, to the timeline. The memory is
 * read as hostile: nothing begins before `begin`, nothing ends in the future, nothing overlaps. */
void hk_trace_memory_collect(const struct hk_trace_memory *memory, const struct hk_plan *plan,
	enum hk_step_kind last, uint64_t begin, struct hk_timeline *timeline);
void hk_trace_memory_done(struct hk_trace_memory *memory);

#endif
