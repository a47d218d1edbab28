/* What creating a container would do, without doing it. */
#ifndef HAKO_PLAN_H
#define HAKO_PLAN_H

#include <hako/container.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What hako_create and hako_start would do: the runtime's steps and those of the init stage in their
 * order, as text, one a line with the JSON pointer of the property that it comes from. Nothing is
 * made and no privilege is needed: a bundle without a user namespace is explained as root would run
 * it, and one with a terminal as if there were a console socket. Heap string, the caller frees. */
HAKO_API int hako_explain(hako_runtime *runtime, const char *id,
	const struct hako_create_options *options, char **ret, hako_error **err);
/* The same as JSON, by schema/plan.schema.json. */
HAKO_API int hako_explain_json(hako_runtime *runtime, const char *id,
	const struct hako_create_options *options, char **ret, hako_error **err);

#ifdef __cplusplus
}
#endif

#endif
