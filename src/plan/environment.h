/* The environment of the container's process. Pure. */
#ifndef HK_PLAN_ENVIRONMENT_H
#define HK_PLAN_ENVIRONMENT_H

#include "base/mem.h"
#include "json/values.h"

/* The last of equal names counts, an empty HOME counts as none, extra (each "NAME=value",
 * NULL-terminated) wins over env. In arena; NULL when memory is out. */
const char **hk_environment(const struct hk_strings *env, const char *const *extra,
	struct hk_arena *arena, size_t *ret_count);

/* The value of name, or NULL. */
const char *hk_environment_get(const char *const *env, size_t count, const char *name);

#endif
