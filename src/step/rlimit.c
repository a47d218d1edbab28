/* A resource limit of our own. The words are those of the runtime (stage/rlimits.c), which sets
 * them where we may not. */
#include "step/step.h"

#include "base/rlimit.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

int hk_step_rlimit(struct hk_ctx *ctx, const struct hk_step_rlimit *args, struct hk_err *err)
{
	const uint64_t value[2] = {args->soft, args->hard}; /* struct rlimit64 */

	/* The raw call: libc's would do for all threads what there is one of. */
	if (syscall(SYS_prlimit64, 0, args->resource, value, NULL) == 0)
		return 0;
	return hk_rlimit_refused(
		hk_plan_str(ctx->plan, args->name), args->soft, args->hard, errno, err);
}
