/* What the runtime did when: events that lie in each other, for a chart of a container's start-up.
 * Every function takes a NULL timeline, for which nothing is noted and no clock is read. */
#ifndef HK_BASE_TIMELINE_H
#define HK_BASE_TIMELINE_H

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum hk_timeline_side { HK_TIMELINE_RUNTIME, HK_TIMELINE_INIT, HK_TIMELINE_SIDE_COUNT };

#define HK_TIMELINE_DEPTH 16

/* Strings live in the timeline; property and detail are "" where there is none. */
struct hk_timeline_event {
	enum hk_timeline_side side;
	unsigned int depth;   /* how many events of its side it lies in */
	const char *name;     /* of the step */
	const char *property; /* JSON pointer of the config.json property */
	const char *detail;
	bool waits;	 /* for the other side */
	bool unfinished; /* it had no end when all was over */
	bool failed;
	uint64_t start; /* hk_clock_now */
	uint64_t end;
};

/* Zero-initialise. */
struct hk_timeline {
	struct hk_arena arena;
	struct hk_timeline_event *events; /* each side's in the order of their beginnings */
	size_t count;
	size_t room;
	size_t open[HK_TIMELINE_DEPTH]; /* events of the runtime that have no end yet */
	unsigned int depth;
	uint64_t latest;
	pid_t pids[HK_TIMELINE_SIDE_COUNT]; /* 0: that side was never there */
	bool failed;			    /* memory ran out */
};

/* The time, never before one that was given already. */
uint64_t hk_timeline_now(struct hk_timeline *timeline);

/* A step of the runtime begins, within the one that is open; ends. r: negative where it has failed.
 * Strings are copied. */
void hk_timeline_begin(struct hk_timeline *timeline, const char *name);
void hk_timeline_wait(struct hk_timeline *timeline, const char *name);
void hk_timeline_end(struct hk_timeline *timeline, int r);
/* Which property the open step comes from. */
void hk_timeline_property(struct hk_timeline *timeline, const char *property);

/* An event that is over; its strings are copied. */
void hk_timeline_add(struct hk_timeline *timeline, const struct hk_timeline_event *event);
/* What begins first comes first, what lies in it behind it. A heap array, or NULL. */
const struct hk_timeline_event **hk_timeline_sorted(const struct hk_timeline *timeline);
void hk_timeline_done(struct hk_timeline *timeline);

#endif
