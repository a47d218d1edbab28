/* The state document that hooks and listeners read: {ociVersion,id,status,pid,bundle,annotations}.
 * A hook that runs in the container learns its pid only there, so that the text is made in two
 * halves around it. */
#ifndef HK_PLAN_HOOK_STATE_H
#define HK_PLAN_HOOK_STATE_H

#include "json/values.h"

struct hk_hook_state {
	const char *id;
	const char *bundle;
	const struct hk_pairs *annotations; /* NULL: none */
};

/* Compact JSON around the pid: before "123" after. Heap strings, the caller frees both. 0 or
 * -ENOMEM. */
int hk_hook_state_split(
	const struct hk_hook_state *state, const char *status, char **ret_before, char **ret_after);

#endif
