/* What creating a container would do, without doing it. */
#ifndef HAKO_PLAN_H
#define HAKO_PLAN_H

#include <hako/container.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The plan that hako_create would run, as text, one step a line with the property that it comes
 * from. Nothing is made and no privilege is needed. Heap string, the caller frees. */
HAKO_API int hako_explain(hako_runtime *runtime, const char *id,
	const struct hako_create_options *options, char **ret, hako_error **err);

#ifdef __cplusplus
}
#endif

#endif
