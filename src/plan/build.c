/* The order of things: what the init stage does, from the host's process to the user's program.
 *
 * Where privileges and confinement go:
 * - The LSM label is written while we are root and nothing confines us; it takes effect at execve.
 * - Without noNewPrivileges a seccomp filter takes CAP_SYS_ADMIN, so that it is loaded before the
 *   capabilities go, and the profile must allow what follows (setuid, capset, chdir, openat, ...).
 * - With noNewPrivileges it is loaded last of all, and only has to allow read, write, close_range,
 *   execve. no_new_privs itself comes behind the label: AppArmor may refuse a transition under it.
 * - Landlock's rules are made as root, who reaches every path; like a seccomp filter it takes
 *   CAP_SYS_ADMIN or no_new_privs to come into force, right before the filter.
 * - startContainer hooks run confined as the container's process is. */
#include "plan/builder.h"

#include "base/findings.h"
#include "plan/order.h"

#include <errno.h>
#include <string.h>

/* While privilege and view are the host's. */
static void build_host_side(struct hk_builder *b)
{
	const struct hk_process *process = b->spec->process;
	hk_ref_str cgroup =
		b->spec->linux.cgroups_path ? HK_PROPERTY(b, "/linux/cgroupsPath") : HK_NO_PROPERTY;

	if (process->has_oom_score_adj)
		HK_STEP(&b->blob, OOM_SCORE_ADJ, oom_score_adj,
			HK_PROPERTY(b, "/process/oomScoreAdj"), .score = process->oom_score_adj);
	for (size_t i = 0; i < b->options->cgroup_join_count; i++)
		HK_STEP(&b->blob, CGROUP_JOIN, cgroup_join, cgroup,
			.file = hk_blob_str(&b->blob, b->options->cgroup_join[i]));
	/* Since 6.2 the kernel keeps a mask that somebody asked for across a change of cpuset. */
	if (b->options->own_cgroup)
		HK_STEP(&b->blob, AFFINITY, affinity, HK_NO_PROPERTY, .unused = 0);
}

static void build_console(struct hk_builder *b)
{
	const struct hk_process *process = b->spec->process;
	const struct hk_console_size *size = process->console_size;

	if (b->options->console)
		HK_STEP(&b->blob, CONSOLE, console, HK_PROPERTY(b, "/process/terminal"),
			.width = size ? size->width : 0, .height = size ? size->height : 0,
			.uid = process->user.uid, .bind_console = b->can_mount);
}

/* The console's owner is set where it is made. */
static void build_stdio(struct hk_builder *b)
{
	if (!b->options->console)
		HK_STEP(&b->blob, STDIO, stdio, HK_NO_PROPERTY, .uid = b->spec->process->user.uid);
}

/* The runtime has been moving them while we mounted. */
static void build_net_devices(struct hk_builder *b)
{
	if (b->spec->linux.net_device_count)
		HK_STEP(&b->blob, SYNC, sync, HK_PROPERTY(b, "/linux/netDevices"),
			.point = HK_SYNC_NET_DEVICES);
}

/* The runtime's hooks cost a round trip: only where there are any. */
static void build_runtime_hooks(struct hk_builder *b)
{
	const struct hk_hooks *hooks = &b->spec->hooks;

	if (hooks->at[HK_HOOK_PRESTART].count || hooks->at[HK_HOOK_CREATE_RUNTIME].count)
		HK_STEP(&b->blob, SYNC, sync, HK_PROPERTY(b, "/hooks"), .point = HK_SYNC_HOOKS);
}

static void build_cwd(struct hk_builder *b, bool make_only)
{
	HK_STEP(&b->blob, CWD, cwd, HK_PROPERTY(b, "/process/cwd"),
		.path = hk_blob_str(&b->blob, b->spec->process->cwd), .make_only = make_only);
}

static void build_no_new_privs(struct hk_builder *b)
{
	HK_STEP(&b->blob, NO_NEW_PRIVS, no_new_privs, HK_PROPERTY(b, "/process/noNewPrivileges"),
		.unused = 0);
}

/* The container's surroundings, up to the point where it is "/". */
static int build_surroundings(struct hk_builder *b)
{
	int r;

	build_host_side(b);
	hk_build_namespaces(b);
	hk_build_session(b);
	r = hk_build_part(b, hk_build_rootfs(b));
	if (r < 0)
		return r;
	r = hk_build_mounts(b);
	if (r < 0)
		return r;
	r = hk_build_part(b, hk_build_devices(b));
	if (r < 0)
		return r;
	build_console(b);
	build_net_devices(b);
	build_runtime_hooks(b);
	r = hk_build_hooks(b, HK_HOOK_CREATE_CONTAINER, "creating");
	if (r < 0)
		return r;
	hk_build_pivot(b);
	return 0;
}

