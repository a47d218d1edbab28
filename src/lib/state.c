/* hako_state: what a container is and does. */
#include "lib/container.h"
#include "lib/errors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Moves the loaded state's arena into *ret: the strings live on there. */
static int fill(struct hk_loaded *loaded, struct hako_state *ret, struct hk_err *err)
{
	struct hk_state *state = &loaded->state;
	struct hako_annotation *annotations;
	struct hk_arena *arena;
	const char *owner;

	owner = hk_owner_name(state->owner, &state->arena);
	annotations =
		hk_arena_array(&state->arena, state->annotations.count + 1, sizeof(*annotations));
	arena = malloc(sizeof(*arena));
	if (!owner || !annotations || !arena) {
		free(arena);
		return hk_fail(err, ENOMEM, "read the state of container '%s'", state->id);
	}
	for (size_t i = 0; i < state->annotations.count; i++) {
		annotations[i].key = state->annotations.items[i].key;
		annotations[i].value = state->annotations.items[i].value;
	}
	*ret = (struct hako_state){
		.id = state->id,
		.status = hk_loaded_status(loaded),
		.bundle = state->bundle,
		.rootfs = state->rootfs,
		.created = state->created ? state->created : "",
		.owner_uid = state->owner,
		.owner = owner,
		.annotations = annotations,
		.annotation_count = state->annotations.count,
		.internal = arena,
	};
	if (ret->status != HAKO_STOPPED)
		ret->pid = state->init_pid;
	*arena = state->arena;
	state->arena = (struct hk_arena){0};
	return 0;
}

int hako_state(hako_container *container, struct hako_state *ret, hako_error **err)
{
	HK_LOADED loaded = HK_LOADED_INIT;
	struct hk_err e = {0};
	int r;

	r = hk_container_load(container->root, container->id, false, &loaded, &e);
	if (r == 0)
		r = fill(&loaded, ret, &e);
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
