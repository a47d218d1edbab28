/* The rules of order: what the builder makes keeps them, what is put in another order does not. */
#include "plan/make.h"
#include "plan/order.h"

#include <string.h>

static const uint64_t filter = 0x7fff000000000006;

static void make_full(struct made *made, bool nnp)
{
	struct hk_facts facts =
		FACTS(.cgroup_view = HK_CGROUP_VIEW_V1, .apparmor = true, .landlock_abi = 5);
	struct hk_plan_options options =
		OPTIONS(V1_CGROUPS, .seccomp_filter = &filter, .seccomp_size = sizeof(filter));
	char patch[1024];

	(void)snprintf(patch, sizeof(patch),
		"{\"process\":{\"noNewPrivileges\":%s,\"cwd\":\"/w\",\"oomScoreAdj\":1,"
		"\"apparmorProfile\":\"p\",\"scheduler\":{\"policy\":\"SCHED_BATCH\"},"
		"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":1}},"
		"\"annotations\":{\"dev.hako.landlock\":\"ro:/\",\"dev.hako.core-sched\":\"new\"},"
		"\"linux\":{\"rootfsPropagation\":\"runbindable\",\"netDevices\":{\"eth0\":{}},"
		"\"memoryPolicy\":{\"mode\":"
		"\"MPOL_LOCAL\"},"
		"\"personality\":{\"domain\":\"LINUX\"},\"sysctl\":{\"net.core.somaxconn\":\"9\"}},"
		"\"hooks\":{\"prestart\":[{\"path\":\"/h\"}],\"createContainer\":[{\"path\":\"/"
		"h\"}]}}",
		nnp ? "true" : "false");
	make(made, patch, &facts, &options);
	assert_int_equal(made->r, 0);
}

/* Move the first step of that kind before or behind the first of the other. */
static void move(
	const struct hk_plan *plan, enum hk_step_kind kind, enum hk_step_kind other, bool behind)
{
	struct hk_step *steps = (struct hk_step *)hk_plan_steps(plan);
	size_t from = (size_t)(nth(plan, kind, 0) - steps);
	size_t to = (size_t)(nth(plan, other, 0) - steps);
	struct hk_step moved = steps[from];

	memmove(&steps[from], &steps[from + 1], (plan->step_count - from - 1) * sizeof(*steps));
	if (to > from)
		to--;
	to += behind;
	memmove(&steps[to + 1], &steps[to], (plan->step_count - 1 - to) * sizeof(*steps));
	steps[to] = moved;
}

struct broken {
	bool nnp;
	enum hk_step_kind kind;
	bool behind; /* else before */
	enum hk_step_kind other;
};

