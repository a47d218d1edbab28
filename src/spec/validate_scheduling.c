/* Whether what is asked of the scheduler makes sense: CPU time, I/O priority, CPUs, memory nodes.
 */
#include "spec/validate.h"

#include "base/idlist.h"
#include "spec/tables.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <sched.h>

#define DEADLINE_MIN_RUNTIME 1024 /* nanoseconds: the kernel counts no finer */
#define SCHED_FLAG_KEEP_ALL  (HK_SCHED_FLAG_KEEP_POLICY | HK_SCHED_FLAG_KEEP_PARAMS)

static int validate_policy(const struct hk_scheduler *s, const char *at, struct hk_findings *f)
{
	if (s->policy != HK_SCHED_ISO)
		return 0;
	return hk_invalid(f, hk_at("%s/scheduler/policy", at),
		"SCHED_ISO is a reserved name: no kernel implements it");
}

static int validate_nice(const struct hk_scheduler *s, const char *at, struct hk_findings *f)
{
	if (s->nice && s->policy != SCHED_OTHER && s->policy != SCHED_BATCH)
		return hk_invalid(f, hk_at("%s/scheduler/nice", at),
			"only for SCHED_OTHER and SCHED_BATCH, not for %s",
			hk_enum_name(hk_scheduler_policies, s->policy));
	if (s->nice < -20 || s->nice > 19)
		return hk_invalid(f, hk_at("%s/scheduler/nice", at),
			"expected a number from -20 to 19, found %" PRId32, s->nice);
	return 0;
}

static int validate_priority(const struct hk_scheduler *s, const char *at, struct hk_findings *f)
{
	bool real_time = s->policy == SCHED_FIFO || s->policy == SCHED_RR;

	if (s->priority && !real_time)
		return hk_invalid(f, hk_at("%s/scheduler/priority", at),
			"only for SCHED_FIFO and SCHED_RR, not for %s",
			hk_enum_name(hk_scheduler_policies, s->policy));
	if (real_time && !(s->flags & SCHED_FLAG_KEEP_ALL) && (s->priority < 1 || s->priority > 99))
		return hk_invalid(f, hk_at("%s/scheduler/priority", at),
			"expected a number from 1 to 99, found %" PRId32, s->priority);
	return 0;
}

/* sched(7): runtime <= deadline <= period, and a period of 0 is the deadline. */
static int validate_deadline(const struct hk_scheduler *s, const char *at, struct hk_findings *f)
{
	if (s->flags & SCHED_FLAG_KEEP_ALL)
		return 0;
	if (s->runtime < DEADLINE_MIN_RUNTIME)
		return hk_invalid(f, hk_at("%s/scheduler/runtime", at),
			"SCHED_DEADLINE needs %d nanoseconds or more, found %" PRIu64,
			DEADLINE_MIN_RUNTIME, s->runtime);
	if (s->deadline < s->runtime || s->deadline > INT64_MAX)
		return hk_invalid(f, hk_at("%s/scheduler/deadline", at),
			"expected a number from the runtime %" PRIu64 " to %" PRId64
			", found %" PRIu64,
			s->runtime, INT64_MAX, s->deadline);
	if (s->period && (s->period < s->deadline || s->period > INT64_MAX))
		return hk_invalid(f, hk_at("%s/scheduler/period", at),
			"expected 0, or a number from the deadline %" PRIu64 " to %" PRId64
			", found %" PRIu64,
			s->deadline, INT64_MAX, s->period);
	return 0;
}

static int refuse_deadline(const struct hk_scheduler *s, const char *at, struct hk_findings *f)
{
	const char *name = s->runtime ? "runtime" : s->deadline ? "deadline" : "period";

	if (!s->runtime && !s->deadline && !s->period)
		return 0;
	return hk_invalid(f, hk_at("%s/scheduler/%s", at, name),
		"only for SCHED_DEADLINE, not for %s",
		hk_enum_name(hk_scheduler_policies, s->policy));
}