/* Inside: what the container may not see or change, and what its process looks like. */
static int build_inside(struct hk_builder *b)
{
	int r;

	if (strcmp(b->spec->process->cwd, "/") != 0)
		build_cwd(b, true);
	hk_build_late_remounts(b);
	r = hk_build_part(b, hk_build_kernel_settings(b));
	if (r < 0)
		return r;
	r = hk_build_restricted_paths(b);
	if (r < 0)
		return r;
	hk_build_root_propagation(b);
	r = hk_build_part(b, hk_build_attributes(b));
	if (r < 0)
		return r;
	r = hk_build_part(b, hk_build_core_sched(b));
	if (r < 0)
		return r;
	build_stdio(b);
	build_cwd(b, false);
	hk_build_home(b);
	return hk_build_part(b, hk_build_lsm(b));
}

static int build_program(struct hk_builder *b)
{
	bool nnp = b->spec->process->no_new_privileges;
	int r;

	if (b->spec->process->rlimit_count > 0)
		HK_STEP(&b->blob, RLIMITS, rlimits, HK_PROPERTY(b, "/process/rlimits"),
			.unused = 0);
	r = hk_build_part(b, hk_build_landlock(b));
	if (r < 0)
		return r;
	if (!nnp) {
		hk_build_landlock_restrict(b);
		hk_build_seccomp(b);
	}
	hk_build_credentials(b);
	build_cwd(b, false);
	hk_build_lookup(b);
	if (nnp) {
		build_no_new_privs(b);
		hk_build_landlock_restrict(b);
		hk_build_seccomp(b);
	}
	HK_STEP(&b->blob, READY, ready, HK_NO_PROPERTY, .unused = 0);
	HK_STEP(&b->blob, WAIT_START, wait_start, HK_NO_PROPERTY, .unused = 0);
	r = hk_build_hooks(b, HK_HOOK_START_CONTAINER, "created");
	if (r < 0)
		return r;
	hk_build_exec(b);
	return 0;
}

static int build_steps(struct hk_builder *b)
{
	int r = hk_annotated_read(&b->spec->annotations, &b->scratch, &b->annotated, b->findings);

	if (r < 0)
		return r;
	r = hk_build_environment(b);
	if (r < 0)
		return r;
	r = build_surroundings(b);
	if (r < 0)
		return r;
	r = build_inside(b);
	if (r < 0)
		return r;
	return build_program(b);
}

static int check_input(const struct hk_spec *spec, struct hk_err *err)
{
	if (!spec->root) {
		(void)hk_refuse(err, EINVAL, "a container needs a root file system");
		return hk_err_at(err, "/root");
	}
	if (!spec->process) {
		(void)hk_refuse(err, EINVAL, "a container needs a process");
		return hk_err_at(err, "/process");
	}
	if (!spec->process->args.count) {
		(void)hk_refuse(err, EINVAL, "a process needs a program");
		return hk_err_at(err, "/process/args");
	}
	return 0;
}

static int finish(struct hk_builder *b, struct hk_arena *arena, const struct hk_plan **ret)
{
	const struct hk_plan *plan = hk_blob_finish(&b->blob, hk_build_clone_flags(b), arena);
	int r;

	if (!plan)
		return hk_fail(b->err, ENOMEM, "make the plan");
	r = hk_plan_check(plan, plan->size, b->err);
	if (r < 0)
		return r;
	r = hk_plan_check_order(plan, b->err);
	if (r < 0)
		return r;
	*ret = plan;
	return 0;
}

static struct hk_builder new_builder(const struct hk_spec *spec, const struct hk_facts *facts,
	const struct hk_plan_options *options, struct hk_findings *findings)
{
	return (struct hk_builder){.spec = spec,
		.facts = facts,
		.options = options,
		.err = findings->err,
		.findings = findings,
		.user_namespace = hk_spec_namespace(spec, HK_NS_USER),
		.mount_namespace = hk_spec_namespace(spec, HK_NS_MOUNT),
		.can_mount = hk_spec_namespace(spec, HK_NS_MOUNT) || hk_plan_mounts_on_host(spec),
		.dev_is_bind = hk_dev_is_bind(spec)};
}

static void free_builder(struct hk_builder *b)
{
	hk_blob_done(&b->blob);
	hk_arena_done(&b->scratch);
}

int hk_plan_build(const struct hk_spec *spec, const struct hk_facts *facts,
	const struct hk_plan_options *options, struct hk_arena *arena, const struct hk_plan **ret,
	struct hk_err *err)
{
	struct hk_err own;
	struct hk_findings first = HK_FIRST_FINDING(err ? err : &own);
	struct hk_builder b = new_builder(spec, facts, options, &first);
	int r = check_input(spec, b.err);

	if (r >= 0)
		r = build_steps(&b);
	if (r >= 0)
		r = finish(&b, arena, ret);
	free_builder(&b);
	return r;
}

int hk_plan_examine(const struct hk_spec *spec, const struct hk_facts *facts,
	const struct hk_plan_options *options, struct hk_findings *findings)
{
	struct hk_builder b = new_builder(spec, facts, options, findings);
	int r = check_input(spec, b.err);

	/* without these nothing can be planned */
	r = r < 0 ? hk_found(findings) : build_steps(&b);
	free_builder(&b);
	return r;
}
