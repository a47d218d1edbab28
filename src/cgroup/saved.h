/* What cgroup files held before they were written. */
#ifndef HK_CGROUP_SAVED_H
#define HK_CGROUP_SAVED_H

#include "cgroup/group.h"

struct hk_cgroup_saved;

/* Read the files that the limits are to be written to. *ret is allocated in arena. -ENOMEM; a file
 * that cannot be read is left out. */
int hk_cgroup_save(struct hk_cgroup *cgroup, const struct hk_cgroup_limits *limits,
	struct hk_arena *arena, struct hk_cgroup_saved **ret);

/* Write it back, newest first. Best effort. */
void hk_cgroup_restore(const struct hk_cgroup_saved *saved);

/* What has to be written to a file that holds text, to undo the writing of value. In arena; NULL
 * where nothing can, or memory is out. Pure. */
const char *hk_cgroup_old_value(
	const char *file, const char *text, const char *value, struct hk_arena *arena);

#endif
