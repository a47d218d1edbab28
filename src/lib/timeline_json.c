/* A timeline in the Trace Event Format:
 * https://www.chromium.org/developers/how-tos/trace-event-profiling-tool */
#include "lib/timeline.h"

#include "base/str.h"
#include "json/json.h"

#include <hako/runtime.h>

#include <errno.h>
#include <stdlib.h>

static const char *const categories[] = {
	[HK_TIMELINE_RUNTIME] = "runtime",
	[HK_TIMELINE_INIT] = "init",
};

/* Perfetto groups by process, and wants a thread in it. */
static void write_name(struct hk_writer *w, pid_t pid, const char *kind, const char *name)
{
	hk_write_object_begin(w, NULL);
	hk_write_string(w, "ph", "M");
	hk_write_i64(w, "pid", pid);
	hk_write_i64(w, "tid", pid);
	hk_write_string(w, "name", kind);
	hk_write_object_begin(w, "args");
	hk_write_string(w, "name", name);
	hk_write_object_end(w);
	hk_write_object_end(w);
}

static void write_names(struct hk_writer *w, const struct hk_timeline *timeline)
{
	static const char *const processes[] = {
		[HK_TIMELINE_RUNTIME] = "hako",
		[HK_TIMELINE_INIT] = "the container's first process",
	};
	static const char *const threads[] = {
		[HK_TIMELINE_RUNTIME] = "runtime",
		[HK_TIMELINE_INIT] = "init stage",
	};

	for (int side = 0; side < HK_TIMELINE_SIDE_COUNT; side++) {
		if (!timeline->pids[side])
			continue;
		write_name(w, timeline->pids[side], "process_name", processes[side]);
		write_name(w, timeline->pids[side], "thread_name", threads[side]);
	}
}

static void write_arguments(struct hk_writer *w, const struct hk_timeline_event *event)
{
	hk_write_object_begin(w, "args");
	if (event->property[0])
		hk_write_string(w, "property", event->property);
	if (event->detail[0])
		hk_write_string(w, "detail", event->detail);
	if (event->failed)
		hk_write_bool(w, "failed", true);
	if (event->unfinished)
		hk_write_bool(w, "unfinished", true);
	hk_write_object_end(w);
}

/* Both ends are rounded, not the duration: what lies in another one still does. */
static void write_event(struct hk_writer *w, const struct hk_timeline *timeline, uint64_t zero,
	const struct hk_timeline_event *event)
{
	pid_t pid = timeline->pids[event->side];

	hk_write_object_begin(w, NULL);
	hk_write_string(w, "ph", "X");
	hk_write_i64(w, "pid", pid);
	hk_write_i64(w, "tid", pid);
	hk_write_string(w, "name", event->name);
	hk_write_string(w, "cat", event->waits ? "wait" : categories[event->side]);
	hk_write_thousandths(w, "ts", event->start - zero);
	hk_write_thousandths(w, "dur", event->end - event->start);
	write_arguments(w, event);
	hk_write_object_end(w);
}

static void write_about(struct hk_writer *w, const struct hako_timeline *timeline)
{
	hk_write_object_begin(w, "otherData");
	hk_write_string(w, "hako", hako_version());
	if (timeline->id)
		hk_write_string(w, "container", timeline->id);
	if (timeline->error[0])
		hk_write_string(w, "error", timeline->error);
	hk_write_object_end(w);
}

int hk_timeline_write_json(const struct hako_timeline *timeline, struct hk_strbuf *out)
{
	const struct hk_timeline *t = &timeline->timeline;
	const struct hk_timeline_event **events = hk_timeline_sorted(t);
	struct hk_writer w;

	if (!events)
		return -ENOMEM;
	hk_writer_init(&w, out, " ");
	hk_write_object_begin(&w, NULL);
	hk_write_string(&w, "displayTimeUnit", "ms");
	write_about(&w, timeline);
	hk_write_array_begin(&w, "traceEvents");
	write_names(&w, t);
	for (size_t i = 0; i < t->count; i++)
		write_event(&w, t, events[0]->start, events[i]);
	hk_write_array_end(&w);
	hk_write_object_end(&w);
	hk_strbuf_putc(out, '\n');
	free(events);
	return 0;
}
