/* The builder: what the other builder files share, and the members of no object of their own. */
#include "lib/spec.h"

#include <errno.h>
#include <string.h>

void *hk_builder_grow(struct hako_spec *handle, void *items, size_t count, size_t item_size)
{
	/* A built array's capacity is the next power of two; a parsed one is always full. */
	bool full = handle->parsed || (count & (count - 1)) == 0;
	size_t cap = handle->parsed ? count + 1 : count * 2;
	void *moved;

	if (!full)
		return items;
	moved = hk_arena_array(&handle->spec.arena, cap ? cap : 1, item_size);
	if (moved && count)
		memcpy(moved, items, count * item_size);
	return moved;
}

bool hk_builder_copy(struct hako_spec *handle, const char *s, const char **ret)
{
	const char *copy = s ? hk_arena_strdup(&handle->spec.arena, s) : NULL;

	if (s && !copy)
		return false;
	*ret = copy;
	return true;
}

bool hk_builder_append(struct hako_spec *handle, struct hk_strings *list, const char *s)
{
	const char **items =
		hk_builder_grow(handle, list->items, list->count, sizeof(*list->items));

	if (!items)
		return false;
	list->items = items;
	if (!hk_builder_copy(handle, s, &items[list->count]))
		return false;
	list->count++;
	return true;
}

bool hk_builder_pair(
	struct hako_spec *handle, struct hk_pairs *pairs, const char *key, const char *value)
{
	struct hk_pair *items =
		hk_builder_grow(handle, pairs->items, pairs->count, sizeof(*pairs->items));
	struct hk_pair *pair;

	if (!items)
		return false;
	pairs->items = items;
	pair = &items[pairs->count];
	if (!hk_builder_copy(handle, key, &pair->key) ||
		!hk_builder_copy(handle, value, &pair->value))
		return false;
	pairs->count++;
	return true;
}

int hk_builder_no_memory(struct hako_spec *handle)
{
	return hk_fail(&handle->err, ENOMEM, "build a specification");
}

static int done(struct hako_spec *handle, bool ok)
{
	return ok ? 0 : hk_builder_no_memory(handle);
}

int hako_spec_set_root(hako_spec *spec, const char *path, bool readonly)
{
	struct hk_root *root;

	if (spec->err.code)
		return -spec->err.code;
	root = hk_arena_alloc(&spec->spec.arena, sizeof(*root));
	if (!root || !hk_builder_copy(spec, path, &root->path))
		return hk_builder_no_memory(spec);
	root->readonly = readonly;
	spec->spec.root = root;
	return 0;
}

int hako_spec_set_hostname(hako_spec *spec, const char *hostname)
{
	if (spec->err.code)
		return -spec->err.code;
	return done(spec, hk_builder_copy(spec, hostname, &spec->spec.hostname));
}

int hako_spec_set_domainname(hako_spec *spec, const char *domainname)
{
	if (spec->err.code)
		return -spec->err.code;
	return done(spec, hk_builder_copy(spec, domainname, &spec->spec.domainname));
}

/* "a,b,c" as the strings between the commas; empty ones are left out. */
static bool split_options(struct hako_spec *handle, const char *options, struct hk_strings *ret)
{
	char *copy = options ? hk_arena_strdup(&handle->spec.arena, options) : NULL;
	char *rest = NULL;

	if (!options)
		return true;
	if (!copy)
		return false;
	for (char *o = strtok_r(copy, ",", &rest); o; o = strtok_r(NULL, ",", &rest))
		if (!hk_builder_append(handle, ret, o))
			return false;
	return true;
}

int hako_spec_add_mount(hako_spec *spec, const char *destination, const char *type,
	const char *source, const char *options)
{
	struct hk_mount *mounts, *mount;

	if (spec->err.code)
		return -spec->err.code;
	mounts = hk_builder_grow(
		spec, spec->spec.mounts, spec->spec.mount_count, sizeof(*spec->spec.mounts));
	if (!mounts)
		return hk_builder_no_memory(spec);
	spec->spec.mounts = mounts;
	mount = &mounts[spec->spec.mount_count];
	if (!hk_builder_copy(spec, destination, &mount->destination) ||
		!hk_builder_copy(spec, type, &mount->type) ||
		!hk_builder_copy(spec, source, &mount->source) ||
		!split_options(spec, options, &mount->options))
		return hk_builder_no_memory(spec);
	spec->spec.mount_count++;
	return 0;
}

static bool copy_list(struct hako_spec *handle, const char *const list[], struct hk_strings *ret)
{
	for (size_t i = 0; list && list[i]; i++)
		if (!hk_builder_append(handle, ret, list[i]))
			return false;
	return true;
}

static int find_hook_point(struct hako_spec *handle, const char *point)
{
	for (int i = 0; i < HK_HOOK_POINT_COUNT; i++)
		if (strcmp(hk_hook_names[i], point) == 0)
			return i;
	return hk_refuse(&handle->err, EINVAL, "unknown hook point '%s'", point);
}

int hako_spec_add_hook(hako_spec *spec, const char *point, const char *path,
	const char *const args[], const char *const env[], int timeout)
{
	struct hk_hook_list *list;
	struct hk_hook *items, *hook;
	int at;

	if (spec->err.code)
		return -spec->err.code;
	at = find_hook_point(spec, point);
	if (at < 0)
		return at;
	list = &spec->spec.hooks.at[at];
	items = hk_builder_grow(spec, list->items, list->count, sizeof(*items));
	if (!items)
		return hk_builder_no_memory(spec);
	list->items = items;
	hook = &items[list->count];
	if (!hk_builder_copy(spec, path, &hook->path) || !copy_list(spec, args, &hook->args) ||
		!copy_list(spec, env, &hook->env))
		return hk_builder_no_memory(spec);
	hook->has_env = env != NULL;
	hook->has_timeout = timeout != 0;
	hook->timeout = timeout;
	list->count++;
	return 0;
}

int hako_spec_add_annotation(hako_spec *spec, const char *key, const char *value)
{
	if (spec->err.code)
		return -spec->err.code;
	return done(spec, hk_builder_pair(spec, &spec->spec.annotations, key, value));
}
