/* LSM labels: what AppArmor and SELinux will make of the program. */
#include "step/procfs.h"
#include "step/step.h"

#include <errno.h>
#include <stdio.h>

int hk_step_lsm(struct hk_ctx *ctx, const struct hk_step_lsm *args, struct hk_err *err)
{
	const char *file = hk_plan_str(ctx->plan, args->file);
	const char *value = hk_plan_str(ctx->plan, args->value);
	char path[64];
	int r;

	if (!file || !value)
		return hk_refuse(err, EINVAL, "an LSM label without a file or a value");
	if (snprintf(path, sizeof(path), "thread-self/%s", file) >= (int)sizeof(path))
		return hk_refuse(
			err, ENAMETOOLONG, "the file /proc/thread-self/%s is too long", file);
	ctx->label = value;
	r = hk_ctx_write_self(ctx, path, value);
	/* podman looks for the path in such quotes */
	return r < 0 ? hk_fail(err, -r, "write label '%s' to `/proc/%s`", value, path) : 0;
}