static int validate_scheduler(const struct hk_scheduler *s, const char *at, struct hk_findings *f)
{
	int r;

	r = validate_policy(s, at, f);
	if (r == 0)
		r = validate_nice(s, at, f);
	if (r == 0)
		r = validate_priority(s, at, f);
	if (r == 0)
		r = s->policy == SCHED_DEADLINE ? validate_deadline(s, at, f)
						: refuse_deadline(s, at, f);
	return r;
}

int hk_validate_list(const char *list, const char *what, uint32_t limit, struct hk_pointer at,
	struct hk_findings *f)
{
	int r = list ? hk_id_list_check(list, limit) : 0;

	if (r == -ERANGE)
		return hk_invalid(f, at, "expected %s from 0 to %" PRIu32 ", found '%.100s'", what,
			limit - 1, list);
	if (r < 0)
		return hk_invalid(
			f, at, "expected a list of %s like 0-3,7, found '%.100s'", what, list);
	return 0;
}

int hk_validate_scheduling(const struct hk_process *process, const char *at, struct hk_findings *f)
{
	const struct hk_io_priority *io = process->io_priority;
	const struct hk_cpu_affinity *affinity = process->exec_cpu_affinity;
	int r = 0;

	if (process->scheduler)
		r = validate_scheduler(process->scheduler, at, f);
	if (r == 0 && io && (io->priority < 0 || io->priority > 7))
		r = hk_invalid(f, hk_at("%s/ioPriority/priority", at),
			"expected a number from 0 to 7, found %" PRId32, io->priority);
	if (r == 0 && affinity)
		r = hk_validate_list(affinity->initial, "CPUs", HK_CPU_LIMIT,
			hk_at("%s/execCPUAffinity/initial", at), f);
	if (r == 0 && affinity)
		r = hk_validate_list(affinity->final, "CPUs", HK_CPU_LIMIT,
			hk_at("%s/execCPUAffinity/final", at), f);
	return r;
}

/* ---- memory policy: set_mempolicy(2) ---- */

static int validate_nodes(const struct hk_memory_policy *policy, struct hk_findings *f)
{
	struct hk_pointer at = hk_at("/linux/memoryPolicy/nodes");
	const char *mode = hk_enum_name(hk_memory_policy_modes, policy->mode);
	bool no_nodes = policy->mode == MPOL_DEFAULT || policy->mode == MPOL_LOCAL;

	if (no_nodes && policy->nodes)
		return hk_invalid(f, at, "%s takes no nodes", mode);
	/* preferred without a node is the local one */
	if (!no_nodes && policy->mode != MPOL_PREFERRED && !policy->nodes)
		return hk_invalid(f, at, "%s needs one node or more", mode);
	return hk_validate_list(policy->nodes, "memory nodes", HK_NODE_LIMIT, at, f);
}

static int validate_policy_flags(const struct hk_memory_policy *policy, struct hk_findings *f)
{
	const uint32_t about_nodes = HK_MPOL_F_STATIC_NODES | HK_MPOL_F_RELATIVE_NODES;
	struct hk_pointer at = hk_at("/linux/memoryPolicy/flags");
	const char *mode = hk_enum_name(hk_memory_policy_modes, policy->mode);

	if ((policy->flags & about_nodes) == about_nodes)
		return hk_invalid(
			f, at, "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
	if (policy->flags & about_nodes && !policy->nodes && policy->mode != MPOL_DEFAULT)
		return hk_invalid(f, at,
			"MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES are about nodes, and "
			"%s has none here",
			mode);
	if (policy->flags & HK_MPOL_F_NUMA_BALANCING && policy->mode != MPOL_BIND &&
		policy->mode != HK_MPOL_PREFERRED_MANY)
		return hk_invalid(f, at,
			"MPOL_F_NUMA_BALANCING is for MPOL_BIND and MPOL_PREFERRED_MANY, not for "
			"%s",
			mode);
	return 0;
}

int hk_validate_memory_policy(const struct hk_memory_policy *policy, struct hk_findings *f)
{
	int r = validate_nodes(policy, f);

	return r < 0 ? r : validate_policy_flags(policy, f);
}
