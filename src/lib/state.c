/* hako_state: what a container is and does. */
#include "lib/container.h"
#include "lib/errors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool copy(struct hk_arena *arena, const char *s, const char **ret)
{
	*ret = hk_arena_strdup(arena, s ? s : "");
	return *ret;
}

static bool copy_annotations(
	struct hk_arena *arena, const struct hk_pairs *pairs, struct hako_state *ret)
{
	struct hako_annotation *annotations =
		hk_arena_array(arena, pairs->count + 1, sizeof(*annotations));

	for (size_t i = 0; annotations && i < pairs->count; i++)
		if (!copy(arena, pairs->items[i].key, &annotations[i].key) ||
			!copy(arena, pairs->items[i].value, &annotations[i].value))
			return false;
	ret->annotations = annotations;
	ret->annotation_count = pairs->count;
	return annotations;
}

int hk_state_show(const struct hk_state *state, enum hako_status status, struct hk_arena *arena,
	struct hako_state *ret, struct hk_err *err)
{
	struct hako_state shown = {.status = status, .owner_uid = state->owner};

	shown.owner = hk_owner_name(state->owner, arena);
	if (!shown.owner || !copy(arena, state->id, &shown.id) ||
		!copy(arena, state->bundle, &shown.bundle) ||
		!copy(arena, state->rootfs, &shown.rootfs) ||
		!copy(arena, state->created, &shown.created) ||
		!copy_annotations(arena, &state->annotations, &shown))
		return hk_fail(err, ENOMEM, "read the state of container '%s'", state->id);
	if (status != HAKO_STOPPED)
		shown.pid = state->init_pid;
	*ret = shown;
	return 0;
}

static int show(const struct hk_loaded *loaded, struct hako_state *ret, struct hk_err *err)
{
	struct hk_arena *arena = calloc(1, sizeof(*arena));
	int r;

	if (!arena)
		return hk_fail(err, ENOMEM, "read a container's state");
	r = hk_state_show(&loaded->state, hk_loaded_status(loaded), arena, ret, err);
	if (r == 0) {
		ret->internal = arena;
		return 0;
	}
	hk_arena_done(arena);
	free(arena);
	return r;
}

int hako_state(hako_container *container, struct hako_state *ret, hako_error **err)
{
	HK_LOADED loaded = HK_LOADED_INIT;
	struct hk_err e = {0};
	int r;

	r = hk_container_load(container->root, container->id, false, &loaded, &e);
	if (r == 0)
		r = show(&loaded, ret, &e);
	return hk_give(r, &e, err);
}

void hako_state_done(struct hako_state *state)
{
	if (!state->internal)
		return;
	hk_arena_done(state->internal);
	free(state->internal);
	memset(state, 0, sizeof(*state));
}
