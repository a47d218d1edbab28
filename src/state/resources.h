/* linux.resources in state.json. */
#ifndef HK_STATE_RESOURCES_H
#define HK_STATE_RESOURCES_H

#include "spec/spec.h"

struct hk_writer;

/* As runtime-spec writes them, but for device rules. NULL: nothing. */
void hk_state_write_resources(
	struct hk_writer *w, const char *key, const struct hk_resources *resources);

#endif
