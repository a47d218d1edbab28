/* The rules of order that keep a container safe. The builder follows them by how it is written;
 * this checks the result, whatever was configured. */
#include "plan/order.h"

#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum condition {
	ALWAYS,
	WITH_NNP, /* the plan sets no_new_privs */
	WITHOUT_NNP,
};

static const struct rule {
	enum hk_step_kind first;
	enum hk_step_kind then;
	enum condition condition;
} rules[] = {
	/* The host's cgroup files are out of reach in new namespaces. */
	{HK_STEP_OOM_SCORE_ADJ, HK_STEP_BECOME_ROOT, ALWAYS},
	{HK_STEP_CGROUP_JOIN, HK_STEP_AFFINITY, ALWAYS},
	{HK_STEP_CGROUP_JOIN, HK_STEP_NS_JOIN, ALWAYS},
	{HK_STEP_CGROUP_JOIN, HK_STEP_NS_UNSHARE, ALWAYS},
	{HK_STEP_OOM_SCORE_ADJ, HK_STEP_NS_ENTER, ALWAYS},
	{HK_STEP_CGROUP_JOIN, HK_STEP_NS_ENTER, ALWAYS},
	{HK_STEP_PIVOT, HK_STEP_NS_ENTER, ALWAYS},
	/* Nothing of a container is looked at, and nothing done to it, from the host's side. */
	{HK_STEP_NS_ENTER, HK_STEP_BECOME_ROOT, ALWAYS},
	{HK_STEP_CORE_SCHED, HK_STEP_NS_ENTER, ALWAYS},
	{HK_STEP_NS_ENTER, HK_STEP_FORK, ALWAYS},
	{HK_STEP_NS_ENTER, HK_STEP_SESSION, ALWAYS},
	{HK_STEP_TIME_OFFSETS, HK_STEP_FORK, ALWAYS},
	{HK_STEP_NS_JOIN, HK_STEP_FORK, ALWAYS},
	{HK_STEP_BECOME_ROOT, HK_STEP_FORK, ALWAYS},
	{HK_STEP_FORK, HK_STEP_SESSION, ALWAYS},
	/* SCHED_DEADLINE forbids to fork, and reset-on-fork would undo what was set. */
	{HK_STEP_FORK, HK_STEP_SCHEDULER, ALWAYS},
	/* Mounts bind to the namespaces of their mounter, and must not reach the host. */
	{HK_STEP_NS_JOIN, HK_STEP_PROPAGATION, ALWAYS},
	{HK_STEP_NS_UNSHARE, HK_STEP_PROPAGATION, ALWAYS},
	{HK_STEP_SESSION, HK_STEP_CONSOLE, ALWAYS},
	{HK_STEP_SESSION, HK_STEP_STDIO, ALWAYS},
	{HK_STEP_SESSION, HK_STEP_CWD, ALWAYS},
	{HK_STEP_SESSION, HK_STEP_HOME, ALWAYS},
	{HK_STEP_SESSION, HK_STEP_LANDLOCK, ALWAYS},
	{HK_STEP_PROPAGATION, HK_STEP_ROOTFS, ALWAYS},
	{HK_STEP_ROOTFS, HK_STEP_MOUNT, ALWAYS},
	{HK_STEP_ROOTFS, HK_STEP_BIND, ALWAYS},
	{HK_STEP_MOUNT, HK_STEP_DEVICE, ALWAYS},
	{HK_STEP_BIND, HK_STEP_DEVICE, ALWAYS},
	{HK_STEP_DEVICE, HK_STEP_CONSOLE, ALWAYS},
	{HK_STEP_MOUNT, HK_STEP_SYNC, ALWAYS},
	{HK_STEP_BIND, HK_STEP_SYNC, ALWAYS},
	{HK_STEP_SYNC, HK_STEP_HOOK, ALWAYS},
	/* The sysctls of network devices are there when the devices are. */
	{HK_STEP_NETLINK, HK_STEP_SYNC, ALWAYS},
	/* Hooks find loopback up, and it takes CAP_NET_ADMIN. */
	{HK_STEP_LOOPBACK, HK_STEP_SYNC, ALWAYS},
	{HK_STEP_LOOPBACK, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_SYNC, HK_STEP_SYSCTL, ALWAYS},
	/* Behind the pivot no host path is left to mount. */
	{HK_STEP_MOUNT, HK_STEP_PIVOT, ALWAYS},
	{HK_STEP_BIND, HK_STEP_PIVOT, ALWAYS},
	{HK_STEP_DEVICE, HK_STEP_PIVOT, ALWAYS},
	{HK_STEP_CONSOLE, HK_STEP_PIVOT, ALWAYS},
	{HK_STEP_PIVOT, HK_STEP_ROOT_PROPAGATION, ALWAYS},
	/* What is unbindable cannot be bound; and all is to be what rootfsPropagation says. */
	{HK_STEP_REMOUNT, HK_STEP_ROOT_PROPAGATION, ALWAYS},
	{HK_STEP_READONLY, HK_STEP_ROOT_PROPAGATION, ALWAYS},
	{HK_STEP_MASK, HK_STEP_ROOT_PROPAGATION, ALWAYS},
	{HK_STEP_ROOT_PROPAGATION, HK_STEP_CREDENTIALS, ALWAYS},
	/* A mask under a later mount, or beside a remount, masks nothing. */
	{HK_STEP_REMOUNT, HK_STEP_MASK, ALWAYS},
	{HK_STEP_REMOUNT, HK_STEP_READONLY, ALWAYS},
	{HK_STEP_PIVOT, HK_STEP_MASK, ALWAYS},
	{HK_STEP_PIVOT, HK_STEP_READONLY, ALWAYS},
	{HK_STEP_SYSCTL, HK_STEP_READONLY, ALWAYS},
	{HK_STEP_READONLY, HK_STEP_MASK, ALWAYS},
	/* Privilege is given up behind everything that needs it. */
	{HK_STEP_KEYRING, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_PIVOT, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_HOSTNAME, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_DOMAINNAME, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_SYSCTL, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_MASK, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_READONLY, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_REMOUNT, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_SCHEDULER, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_IO_PRIORITY, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_CORE_SCHED, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_STDIO, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_HOME, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_LSM, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_RLIMITS, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_RLIMIT, HK_STEP_CREDENTIALS, ALWAYS},
	/* An AppArmor transition may be refused under no_new_privs. */
	{HK_STEP_LSM, HK_STEP_NO_NEW_PRIVS, ALWAYS},
	{HK_STEP_LSM, HK_STEP_SECCOMP, ALWAYS},
	{HK_STEP_MASK, HK_STEP_SECCOMP, ALWAYS},
	/* Nobody expects these system calls of the program, and many profiles refuse them. */
	{HK_STEP_SCHEDULER, HK_STEP_SECCOMP, ALWAYS},
	{HK_STEP_IO_PRIORITY, HK_STEP_SECCOMP, ALWAYS},
	{HK_STEP_PERSONALITY, HK_STEP_SECCOMP, ALWAYS},
	{HK_STEP_MEMORY_POLICY, HK_STEP_SECCOMP, ALWAYS},
	/* Without no_new_privs loading a filter takes CAP_SYS_ADMIN; with it, as late as can be. */
	{HK_STEP_SECCOMP, HK_STEP_CREDENTIALS, WITHOUT_NNP},
	{HK_STEP_CREDENTIALS, HK_STEP_SECCOMP, WITH_NNP},
	{HK_STEP_NO_NEW_PRIVS, HK_STEP_SECCOMP, WITH_NNP},
	{HK_STEP_LOOKUP, HK_STEP_SECCOMP, WITH_NNP},
	{HK_STEP_SECCOMP, HK_STEP_READY, ALWAYS},
	/* Landlock: its paths are the container's own, and root's to open; the restriction forbids
	 * mounts and most of what comes before it, and a filter may forbid the restriction. */
	{HK_STEP_PIVOT, HK_STEP_LANDLOCK, ALWAYS},
	{HK_STEP_MASK, HK_STEP_LANDLOCK, ALWAYS},
	{HK_STEP_LANDLOCK, HK_STEP_CREDENTIALS, ALWAYS},
	{HK_STEP_LANDLOCK, HK_STEP_LANDLOCK_RESTRICT, ALWAYS},
	{HK_STEP_LSM, HK_STEP_LANDLOCK_RESTRICT, ALWAYS},
	{HK_STEP_LANDLOCK_RESTRICT, HK_STEP_CREDENTIALS, WITHOUT_NNP},
	{HK_STEP_CREDENTIALS, HK_STEP_LANDLOCK_RESTRICT, WITH_NNP},
	{HK_STEP_NO_NEW_PRIVS, HK_STEP_LANDLOCK_RESTRICT, WITH_NNP},
	{HK_STEP_LOOKUP, HK_STEP_LANDLOCK_RESTRICT, WITH_NNP},
	{HK_STEP_LANDLOCK_RESTRICT, HK_STEP_SECCOMP, ALWAYS},
	{HK_STEP_LANDLOCK_RESTRICT, HK_STEP_READY, ALWAYS},
	/* The program is found as the user who runs it, and its absence is an error of `create`. */
	{HK_STEP_CREDENTIALS, HK_STEP_LOOKUP, ALWAYS},
	{HK_STEP_LOOKUP, HK_STEP_READY, ALWAYS},
	{HK_STEP_NO_NEW_PRIVS, HK_STEP_READY, ALWAYS},
	{HK_STEP_CREDENTIALS, HK_STEP_READY, ALWAYS},
	{HK_STEP_READY, HK_STEP_WAIT_START, ALWAYS},
	{HK_STEP_READY, HK_STEP_EXEC, ALWAYS},
	{HK_STEP_WAIT_START, HK_STEP_EXEC, ALWAYS},
};

