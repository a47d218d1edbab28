/* What a hako_timeline is. */
#ifndef HK_LIB_TIMELINE_H
#define HK_LIB_TIMELINE_H

#include "base/timeline.h"

#include <hako/timeline.h>

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

/* The two forms, appended. 0 or -ENOMEM. */
int hk_timeline_write_json(const struct hako_timeline *timeline, struct hk_strbuf *out);
int hk_timeline_write_text(const struct hako_timeline *timeline, struct hk_strbuf *out);

#endif