static const struct broken broken[] = {
	{true, HK_STEP_MASK, false, HK_STEP_PIVOT},
	{true, HK_STEP_MASK, false, HK_STEP_REMOUNT},
	{true, HK_STEP_MASK, true, HK_STEP_CREDENTIALS},
	{true, HK_STEP_READONLY, true, HK_STEP_CREDENTIALS},
	{true, HK_STEP_MOUNT, true, HK_STEP_PIVOT},
	{true, HK_STEP_BIND, true, HK_STEP_SYNC},
	{true, HK_STEP_MOUNT, false, HK_STEP_PROPAGATION},
	{true, HK_STEP_ROOTFS, false, HK_STEP_PROPAGATION},
	{true, HK_STEP_ROOT_PROPAGATION, false, HK_STEP_READONLY},
	{true, HK_STEP_ROOT_PROPAGATION, false, HK_STEP_MASK},
	{true, HK_STEP_ROOT_PROPAGATION, true, HK_STEP_CREDENTIALS},
	{true, HK_STEP_HOOK, false, HK_STEP_SYNC},
	{true, HK_STEP_NETLINK, true, HK_STEP_SYNC},
	{true, HK_STEP_LOOPBACK, true, HK_STEP_SYNC},
	{true, HK_STEP_LOOPBACK, true, HK_STEP_CREDENTIALS},
	{true, HK_STEP_SYSCTL, false, HK_STEP_SYNC},
	{true, HK_STEP_SYSCTL, true, HK_STEP_READONLY},
	{true, HK_STEP_LSM, true, HK_STEP_CREDENTIALS},
	{true, HK_STEP_STDIO, true, HK_STEP_CREDENTIALS},
	{true, HK_STEP_SECCOMP, false, HK_STEP_CREDENTIALS},
	{true, HK_STEP_SECCOMP, false, HK_STEP_NO_NEW_PRIVS},
	{true, HK_STEP_SECCOMP, true, HK_STEP_READY},
	{false, HK_STEP_SECCOMP, true, HK_STEP_CREDENTIALS},
	{false, HK_STEP_SECCOMP, false, HK_STEP_LSM},
	{true, HK_STEP_NO_NEW_PRIVS, false, HK_STEP_LSM},
	{true, HK_STEP_LANDLOCK, true, HK_STEP_CREDENTIALS},
	{true, HK_STEP_LANDLOCK, false, HK_STEP_PIVOT},
	{true, HK_STEP_LANDLOCK_RESTRICT, false, HK_STEP_CREDENTIALS},
	{true, HK_STEP_LANDLOCK_RESTRICT, false, HK_STEP_NO_NEW_PRIVS},
	{true, HK_STEP_LANDLOCK_RESTRICT, true, HK_STEP_SECCOMP},
	{false, HK_STEP_LANDLOCK_RESTRICT, true, HK_STEP_CREDENTIALS},
	{false, HK_STEP_LANDLOCK_RESTRICT, false, HK_STEP_LANDLOCK},
	{true, HK_STEP_CORE_SCHED, true, HK_STEP_CREDENTIALS},
	{true, HK_STEP_LOOKUP, true, HK_STEP_READY},
	{true, HK_STEP_LOOKUP, false, HK_STEP_CREDENTIALS},
	{true, HK_STEP_READY, true, HK_STEP_WAIT_START},
	{true, HK_STEP_WAIT_START, true, HK_STEP_EXEC},
	{true, HK_STEP_CREDENTIALS, false, HK_STEP_PIVOT},
	{true, HK_STEP_AFFINITY, false, HK_STEP_CGROUP_JOIN},
	{true, HK_STEP_SCHEDULER, true, HK_STEP_CREDENTIALS},
	{false, HK_STEP_SCHEDULER, true, HK_STEP_SECCOMP},
	{false, HK_STEP_IO_PRIORITY, true, HK_STEP_SECCOMP},
	{false, HK_STEP_PERSONALITY, true, HK_STEP_SECCOMP},
	{false, HK_STEP_MEMORY_POLICY, true, HK_STEP_SECCOMP},
};

static void test_what_is_built_keeps_them(void **state)
{
	(void)state;
	for (int nnp = 0; nnp < 2; nnp++) {
		struct made made;

		make_full(&made, nnp);
		assert_int_equal(hk_plan_check_order(made.plan, NULL), 0);
		unmake(&made);
	}
}

static void check_broken(const struct broken *cases, size_t count,
	void (*make_plan)(struct made *made, bool nnp),
	int (*check_order)(const struct hk_plan *plan, struct hk_err *err))
{
	for (size_t i = 0; i < count; i++) {
		struct hk_err err = {0};
		struct made made;

		make_plan(&made, cases[i].nnp);
		move(made.plan, cases[i].kind, cases[i].other, cases[i].behind);
		if (check_order(made.plan, &err) != -EPROTO || err.code != EPROTO ||
			!strstr(err.message, hk_step_infos[cases[i].kind].name))
			fail_msg("case %zu: %s", i, err.message);
		unmake(&made);
	}
}

static void test_broken_rules(void **state)
{
	(void)state;
	check_broken(broken, HK_COUNT(broken), make_full, hk_plan_check_order);
}

/* Where the init stage forks, into a pid namespace of a user namespace. */
static void test_scheduler_before_the_fork(void **state)
{
	struct hk_facts facts = FACTS();
	struct hk_plan_options options = OPTIONS();
	struct hk_err err = {0};
	struct made made;

	(void)state;
	make(&made,
		"{\"process\":{\"scheduler\":{\"policy\":\"SCHED_IDLE\"}},\"linux\":{"
		"\"namespaces\":["
		"{\"type\":\"user\"},{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"uts\"}],"
		"\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":65536}],"
		"\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":65536}]}}",
		&facts, &options);
	assert_int_equal(made.r, 0);
	move(made.plan, HK_STEP_SCHEDULER, HK_STEP_FORK, false);
	assert_int_equal(hk_plan_check_order(made.plan, &err), -EPROTO);
	assert_non_null(strstr(err.message, "scheduler"));
	unmake(&made);
}

