/* The CPUs that the init stage is born on: private to stage/. */
#ifndef HK_STAGE_AFFINITY_H
#define HK_STAGE_AFFINITY_H

#include "base/idlist.h"

#include <stdbool.h>

struct hk_err;

/* Those of the calling thread, to be restored. Zero-initialise. */
struct hk_affinity {
	bool changed;
	unsigned char saved[HK_CPU_LIMIT / 8];
};

/* From here on the thread, and what it clones, runs on the CPUs of the list. NULL: nothing changes. */
int hk_affinity_set(const char *cpus, struct hk_affinity *ret, struct hk_err *err);
void hk_affinity_restore(const struct hk_affinity *affinity);

#endif
