/* The end of a call that a timeline is about: the init stage's part of it, and how it ended. */
#include "lib/timeline.h"

#include "base/err.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

void hk_timeline_close(struct hako_timeline *timeline, const char *id,
	const struct hk_traced *traced, int r, const struct hk_err *error)
{
	if (!timeline)
		return;
	timeline->timeline.pids[HK_TIMELINE_RUNTIME] = getpid();
	timeline->timeline.pids[HK_TIMELINE_INIT] = traced->pid;
	free(timeline->id);
	timeline->id = strdup(id); /* NULL: it goes without */
	if (r < 0 && error)
		note_error(timeline, error);
	if (traced->plan)
		hk_trace_memory_collect(traced->memory, traced->plan, traced->last,
			traced->spawn_time, &timeline->timeline);
	if (r == 0)
		finish(&timeline->timeline);
}
