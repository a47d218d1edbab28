/* A chart of a container's start-up: which step, by the runtime or by the init stage, when, and
 * which property of config.json wants it. */
#ifndef HAKO_TIMELINE_H
#define HAKO_TIMELINE_H

#include <hako/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Given to hako_create, hako_run or hako_exec in their options; one call's alone, and used by one thread at a
 * time. It covers the call: with hako_create it ends where the container is created, with the
 * others where the program has been executed (and poststart hooks are done). After a failure it has what
 * happened until then, and which step failed. */
typedef struct hako_timeline hako_timeline;

/* *ret is the caller's, freed by hako_timeline_free. Errors: ENOMEM. */
HAKO_API int hako_timeline_new(hako_timeline **ret, hako_error **err);
HAKO_API void hako_timeline_free(hako_timeline *timeline); /* NULL is accepted */

/* The caller's own work, around or before the call; such pairs may lie in each other. status:
 * negative where the work failed. NULL is accepted: nothing is noted. */
HAKO_API void hako_timeline_begin(hako_timeline *timeline, const char *name);
HAKO_API void hako_timeline_end(hako_timeline *timeline, int status);

/* The Trace Event Format that Perfetto and chrome://tracing open, by schema/timeline.schema.json:
 * one complete event ("ph": "X") for each step, ts and dur in microseconds. The arguments of steps
 * are in it, but not the environment of programs. Heap string, the caller frees. Errors: ENOMEM. */
HAKO_API int hako_timeline_json(const hako_timeline *timeline, char **ret, hako_error **err);
/* The same for a terminal of 100 columns, one step a line. */
HAKO_API int hako_timeline_text(const hako_timeline *timeline, char **ret, hako_error **err);

#ifdef __cplusplus
}
#endif

#endif
