/* The init image on an errand: a plan that ends without a program. */
#include "stage/spawn.h"

#include "base/err.h"
#include "base/fd.h"

#include <errno.h>

int hk_stage_run_errand(const struct hk_stage_options *options, struct hk_err *err)
{
	struct hk_stage_process process;
	int r = hk_stage_run(options, &process, err);
	int status = 0;

	if (r < 0)
		return r;
	r = hk_reap(process.pidfd, &status);
	hk_close(&process.pidfd);
	/* ECHILD: a SIGCHLD handler of the caller's was faster; it was told to end, and does */
	if (r < 0 && r != -ECHILD)
		return hk_fail(err, -r, "wait for the init stage");
	return status == 0 ? 0
			   : hk_refuse(err, ECHILD, "the init stage ended with wait status 0x%x",
				     (unsigned int)status);
}
