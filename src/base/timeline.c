/* Noting what happens when. */
#include "base/timeline.h"

#include "base/clock.h"

#include <stdlib.h>

uint64_t hk_timeline_now(struct hk_timeline *t)
{
	uint64_t now = hk_clock_now();

	if (now > t->latest)
		t->latest = now;
	return t->latest;
}

static bool make_room(struct hk_timeline *t)
{
	size_t room = t->room ? 2 * t->room : 64;
	struct hk_timeline_event *events;

	if (t->count < t->room)
		return true;
	events = reallocarray(t->events, room, sizeof(*events));
	if (!events)
		return false;
	t->events = events;
	t->room = room;
	return true;
}

static const char *keep(struct hk_timeline *t, const char *text)
{
	const char *copy = text && text[0] ? hk_arena_strdup(&t->arena, text) : "";

	if (!copy)
		t->failed = true;
	return copy ? copy : "";
}

void hk_timeline_add(struct hk_timeline *t, const struct hk_timeline_event *event)
{
	struct hk_timeline_event *copy;

	if (!t)
		return;
	if (!make_room(t)) {
		t->failed = true;
		return;
	}
	copy = &t->events[t->count++];
	*copy = *event;
	copy->name = keep(t, event->name);
	copy->property = keep(t, event->property);
	copy->detail = keep(t, event->detail);
}

static void begin(struct hk_timeline *t, const char *name, bool waits)
{
	struct hk_timeline_event event = {.name = name, .waits = waits, .unfinished = true};
	size_t index;

	if (!t)
		return;
	event.depth = t->depth;
	event.start = event.end = hk_timeline_now(t);
	index = t->count;
	hk_timeline_add(t, &event);
	if (t->depth < HK_TIMELINE_DEPTH)
		t->open[t->depth] = index;
	t->depth++;
}

void hk_timeline_begin(struct hk_timeline *t, const char *name)
{
	begin(t, name, false);
}

void hk_timeline_wait(struct hk_timeline *t, const char *name)
{
	begin(t, name, true);
}

/* The innermost step that is open; NULL where memory ran out for it. */
static struct hk_timeline_event *innermost(struct hk_timeline *t)
{
	if (!t || t->depth == 0 || t->depth > HK_TIMELINE_DEPTH ||
		t->open[t->depth - 1] >= t->count)
		return NULL;
	return &t->events[t->open[t->depth - 1]];
}

void hk_timeline_end(struct hk_timeline *t, int r)
{
	struct hk_timeline_event *event = innermost(t);

	if (event) {
		event->end = hk_timeline_now(t);
		event->unfinished = false;
		event->failed = r < 0;
	}
	if (t && t->depth)
		t->depth--;
}

void hk_timeline_property(struct hk_timeline *t, const char *property)
{
	struct hk_timeline_event *event = innermost(t);

	if (event)
		event->property = keep(t, property);
}

/* Of two that begin at the same time the one that the other lies in comes first; then as they were
 * noted, which is their place in the array. */
static int compare(const void *a, const void *b)
{
	const struct hk_timeline_event *x = *(const struct hk_timeline_event *const *)a;
	const struct hk_timeline_event *y = *(const struct hk_timeline_event *const *)b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->side != y->side)
		return x->side < y->side ? -1 : 1;
	return x < y ? -1 : x > y;
}

const struct hk_timeline_event **hk_timeline_sorted(const struct hk_timeline *timeline)
{
	const struct hk_timeline_event **sorted = calloc(timeline->count + 1, sizeof(*sorted));

	if (!sorted)
		return NULL;
	for (size_t i = 0; i < timeline->count; i++)
		sorted[i] = &timeline->events[i];
	qsort(sorted, timeline->count, sizeof(*sorted), compare);
	return sorted;
}

void hk_timeline_done(struct hk_timeline *t)
{
	free(t->events);
	hk_arena_done(&t->arena);
}
