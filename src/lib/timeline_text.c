/* A timeline for a terminal: a step a line, with a bar that shows when it ran. */
#include "lib/timeline.h"

#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Together with the numbers, 98 columns. */
#define NAME	 22
#define PROPERTY 24
#define BAR	 20

#define SHORTEST   1000 /* ns: steps of the runtime that did nothing are left out */
#define MILLIS(ns) ((double)(ns) / 1e6)

struct chart {
	uint64_t zero;
	uint64_t length; /* at least 1 */
};

/* '#' is work, '.' a wait; what is too short for a character still has one. */
static void draw(
	const struct chart *chart, const struct hk_timeline_event *event, char ret[BAR + 1])
{
	size_t from = (size_t)((event->start - chart->zero) * BAR / chart->length);
	size_t to = (size_t)((event->end - chart->zero) * BAR / chart->length);

	if (from >= BAR)
		from = BAR - 1;
	if (to <= from)
		to = from + 1;
	memset(ret, ' ', BAR);
	memset(ret + from, event->waits ? '.' : '#', to - from);
	ret[BAR] = '\0';
}

static bool is_idle(const struct hk_timeline_event *event)
{
	return event->side == HK_TIMELINE_RUNTIME && event->end - event->start < SHORTEST &&
	       !event->failed && !event->unfinished && !event->property[0];
}

/* Only the end of a long pointer tells it from others. */
static const char *shorten(const char *pointer, char ret[PROPERTY + 1])
{
	size_t len = strlen(pointer);

	if (len <= PROPERTY)
		return pointer;
	(void)snprintf(ret, PROPERTY + 1, "..%s", pointer + len - (PROPERTY - 2));
	return ret;
}

static void put_event(
	struct hk_strbuf *out, const struct chart *chart, const struct hk_timeline_event *event)
{
	const char *side = event->side == HK_TIMELINE_INIT ? "init" : "runtime";
	const char *mark = event->failed ? "FAILED " : event->unfinished ? "unfinished " : "";
	char bar[BAR + 1], name[64], property[200], shortened[PROPERTY + 1];

	draw(chart, event, bar);
	(void)snprintf(name, sizeof(name), "%*s%s%s", (int)event->depth, "", mark, event->name);
	hk_printable(event->property, property, sizeof(property));
	hk_strbuf_printf(out, "%9.3f %8.3f  %-7s %-*.*s %-*s |%s|\n",
		MILLIS(event->start - chart->zero), MILLIS(event->end - event->start), side, NAME,
		NAME, name, PROPERTY, shorten(property, shortened), bar);
}

int hk_timeline_write_text(const struct hako_timeline *timeline, struct hk_strbuf *out)
{
	const struct hk_timeline *t = &timeline->timeline;
	const struct hk_timeline_event **events = hk_timeline_sorted(t);
	struct chart chart = {.length = 1};

	if (!events)
		return -ENOMEM;
	chart.zero = t->count ? events[0]->start : 0;
	for (size_t i = 0; i < t->count; i++)
		if (events[i]->end - chart.zero > chart.length)
			chart.length = events[i]->end - chart.zero;
	hk_strbuf_printf(out, " start ms       ms  process %-*s %-*s  0%*.3f ms\n", NAME, "step",
		PROPERTY, "property", BAR - 4, MILLIS(chart.length));
	for (size_t i = 0; i < t->count; i++)
		if (!is_idle(events[i]))
			put_event(out, &chart, events[i]);
	if (timeline->error[0])
		hk_strbuf_printf(out, "failed: %s\n", timeline->error);
	free(events);
	return 0;
}
