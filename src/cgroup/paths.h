/* Where a container's cgroup goes: pure. */
#ifndef HK_CGROUP_PATHS_H
#define HK_CGROUP_PATHS_H

#include "cgroup/cgroup.h"

/* The directory for the container in that hierarchy, below its mountpoint and never it itself.
 * Absolute cgroupsPath: from the mountpoint. Relative or none ("ID"): beneath our own cgroup on v1;
 * beside it on v2, where a cgroup that holds processes, as ours does, can hand no controller down.
 * Allocated in arena. err names /linux/cgroupsPath. */
int hk_cgroup_place(struct hk_arena *arena, const struct hk_cgroup_hierarchy *hierarchy,
	const char *cgroups_path, const char *id, const char **ret, struct hk_err *err);

/* Our own cgroup's directory in that hierarchy; NULL when memory is out. */
const char *hk_cgroup_own_place(
	struct hk_arena *arena, const struct hk_cgroup_hierarchy *hierarchy);

/* Absolute, clean, and more than "/": what the state may name. */
bool hk_cgroup_path_is_sane(const char *path);

#endif
