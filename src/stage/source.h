/* Sources of bind mounts that the init stage asks the runtime for: private to stage/. */
#ifndef HK_STAGE_SOURCE_H
#define HK_STAGE_SOURCE_H

#include "stage/stage.h"

/* The user namespaces that were made for id-mapped mounts, one for each mapping. Zero-initialise.
 */
struct hk_sources {
	struct hk_mapped_ns *first;
};

/* The source of the plan's bind step `index`: a detached mount, or tree, id-mapped where the step
 * wants it. What propagates to it is what would if the init stage had copied it. fd, or a negative
 * errno with err and its property set. */
int hk_source_open(struct hk_sources *sources, const struct hk_stage_options *options,
	uint32_t index, struct hk_err *err);
void hk_sources_done(struct hk_sources *sources);

#endif
