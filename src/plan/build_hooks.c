/* Hooks that the init stage runs: createContainer and startContainer. */
#include "plan/builder.h"

#include "base/err.h"
#include "plan/hook_state.h"

#include <errno.h>

/* A hook that brings no environment gets that of the container's process. */
static void add_hook(struct hk_builder *b, enum hk_hook_point point, size_t i, hk_ref_str before,
	hk_ref_str after)
{
	const struct hk_hook *hook = &b->spec->hooks.at[point].items[i];
	const struct hk_strings *env = hook->has_env ? &hook->env : &b->spec->process->env;
	const char *const *argv = hook->args.count ? hook->args.items : &hook->path;
	size_t argc = hook->args.count ? hook->args.count : 1;

	HK_STEP(&b->blob, HOOK, hook, HK_PROPERTY(b, "/hooks/%s/%zu", hk_hook_names[point], i),
		.name = hk_blob_str(&b->blob, hk_hook_names[point]), .index = (uint32_t)i,
		.path = hk_blob_str(&b->blob, hook->path),
		.args = hk_blob_strs(&b->blob, argv, argc),
		.env = hk_blob_strs(&b->blob, env->items, env->count),
		.timeout = hook->has_timeout ? hook->timeout : 0, .state_before = before,
		.state_after = after, .out_file = hk_blob_str(&b->blob, b->annotated.hooks_stdout),
		.err_file = hk_blob_str(&b->blob, b->annotated.hooks_stderr));
}

int hk_build_hooks(struct hk_builder *b, enum hk_hook_point point, const char *status)
{
	const struct hk_hook_list *hooks = &b->spec->hooks.at[point];
	struct hk_hook_state state = {b->options->id, b->options->bundle, &b->spec->annotations};
	HK_FREE char *before = NULL;
	HK_FREE char *after = NULL;
	hk_ref_str ref_before, ref_after;

	if (!hooks->count)
		return 0;
	if (hk_hook_state_split(&state, status, &before, &after) < 0)
		return hk_fail(
			b->err, ENOMEM, "write the state for %s hooks", hk_hook_names[point]);
	ref_before = hk_blob_str(&b->blob, before);
	ref_after = hk_blob_str(&b->blob, after);
	for (size_t i = 0; i < hooks->count; i++)
		add_hook(b, point, i, ref_before, ref_after);
	return 0;
}
