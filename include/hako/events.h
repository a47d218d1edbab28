/* What a container uses, and what happens to it. */
#ifndef HAKO_EVENTS_H
#define HAKO_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include <hako/container.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the container's cgroup has counted, now: one line of JSON by schema/events.schema.json, without a
 * newline, {"type":"stats","id":...,"data":{...}} as runc prints it. Heap string, the caller frees.
 * ESRCH "container with id ... is not running" for a stopped one. */
HAKO_API int hako_stats_json(hako_container *container, char **ret, hako_error **err);

typedef struct hako_events hako_events;

/* Sized as hako_runtime_options. */
struct hako_events_options {
	size_t size;
	uint64_t interval; /* nanoseconds between two samples; 0: none, only what happens */
};

/* Listen to a container. *ret is the caller's, freed by hako_events_free; its container must outlive
 * it. options NULL: no samples. ESRCH as above. */
HAKO_API int hako_events_open(hako_container *container, const struct hako_events_options *options,
	hako_events **ret, hako_error **err);
HAKO_API void hako_events_free(hako_events *events); /* NULL is accepted */

/* For poll: readable when hako_events_next may have something. Stays the events'. */
HAKO_API int hako_events_fd(const hako_events *events);

/* The next event, without waiting. 1: *ret is a line of JSON as above, of type "stats" or "oom", which
 * the caller frees. 0: *ret is NULL, there is none now. -ENODATA, without an error: there will be none
 * any more, for the container has ended. */
HAKO_API int hako_events_next(hako_events *events, char **ret, hako_error **err);

#ifdef __cplusplus
}
#endif

#endif
