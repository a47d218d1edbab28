/* The timeline of a creation: the init stage's part of it. */
#include "lib/creation.h"

#include "lib/timeline.h"

int hk_creation_open_trace(struct hk_creation *c, struct hk_err *err)
{
	if (!c->timeline)
		return 0;
	return hk_trace_memory_make(c->prepared.plan, &c->trace, &c->slots[HK_SLOT_TRACE], err);
}

void hk_creation_close_timeline(struct hk_creation *c, int r, const struct hk_err *error)
{
	const struct hk_traced traced = {
		.memory = &c->trace,
		.plan = c->spawned ? c->prepared.plan : NULL,
		.last = c->run ? HK_STEP_EXEC : HK_STEP_READY,
		.spawn_time = c->spawn_time,
		.pid = c->state.init_pid,
	};

	hk_timeline_close(c->prepared.options.timeline, c->id, &traced, r, error);
	hk_trace_memory_done(&c->trace);
}
