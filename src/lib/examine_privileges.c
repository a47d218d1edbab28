/* What only a privileged runtime can give a process: higher limits, priorities. */
#include "lib/examine.h"

#include "base/enumtab.h"
#include "base/file.h"
#include "spec/validate.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>

#define IOPRIO_CLASS_REALTIME 1

static bool have(const struct hk_prepared *p, int capability)
{
	return p->facts.permitted_caps >> capability & 1;
}

static int examine_rlimit(const struct hk_prepared *p, size_t i, struct hk_findings *f)
{
	const struct hk_rlimit *wanted = &p->spec->process->rlimits[i];
	const char *name = hk_enum_name(hk_rlimit_names, wanted->resource);
	struct rlimit ours;

	if (wanted->resource == RLIMIT_NOFILE &&
		wanted->hard > (uint64_t)hk_read_number("/proc/sys/fs/nr_open", INT64_MAX))
		return hk_finding(f, EPERM, hk_at("/process/rlimits/%zu/hard", i), NULL,
			"more open files than /proc/sys/fs/nr_open allows to anybody");
	if (have(p, CAP_SYS_RESOURCE) ||
		getrlimit((__rlimit_resource_t)wanted->resource, &ours) < 0 ||
		wanted->hard <= ours.rlim_max)
		return 0;
	return hk_finding(f, EPERM, hk_at("/process/rlimits/%zu/hard", i),
		"ask for no more, or give hako CAP_SYS_RESOURCE",
		"to raise the hard limit of %s above our own takes CAP_SYS_RESOURCE",
		name ? name : "this resource");
}

static int examine_oom_score(const struct hk_prepared *p, struct hk_findings *f)
{
	const struct hk_process *process = p->spec->process;

	if (!process->has_oom_score_adj || have(p, CAP_SYS_RESOURCE) ||
		process->oom_score_adj >= hk_read_number("/proc/self/oom_score_adj", 0))
		return 0;
	return hk_finding(f, EACCES, hk_at("/process/oomScoreAdj"), NULL,
		"a score below our own takes CAP_SYS_RESOURCE: permission denied");
}

static int examine_priorities(const struct hk_prepared *p, struct hk_findings *f)
{
	const struct hk_scheduler *s = p->spec->process->scheduler;
	const struct hk_io_priority *io = p->spec->process->io_priority;
	int r = 0;

	if (have(p, CAP_SYS_NICE))
		return 0;
	if (s && (s->nice < 0 || s->policy == SCHED_FIFO || s->policy == SCHED_RR ||
			 s->policy == SCHED_DEADLINE))
		r = hk_finding(f, EPERM, hk_at("/process/scheduler"), NULL,
			"realtime policies and a nice value below 0 take CAP_SYS_NICE");
	if (r == 0 && io && io->class == IOPRIO_CLASS_REALTIME && !have(p, CAP_SYS_ADMIN))
		r = hk_finding(f, EPERM, hk_at("/process/ioPriority/class"), NULL,
			"IOPRIO_CLASS_RT takes CAP_SYS_NICE or CAP_SYS_ADMIN");
	return r;
}

int hk_examine_privileges(const struct hk_prepared *p, struct hk_findings *f)
{
	int r = 0;

	if (!p->spec->process)
		return 0;
	for (size_t i = 0; r == 0 && i < p->spec->process->rlimit_count; i++)
		r = examine_rlimit(p, i, f);
	if (r == 0)
		r = examine_oom_score(p, f);
	if (r == 0)
		r = examine_priorities(p, f);
	return r;
}
