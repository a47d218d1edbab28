/* What the options of hako_update ask for. */
#ifndef HK_LIB_CHANGE_H
#define HK_LIB_CHANGE_H

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "spec/spec.h"

#include <hako/update.h>

struct hk_change {
	struct hako_update_options options;
	struct hk_arena arena;
	struct hk_resources resources;
	struct hk_intel_rdt rdt; /* l3CacheSchema and memBwSchema alone */
};

/* Zero-initialise. Errors are complete. */
int hk_change_read(struct hk_change *change, const struct hako_update_options *options,
	const struct hk_log *log, struct hk_err *err);
void hk_change_done(struct hk_change *change);

/* An error names a property of config.json: say instead where that stood in the options. */
void hk_change_locate(const struct hk_change *change, struct hk_err *err);

#endif
