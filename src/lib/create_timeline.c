/* The timeline of a creation: the init stage's part of it. */
#include "lib/creation.h"

#include "base/err.h"
#include "base/str.h"
#include "lib/timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int hk_creation_open_trace(struct hk_creation *c, struct hk_err *err)
{
	if (!c->timeline)
		return 0;
	return hk_trace_memory_make(c->prepared.plan, &c->trace, &c->slots[HK_SLOT_TRACE], err);
}

/* Where all went well nothing is left undone: the answer to `ready`, and the program, came in
 * between the last note and now. */
static void finish(struct hk_timeline *timeline)
{
	for (size_t i = 0; i < timeline->count; i++)
		timeline->events[i].unfinished = false;
}

/* As hako_error_message has it. */
static void note_error(struct hako_timeline *timeline, const struct hk_err *error)
{
	bool has_reason = error->flags & HK_ERR_ERRNO_TEXT;
	char message[896], reason[96];

	(void)snprintf(timeline->error, sizeof(timeline->error), "%s%s%s",
		hk_printable(error->message, message, sizeof(message)), has_reason ? ": " : "",
		has_reason ? hk_errno_text(error->code, reason, sizeof(reason)) : "");
}

void hk_creation_close_timeline(struct hk_creation *c, int r, const struct hk_err *error)
{
	struct hako_timeline *timeline = c->prepared.options.timeline;

	if (!timeline)
		return;
	timeline->timeline.pids[HK_TIMELINE_RUNTIME] = getpid();
	timeline->timeline.pids[HK_TIMELINE_INIT] = c->state.init_pid;
	free(timeline->id);
	timeline->id = strdup(c->id); /* NULL: it goes without */
	if (r < 0 && error)
		note_error(timeline, error);
	if (c->spawned)
		hk_trace_memory_collect(&c->trace, c->prepared.plan,
			c->run ? HK_STEP_EXEC : HK_STEP_READY, c->spawn_time, c->timeline);
	hk_trace_memory_done(&c->trace);
	if (r == 0)
		finish(c->timeline);
}