static void check_required(const enum hk_step_kind *kinds, size_t count,
	void (*make_plan)(struct made *made, bool nnp),
	int (*check_order)(const struct hk_plan *plan, struct hk_err *err))
{
	for (size_t i = 0; i < count; i++) {
		struct hk_err err = {0};
		struct made made;

		make_plan(&made, true);
		((struct hk_step *)nth(made.plan, kinds[i], 0))->kind = HK_STEP_HOSTNAME;
		assert_int_equal(check_order(made.plan, &err), -EPROTO);
		assert_non_null(strstr(err.message, hk_step_infos[kinds[i]].name));
		unmake(&made);
	}
}

static void test_required_steps(void **state)
{
	static const enum hk_step_kind kinds[] = {HK_STEP_CREDENTIALS, HK_STEP_PIVOT,
		HK_STEP_LOOKUP, HK_STEP_READY, HK_STEP_WAIT_START, HK_STEP_SESSION, HK_STEP_UMASK};

	(void)state;
	check_required(kinds, HK_COUNT(kinds), make_full, hk_plan_check_order);
}

/* A working directory entered too early would lie beneath the masks. */
static void test_cwd(void **state)
{
	struct hk_err err = {0};
	struct made made;

	(void)state;
	make_full(&made, true);
	assert_int_equal(count_of(made.plan, HK_STEP_CWD), 3);
	((struct hk_step_cwd *)hk_plan_args(made.plan, nth(made.plan, HK_STEP_CWD, 0)))->make_only =
		0;
	assert_int_equal(hk_plan_check_order(made.plan, &err), -EPROTO);
	assert_string_equal(err.message, "the plan enters cwd before it is restricted");
	unmake(&made);
	make_full(&made, true);
	((struct hk_step *)nth(made.plan, HK_STEP_CWD, 2))->kind = HK_STEP_HOSTNAME;
	assert_int_equal(hk_plan_check_order(made.plan, &err), -EPROTO);
	unmake(&made);
}

/* Rules that come never into force restrict nothing. */
static void test_landlock_is_used(void **state)
{
	struct hk_err err = {0};
	struct made made;

	(void)state;
	make_full(&made, true);
	((struct hk_step *)nth(made.plan, HK_STEP_LANDLOCK_RESTRICT, 0))->kind =
		HK_STEP_PERSONALITY;
	assert_int_equal(hk_plan_check_order(made.plan, &err), -EPROTO);
	assert_non_null(strstr(err.message, "Landlock"));
	unmake(&made);
}

/* ---- a process that joins a container ---- */

#define ENTERED(type) "{\"type\":\"" type "\",\"path\":\"/proc/42/ns/x\"}"

static void make_exec(struct made *made, const char *namespaces, uint64_t flags, bool nnp)
{
	struct hk_facts facts = FACTS(.apparmor = true, .landlock_abi = 5);
	struct hk_plan_options options =
		OPTIONS(V1_CGROUPS, .seccomp_filter = &filter, .seccomp_size = sizeof(filter));
	struct hk_plan_joined joined = {flags, 42};
	char patch[1024];

	(void)snprintf(patch, sizeof(patch),
		"{\"hostname\":null,\"process\":{\"noNewPrivileges\":%s,\"oomScoreAdj\":1,"
		"\"apparmorProfile\":\"p\",\"scheduler\":{\"policy\":\"SCHED_BATCH\"},"
		"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":1}},"
		"\"annotations\":{\"dev.hako.landlock\":\"ro:/"
		"\",\"dev.hako.core-sched\":\"new\"},"
		"\"linux\":{\"maskedPaths\":null,\"readonlyPaths\":null,\"namespaces\":[%s],"
		"\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\"},"
		"\"personality\":{\"domain\":\"LINUX\"}}}",
		nnp ? "true" : "false", namespaces);
	make(made, patch, &facts, &options);
	made->r = hk_plan_build_exec(
		&made->spec, &facts, &options, &joined, &made->arena, &made->plan, &made->err);
	if (made->r < 0)
		fail_msg("%s: %s", made->err.property, made->err.message);
}

static void make_full_exec(struct made *made, bool nnp)
{
	make_exec(made, ENTERED("user") "," ENTERED("pid") "," ENTERED("mount"),
		HK_CLONE_NEWUSER | HK_CLONE_NEWPID | HK_CLONE_NEWNS, nnp);
}

/* The container's mounts are the host's: its root directory is what keeps the process in. */
static void make_chrooted_exec(struct made *made, bool nnp)
{
	make_exec(made, ENTERED("pid"), HK_CLONE_NEWPID, nnp);
}

