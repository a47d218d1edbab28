/* execCPUAffinity.initial: where a process runs before it is in the container's cgroup. It is born
 * in there, so that its parent has to be on those CPUs for the moment of the clone. */
#include "stage/affinity.h"

#include "base/err.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Raw calls, for as many CPUs as there can be: libc's cpu_set_t ends at 1024. */

int hk_affinity_set(const char *cpus, struct hk_affinity *ret, struct hk_err *err)
{
	unsigned char mask[HK_CPU_LIMIT / 8] = {0};
	const char *rest = cpus;
	uint32_t first, last;

	while (rest) {
		if (hk_id_list_next(&rest, HK_CPU_LIMIT, &first, &last) < 0)
			return hk_refuse(err, EINVAL, "'%s' is no list of CPUs", cpus);
		for (uint32_t cpu = first; cpu <= last; cpu++)
			mask[cpu / 8] |= (unsigned char)(1u << cpu % 8);
	}
	if (!cpus)
		return 0;
	if (syscall(SYS_sched_getaffinity, 0, sizeof(ret->saved), ret->saved) < 0)
		return hk_fail(err, errno, "read the CPU affinity");
	if (syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask) < 0)
		return hk_fail(err, errno, "set the CPU affinity to '%s'", cpus);
	ret->changed = true;
	return 0;
}

void hk_affinity_restore(const struct hk_affinity *affinity)
{
	if (affinity->changed) /* as it was: the kernel takes it again */
		(void)syscall(SYS_sched_setaffinity, 0, sizeof(affinity->saved), affinity->saved);
}
