/* The environment of the container's process. */
#include "plan/environment.h"

#include "plan/dedup.h"

#include <string.h>

const char **hk_environment(const struct hk_strings *env, const char *const *extra,
	struct hk_arena *arena, size_t *ret_count)
{
	size_t extra_count = 0, total, count = 0;
	const char **items;
	bool *keep;

	while (extra[extra_count])
		extra_count++;
	total = env->count + extra_count;
	items = hk_arena_array(arena, total, sizeof(*items));
	if (!items)
		return NULL;
	for (size_t i = 0; i < total; i++)
		items[i] = i < env->count ? env->items[i] : extra[i - env->count];
	keep = hk_keep_last(items, total, hk_variable_name, arena);
	if (!keep)
		return NULL;
	for (size_t i = 0; i < total; i++) {
		if (keep[i] && strcmp(items[i], "HOME=") != 0)
			items[count++] = items[i];
	}
	*ret_count = count;
	return items;
}

const char *hk_environment_get(const char *const *env, size_t count, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < count; i++) {
		if (strncmp(env[i], name, len) == 0 && env[i][len] == '=')
			return env[i] + len + 1;
	}
	return NULL;
}
