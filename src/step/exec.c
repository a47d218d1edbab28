/* Becoming the user's program. */
#include "step/step.h"

#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

static char **make_env(struct hk_ctx *ctx, hk_ref_strs env)
{
	char **list = hk_ctx_strings(ctx, env);

	if (list && ctx->home[0])
		list[env.count] = ctx->home;
	return list;
}

int hk_step_exec(struct hk_ctx *ctx, const struct hk_step_exec *args, struct hk_err *err)
{
	char **argv = hk_ctx_strings(ctx, args->args);
	char **env = make_env(ctx, args->env);
	const char *program =
		ctx->program[0] ? ctx->program : hk_plan_strs_at(ctx->plan, args->args, 0);
	int r;

	if (!argv || !env)
		return hk_fail(err, ENOMEM, "exec %s", program);
	r = hk_sys_close_range(3 + args->preserve_fds, ~0u, HK_CLOSE_RANGE_CLOEXEC);
	/* A filter that knows no close_range: all that we opened since the first call, before the
	 * filter, is close-on-exec by itself. */
	if (r < 0 && r != -ENOSYS && r != -EPERM)
		return hk_fail(err, -r, "mark file descriptors close-on-exec");
	/* So that it can be told from our being killed before. It takes nobody to hear it. */
	(void)hk_write_full(ctx->slots[HK_SLOT_RESULT], "0", 1);
	if (signal(SIGPIPE, SIG_DFL) == SIG_ERR)
		return hk_fail(err, errno, "restore SIGPIPE");
	(void)execve(program, argv, env);
	r = errno;
	(void)signal(SIGPIPE, SIG_IGN); /* the error goes into a pipe */
	(void)hk_fail(err, r, "exec %s", program);
	if (r == ENOEXEC && ctx->format[0])
		hk_err_hint(err, "%s", ctx->format);
	/* both modules say EPERM under no_new_privs, and else EACCES */
	if ((r == EPERM || r == EACCES) && ctx->label)
		hk_err_hint(err,
			"the policy may not let it be started as '%s', which config.json or the "
			"command line asks for: the audit log says what was denied",
			ctx->label);
	return -r;
}