static const struct broken broken_exec[] = {
	{true, HK_STEP_OOM_SCORE_ADJ, true, HK_STEP_NS_ENTER},
	{true, HK_STEP_CGROUP_JOIN, true, HK_STEP_NS_ENTER},
	{true, HK_STEP_AFFINITY, false, HK_STEP_CGROUP_JOIN},
	{true, HK_STEP_CORE_SCHED, true, HK_STEP_NS_ENTER},
	{true, HK_STEP_NS_ENTER, true, HK_STEP_BECOME_ROOT},
	{true, HK_STEP_NS_ENTER, true, HK_STEP_FORK},
	{true, HK_STEP_BECOME_ROOT, true, HK_STEP_FORK},
	{true, HK_STEP_FORK, true, HK_STEP_SESSION},
	{true, HK_STEP_SESSION, false, HK_STEP_NS_ENTER},
	{true, HK_STEP_SCHEDULER, false, HK_STEP_FORK},
	{true, HK_STEP_STDIO, false, HK_STEP_SESSION},
	{true, HK_STEP_STDIO, true, HK_STEP_CREDENTIALS},
	{true, HK_STEP_CWD, false, HK_STEP_SESSION},
	{true, HK_STEP_HOME, false, HK_STEP_SESSION},
	{true, HK_STEP_HOME, true, HK_STEP_CREDENTIALS},
	{true, HK_STEP_LANDLOCK, false, HK_STEP_SESSION},
	{true, HK_STEP_LANDLOCK, true, HK_STEP_CREDENTIALS},
	{true, HK_STEP_LANDLOCK_RESTRICT, false, HK_STEP_CREDENTIALS},
	{true, HK_STEP_LANDLOCK_RESTRICT, true, HK_STEP_SECCOMP},
	{true, HK_STEP_LSM, true, HK_STEP_CREDENTIALS},
	{true, HK_STEP_NO_NEW_PRIVS, false, HK_STEP_LSM},
	{true, HK_STEP_SECCOMP, false, HK_STEP_CREDENTIALS},
	{true, HK_STEP_SECCOMP, false, HK_STEP_NO_NEW_PRIVS},
	{true, HK_STEP_SECCOMP, true, HK_STEP_READY},
	{false, HK_STEP_SECCOMP, true, HK_STEP_CREDENTIALS},
	{false, HK_STEP_SCHEDULER, true, HK_STEP_SECCOMP},
	{false, HK_STEP_MEMORY_POLICY, true, HK_STEP_SECCOMP},
	{true, HK_STEP_LOOKUP, false, HK_STEP_CREDENTIALS},
	{true, HK_STEP_LOOKUP, true, HK_STEP_READY},
	{true, HK_STEP_CREDENTIALS, true, HK_STEP_READY},
	{true, HK_STEP_READY, true, HK_STEP_EXEC},
};

static const struct broken broken_chrooted_exec[] = {
	{true, HK_STEP_PIVOT, true, HK_STEP_NS_ENTER},
	{true, HK_STEP_LANDLOCK, false, HK_STEP_PIVOT},
	{true, HK_STEP_CREDENTIALS, false, HK_STEP_PIVOT},
	{true, HK_STEP_RLIMIT, true, HK_STEP_CREDENTIALS},
};

static void test_broken_rules_of_exec(void **state)
{
	(void)state;
	check_broken(broken_exec, HK_COUNT(broken_exec), make_full_exec, hk_plan_check_exec_order);
	check_broken(broken_chrooted_exec, HK_COUNT(broken_chrooted_exec), make_chrooted_exec,
		hk_plan_check_exec_order);
}

static void test_required_steps_of_exec(void **state)
{
	static const enum hk_step_kind kinds[] = {
		HK_STEP_CREDENTIALS, HK_STEP_LOOKUP, HK_STEP_READY, HK_STEP_SESSION, HK_STEP_UMASK};

	(void)state;
	check_required(kinds, HK_COUNT(kinds), make_full_exec, hk_plan_check_exec_order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_built_keeps_them),
		cmocka_unit_test(test_broken_rules),
		cmocka_unit_test(test_scheduler_before_the_fork),
		cmocka_unit_test(test_required_steps),
		cmocka_unit_test(test_cwd),
		cmocka_unit_test(test_landlock_is_used),
		cmocka_unit_test(test_broken_rules_of_exec),
		cmocka_unit_test(test_required_steps_of_exec),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
