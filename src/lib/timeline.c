/* hako_timeline: the public side of it. */
#include "lib/timeline.h"

#include "base/str.h"
#include "lib/errors.h"

#include <errno.h>
#include <stdlib.h>

int hako_timeline_new(hako_timeline **ret, hako_error **err)
{
	struct hako_timeline *timeline = calloc(1, sizeof(*timeline));
	struct hk_err e = {0};

	if (!timeline)
		return hk_give(hk_fail(&e, ENOMEM, "make a timeline"), &e, err);
	*ret = timeline;
	return 0;
}

void hako_timeline_free(hako_timeline *timeline)
{
	if (!timeline)
		return;
	hk_timeline_done(&timeline->timeline);
	free(timeline->id);
	free(timeline);
}

void hako_timeline_begin(hako_timeline *timeline, const char *name)
{
	hk_timeline_begin(hk_timeline_of(timeline), name);
}

void hako_timeline_end(hako_timeline *timeline, int status)
{
	hk_timeline_end(hk_timeline_of(timeline), status);
}

typedef int write_fn(const struct hako_timeline *timeline, struct hk_strbuf *out);

static int give(const struct hako_timeline *timeline, write_fn *write, char **ret, hako_error **err)
{
	struct hk_strbuf out = {0};
	struct hk_err e = {0};
	int r = timeline->timeline.failed ? -ENOMEM : write(timeline, &out);
	char *text = hk_strbuf_take(&out);

	if (r == 0 && text) {
		*ret = text;
		return 0;
	}
	free(text);
	return hk_give(hk_fail(&e, ENOMEM, "write the timeline"), &e, err);
}

int hako_timeline_json(const hako_timeline *timeline, char **ret, hako_error **err)
{
	return give(timeline, hk_timeline_write_json, ret, err);
}

int hako_timeline_text(const hako_timeline *timeline, char **ret, hako_error **err)
{
	return give(timeline, hk_timeline_write_text, ret, err);
}
