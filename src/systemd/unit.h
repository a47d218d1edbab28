/* The unit of systemd's that a container's cgroup is: its names, and where its cgroup is. Pure. */
#ifndef HK_SYSTEMD_UNIT_H
#define HK_SYSTEMD_UNIT_H

#include "base/mem.h"

#include <stdbool.h>

struct hk_err;

/* name NULL: there is none. */
struct hk_unit {
	const char *name;  /* "hako-web.scope" */
	const char *slice; /* that it is in: "system.slice" */
	const char *path;  /* of its cgroup, from the root: "/system.slice/hako-web.scope" */
	bool is_slice;     /* its name says where it is, and systemd puts no process into it */
};

/* By linux.cgroupsPath, "SLICE:PREFIX:NAME": PREFIX-NAME.scope in SLICE, or NAME where that ends with
 * ".slice". SLICE empty: default_slice; cgroups_path NULL or "": hako-ID.scope in it. root is the
 * cgroup of the service manager, "/" for the system's. Strings live in arena. -EINVAL with err at
 * /linux/cgroupsPath for what cannot be a unit's name. */
int hk_unit_decide(const char *cgroups_path, const char *id, const char *default_slice,
	const char *root, struct hk_arena *arena, struct hk_unit *ret, struct hk_err *err);

/* Of a cgroup's path, what is below the unit's: "/container", "" for its own. NULL: it is in no unit
 * of that name. */
const char *hk_unit_below(const char *path, const char *name);

#endif
