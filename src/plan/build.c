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

/* The container's surroundings, up to the point where it is "/". */
static int build_surroundings(struct hk_builder *b)
{
	int r;

	r = hk_build_part(b, hk_build_host_side(b));
	if (r < 0)
		return r;
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
	hk_build_console(b);
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
		hk_build_cwd(b, true);
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
	hk_build_stdio(b);
	hk_build_cwd(b, false);
	hk_build_home(b);
	return hk_build_part(b, hk_build_lsm(b));
}

static int build_start(struct hk_builder *b)
{
	int r = hk_build_program(b);

	if (r < 0)
		return r;
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
	return build_start(b);
}

int hk_build_check_process(const struct hk_spec *spec, struct hk_err *err)
{
	if (!spec->process) {
		(void)hk_refuse(err, EINVAL, "a container needs a process");
		return hk_err_at(err, "/process");
	}
	if (!spec->process->args.count) {
		(void)hk_refuse(err, EINVAL, "a process needs a program");
		return hk_err_at(err, "%s/args", hk_spec_process_at(spec));
	}
	return 0;
}

static int check_input(const struct hk_spec *spec, struct hk_err *err)
{
	if (!spec->root) {
		(void)hk_refuse(err, EINVAL, "a container needs a root file system");
		return hk_err_at(err, "/root");
	}
	return hk_build_check_process(spec, err);
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

struct hk_builder hk_builder_new(const struct hk_spec *spec, const struct hk_facts *facts,
	const struct hk_plan_options *options, struct hk_findings *findings)
{
	return (struct hk_builder){.spec = spec,
		.facts = facts,
		.options = options,
		.err = findings->err,
		.findings = findings,
		.process = hk_spec_process_at(spec),
		.user_namespace = hk_spec_namespace(spec, HK_NS_USER),
		.mount_namespace = hk_spec_namespace(spec, HK_NS_MOUNT),
		.can_mount = hk_spec_namespace(spec, HK_NS_MOUNT) || hk_plan_mounts_on_host(spec),
		.dev_is_bind = hk_dev_is_bind(spec)};
}

void hk_builder_done(struct hk_builder *b)
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
	struct hk_builder b = hk_builder_new(spec, facts, options, &first);
	int r = check_input(spec, b.err);

	if (r >= 0)
		r = build_steps(&b);
	if (r >= 0)
		r = finish(&b, arena, ret);
	hk_builder_done(&b);
	return r;
}

int hk_plan_examine(const struct hk_spec *spec, const struct hk_facts *facts,
	const struct hk_plan_options *options, struct hk_findings *findings)
{
	struct hk_builder b = hk_builder_new(spec, facts, options, findings);
	int r = check_input(spec, b.err);

	/* without these nothing can be planned */
	r = r < 0 ? hk_found(findings) : build_steps(&b);
	hk_builder_done(&b);
	return r;
}
