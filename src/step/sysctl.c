/* linux.sysctl. Which keys are the container's own was decided when the plan was made. */
#include "step/procfs.h"
#include "step/step.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

int hk_step_sysctl(struct hk_ctx *ctx, const struct hk_step_sysctl *args, struct hk_err *err)
{
	const char *key = hk_plan_str(ctx->plan, args->key);
	const char *value = hk_plan_str(ctx->plan, args->value);
	char path[PATH_MAX];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "sys/%s", key) >= sizeof(path))
		return hk_fail(err, ENAMETOOLONG, "set the sysctl");
	r = hk_procfs_write(ctx->procfd, path, value);
	return r < 0 ? hk_fail(err, -r, "write '%s' to /proc/%s", value, path) : 0;
}
