/* process.rlimits, set from outside when all else is set up: what init itself needs before is not
 * cut short. */
#include "stage/spawn.h"

#include "base/enumtab.h"
#include "base/err.h"
#include "base/rlimit.h"

#include <errno.h>
#include <sys/resource.h>

static int refused(const struct hk_spec *spec, size_t i, int errnum, struct hk_err *err)
{
	const struct hk_rlimit *limit = &spec->process->rlimits[i];

	(void)hk_rlimit_refused(hk_enum_name(hk_rlimit_names, limit->resource), limit->soft,
		limit->hard, errnum, err);
	(void)hk_err_at(err, "%s/rlimits/%zu", hk_spec_process_at(spec), i);
	return -errnum;
}

int hk_rlimits_set(pid_t pid, const struct hk_spec *spec, struct hk_err *err)
{
	const struct hk_process *process = spec->process;

	for (size_t i = 0; process && i < process->rlimit_count; i++) {
		const struct hk_rlimit *limit = &process->rlimits[i];
		struct rlimit value = {.rlim_cur = limit->soft, .rlim_max = limit->hard};

		if (prlimit(pid, (__rlimit_resource_t)limit->resource, &value, NULL) < 0)
			return refused(spec, i, errno, err);
	}
	return 0;
}
