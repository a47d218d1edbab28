/* Attributes of the process, and of its uts namespace, that are one system call each. */
#include "step/step.h"

#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

int hk_step_oom_score_adj(
	struct hk_ctx *ctx, const struct hk_step_oom_score_adj *args, struct hk_err *err)
{
	char text[24];
	int r;

	(void)snprintf(text, sizeof(text), "%" PRId64, args->score);
	r = hk_ctx_write_self(ctx, "self/oom_score_adj", text);
	return r < 0 ? hk_fail(err, -r, "write %s to /proc/self/oom_score_adj", text) : 0;
}

int hk_step_cgroup_join(
	struct hk_ctx *ctx, const struct hk_step_cgroup_join *args, struct hk_err *err)
{
	const char *file = hk_plan_str(ctx->plan, args->file);
	int r = file ? hk_write_file_at(AT_FDCWD, file, "0") : -EINVAL;

	return r < 0 ? hk_fail(err, -r, "join a cgroup by '%s'", file ? file : "") : 0;
}

static _Noreturn void end(int sig)
{
	_exit(128 + sig);
}

/* The first process of a pid namespace gets no signal that it does not handle: a container that is
 * created could be ended by SIGKILL alone. We were started with default dispositions, which execve
 * brings back. */
static int heed_signals(struct hk_err *err)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

	for (size_t i = 0; i < HK_COUNT(signals); i++)
		if (signal(signals[i], end) == SIG_ERR)
			return hk_fail(err, errno, "handle signal %d", signals[i]);
	return 0;
}

/* The handlers as early as this: a seccomp filter may allow no more than it takes to go on. */
int hk_step_session(struct hk_ctx *ctx, const struct hk_step_session *args, struct hk_err *err)
{
	(void)ctx;
	(void)args;
	if (setsid() < 0)
		return hk_fail(err, errno, "start a session");
	return getpid() == 1 ? heed_signals(err) : 0;
}

int hk_step_hostname(struct hk_ctx *ctx, const struct hk_step_hostname *args, struct hk_err *err)
{
	const char *name = hk_plan_str(ctx->plan, args->name);

	if (!name)
		name = "";
	return sethostname(name, strlen(name)) < 0
		       ? hk_fail(err, errno, "set the host name to '%s'", name)
		       : 0;
}

int hk_step_domainname(
	struct hk_ctx *ctx, const struct hk_step_domainname *args, struct hk_err *err)
{
	const char *name = hk_plan_str(ctx->plan, args->name);

	if (!name)
		name = "";
	return setdomainname(name, strlen(name)) < 0
		       ? hk_fail(err, errno, "set the domain name to '%s'", name)
		       : 0;
}

int hk_step_umask(struct hk_ctx *ctx, const struct hk_step_umask *args, struct hk_err *err)
{
	(void)ctx;
	(void)err;
	(void)umask(args->mask & 0777);
	return 0;
}

int hk_step_no_new_privs(
	struct hk_ctx *ctx, const struct hk_step_no_new_privs *args, struct hk_err *err)
{
	(void)ctx;
	(void)args;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? hk_fail(err, errno, "set no_new_privs")
							  : 0;
}
