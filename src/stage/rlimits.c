/* process.rlimits, set from outside when all else is set up: what init itself needs before is not
 * cut short. */
#include "stage/spawn.h"

#include "base/enumtab.h"
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

static const char *limit_text(uint64_t limit, char *ret, size_t cap)
{
	if (limit == RLIM_INFINITY)
		return "unlimited";
	(void)snprintf(ret, cap, "%llu", (unsigned long long)limit);
	return ret;
}

static int refused(const struct hk_spec *spec, size_t i, int errnum, struct hk_err *err)
{
	const struct hk_rlimit *limit = &spec->process->rlimits[i];
	const char *name = hk_enum_name(hk_rlimit_names, limit->resource);
	char soft[24], hard[24];

	(void)hk_fail(err, errnum, "set %s to soft %s, hard %s", name ? name : "a resource limit",
		limit_text(limit->soft, soft, sizeof(soft)),
		limit_text(limit->hard, hard, sizeof(hard)));
	if (errnum == EPERM)
		hk_err_hint(err, "to raise a hard limit, or to change a limit of another user's "
				 "process, CAP_SYS_RESOURCE is needed");
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
