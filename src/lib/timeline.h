/* What a hako_timeline is. */
#ifndef HK_LIB_TIMELINE_H
#define HK_LIB_TIMELINE_H

#include "base/timeline.h"
#include "stage/trace.h"

#include <hako/timeline.h>

struct hk_err;
struct hk_strbuf;

struct hako_timeline {
	struct hk_timeline timeline;
	char *id;	  /* the container's; NULL: not known yet */
	char error[1024]; /* why the call failed; "": it did not */
};

/* Its events; NULL for NULL. */
static inline struct hk_timeline *hk_timeline_of(struct hako_timeline *timeline)
{
	return timeline ? &timeline->timeline : NULL;
}

/* What the init stage has noted. */
struct hk_traced {
	const struct hk_trace_memory *memory;
	const struct hk_plan *plan; /* NULL: there was no init stage */
	enum hk_step_kind last;	    /* what it has done behind that is not the call's */
	uint64_t spawn_time;
	pid_t pid;
};

/* The call is over: r and error say how. timeline may be NULL. */
void hk_timeline_close(struct hako_timeline *timeline, const char *id,
	const struct hk_traced *traced, int r, const struct hk_err *error);

/* The two forms, appended. 0 or -ENOMEM. */
int hk_timeline_write_json(const struct hako_timeline *timeline, struct hk_strbuf *out);
int hk_timeline_write_text(const struct hako_timeline *timeline, struct hk_strbuf *out);

#endif
