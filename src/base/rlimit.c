/* A resource limit that could not be set. */
#include "base/rlimit.h"

#include "base/err.h"

#include <stdio.h>
#include <sys/resource.h>

static const char *limit_text(uint64_t limit, char *ret, size_t cap)
{
	if (limit == (uint64_t)RLIM_INFINITY)
		return "unlimited";
	(void)snprintf(ret, cap, "%llu", (unsigned long long)limit);
	return ret;
}

int hk_rlimit_refused(
	const char *name, uint64_t soft, uint64_t hard, int errnum, struct hk_err *err)
{
	char soft_text[24], hard_text[24];

	return hk_fail(err, errnum, "set %s to soft %s, hard %s", name ? name : "a resource limit",
		limit_text(soft, soft_text, sizeof(soft_text)),
		limit_text(hard, hard_text, sizeof(hard_text)));
}
