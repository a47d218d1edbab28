/* Changing the limits of a container that exists. */
#ifndef HAKO_UPDATE_H
#define HAKO_UPDATE_H

#include <stddef.h>

#include <hako/container.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One limit, by the name of its flag of `hako update`: "memory", "memory-reservation" and "memory-swap"
 * (a size like "64m", or "-1" for no limit); "cpu-period", "cpu-quota", "cpu-burst", "cpu-share",
 * "cpu-rt-period", "cpu-rt-runtime", "cpu-idle", "blkio-weight" and "pids-limit" (a number);
 * "cpuset-cpus" and "cpuset-mems" ("0-3,7"); "l3-cache-schema" and "mem-bw-schema" (a line of a resctrl
 * schemata file); "kernel-memory" and "kernel-memory-tcp", which are ignored with a warning. A value
 * that is NULL or empty says nothing. */
struct hako_setting {
	const char *name;
	const char *value;
};

/* Sized as hako_runtime_options. */
struct hako_update_options {
	size_t size;
	const char *resources;	    /* a linux.resources object of runtime-spec as JSON, or NULL */
	size_t resources_size;	    /* bytes of it */
	const char *resources_name; /* how errors call it; NULL: "resources" */
	const struct hako_setting *settings; /* on top of the resources */
	size_t setting_count;
};

/* Change what the options name and leave all else as it is: absent or null is no change, and neither is
 * an explicit 0 of a limit for which 0 is no value. A memory limit of -1 lifts that of memory and swap
 * too. A memory limit keeps the sum of memory and swap that was asked for before. Device rules are never
 * touched. All or nothing: where one limit is refused, those that were changed before it are changed
 * back. What is in force is kept in the container's state.
 *
 * Errors: EINVAL for what makes no sense, with the JSON pointer and position in the resources, or with
 * the setting's name in the message; ESRCH "container not running" for a stopped one; what the kernel
 * refuses. */
HAKO_API int hako_update(hako_container *container, const struct hako_update_options *options,
	hako_error **err);

#ifdef __cplusplus
}
#endif

#endif
