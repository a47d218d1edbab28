/* Hooks that run in the container's namespaces. */
#include "step/mount_point.h"
#include "step/step.h"

#include "base/proc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The state document, our pid put in its place; we know it only here. */
static char *make_state(const struct hk_ctx *ctx, const struct hk_step_hook *args)
{
	const char *before = hk_plan_str(ctx->plan, args->state_before);
	const char *after = hk_plan_str(ctx->plan, args->state_after);
	size_t size = strlen(before ? before : "") + strlen(after ? after : "") + 16;
	char *text = hk_ctx_alloc(size);

	if (text)
		(void)snprintf(text, size, "%s%d%s", before ? before : "", (int)getpid(),
			after ? after : "");
	return text;
}

int hk_step_hook(struct hk_ctx *ctx, const struct hk_step_hook *args, struct hk_err *err)
{
	const char *name = hk_plan_str(ctx->plan, args->name);
	const char *path = hk_plan_str(ctx->plan, args->path);
	const char *out_file = hk_plan_str(ctx->plan, args->out_file);
	const char *err_file = hk_plan_str(ctx->plan, args->err_file);
	const struct hk_child_output output = {
		ctx->slots[HK_SLOT_HOOK_STDOUT], ctx->slots[HK_SLOT_HOOK_STDERR]};
	char **argv = hk_ctx_strings(ctx, args->args);
	char **env = hk_ctx_strings(ctx, args->env);
	char *state = make_state(ctx, args);
	struct hk_child child = {
		.path = path,
		.argv = argv,
		.env = env,
		.input = state,
		.timeout = args->timeout,
		.output = &output,
	};
	struct hk_child_result result;
	char why[640];
	int r;

	if (!name || !path)
		return hk_refuse(err, EINVAL, "a hook without a name or a path");
	if ((out_file && output.out < 0) || (err_file && output.err < 0))
		return hk_refuse(err, EBADF, "the file for the output of hooks did not come along");
	if (!argv || !env || !state)
		return hk_fail(err, ENOMEM, "run %s hook #%u", name, args->index);
	hk_parent_forget(ctx);
	if (!argv[0])
		argv[0] = (char *)path; /* execve's argument type; it does not write */
	r = hk_child_run(&child, &result, err);
	if (r < 0) {
		hk_err_prefix(err, "error running %s hook #%u: ", name, args->index);
		return r;
	}
	if (!result.timed_out && WIFEXITED(result.status) && WEXITSTATUS(result.status) == 0)
		return 0;
	r = hk_refuse(err, result.timed_out ? ETIMEDOUT : EIO, "error running %s hook #%u: %s",
		name, args->index, hk_child_describe(&result, args->timeout, why, sizeof(why)));
	if (out_file || err_file)
		hk_err_hint(err, "see what it wrote to '%s'", err_file ? err_file : out_file);
	return r;
}