/* What every container needs, once. */
static const enum hk_step_kind required[] = {HK_STEP_SESSION, HK_STEP_ROOTFS, HK_STEP_PIVOT,
	HK_STEP_UMASK, HK_STEP_CREDENTIALS, HK_STEP_LOOKUP, HK_STEP_READY, HK_STEP_WAIT_START,
	HK_STEP_EXEC};

/* What a process that joins one needs. */
static const enum hk_step_kind required_to_join[] = {HK_STEP_SESSION, HK_STEP_UMASK,
	HK_STEP_CREDENTIALS, HK_STEP_LOOKUP, HK_STEP_READY, HK_STEP_EXEC};

struct positions {
	uint32_t first[HK_STEP_KIND_COUNT]; /* UINT32_MAX: none */
	uint32_t last[HK_STEP_KIND_COUNT];
	uint32_t count[HK_STEP_KIND_COUNT];
};

static void find_positions(const struct hk_plan *plan, struct positions *p)
{
	const struct hk_step *steps = hk_plan_steps(plan);

	memset(p, 0, sizeof(*p));
	for (uint32_t i = 0; i < plan->step_count; i++) {
		uint32_t kind = steps[i].kind;

		if (!p->count[kind]++)
			p->first[kind] = i;
		p->last[kind] = i;
	}
}

static bool applies(const struct rule *rule, const struct positions *p)
{
	bool nnp = p->count[HK_STEP_NO_NEW_PRIVS];

	if (!p->count[rule->first] || !p->count[rule->then])
		return false;
	return rule->condition == ALWAYS || (rule->condition == WITH_NNP) == nnp;
}

/* The working directory: made while the root is writable; entered behind masks and read-only paths,
 * or it would lie beneath them; tried again as the user, who may have to. */
static int check_cwd(const struct hk_plan *plan, const struct positions *p, struct hk_err *err)
{
	const struct hk_step *steps = hk_plan_steps(plan);
	uint32_t behind = p->last[HK_STEP_PIVOT];

	if (p->count[HK_STEP_MASK])
		behind = p->last[HK_STEP_MASK];
	else if (p->count[HK_STEP_READONLY])
		behind = p->last[HK_STEP_READONLY];
	for (uint32_t i = 0; i < plan->step_count; i++) {
		const struct hk_step_cwd *args = hk_plan_args(plan, &steps[i]);

		if (steps[i].kind == HK_STEP_CWD && !args->make_only && i < behind)
			return hk_refuse(
				err, EPROTO, "the plan enters cwd before it is restricted");
	}
	if (p->count[HK_STEP_CWD] && p->last[HK_STEP_CWD] < p->last[HK_STEP_CREDENTIALS])
		return hk_refuse(err, EPROTO, "the plan does not check cwd as the user");
	return 0;
}

static int check_order(const struct hk_plan *plan, const enum hk_step_kind *needed, size_t count,
	struct hk_err *err)
{
	struct positions p;

	find_positions(plan, &p);
	for (size_t i = 0; i < count; i++) {
		if (p.count[needed[i]] != 1)
			return hk_refuse(err, EPROTO, "the plan has %u steps of kind %s, not 1",
				p.count[needed[i]], hk_step_infos[needed[i]].name);
	}
	for (size_t i = 0; i < HK_COUNT(rules); i++) {
		const struct rule *rule = &rules[i];

		if (applies(rule, &p) && p.last[rule->first] > p.first[rule->then])
			return hk_refuse(err, EPROTO, "the plan has %s before %s",
				hk_step_infos[rule->then].name, hk_step_infos[rule->first].name);
	}
	if (p.count[HK_STEP_LANDLOCK] != p.count[HK_STEP_LANDLOCK_RESTRICT])
		return hk_refuse(
			err, EPROTO, "the plan makes Landlock rules and does not use them");
	return check_cwd(plan, &p, err);
}

int hk_plan_check_order(const struct hk_plan *plan, struct hk_err *err)
{
	return check_order(plan, required, HK_COUNT(required), err);
}

int hk_plan_check_exec_order(const struct hk_plan *plan, struct hk_err *err)
{
	return check_order(plan, required_to_join, HK_COUNT(required_to_join), err);
}
