/* A process beside a container's init: into what is there already, and from there on as build.c. */
#include "plan/builder.h"

#include "base/err.h"
#include "base/sys.h"
#include "plan/order.h"

#include <errno.h>

/* One setns(2) for all of them: the kernel checks our right to each before it changes any. What has
 * to be done by name on the host, or with the host's privilege, comes before. */
static int enter_container(struct hk_builder *b)
{
	uint64_t flags = b->joined->namespaces;
	int r;

	/* Whose mounts are the host's is kept in by its root directory alone. */
	if (!(flags & HK_CLONE_NEWNS))
		HK_STEP(&b->blob, PIVOT, pivot, HK_NO_PROPERTY, .how = HK_PIVOT_CHROOT);
	/* by its pid, which is init's if its pidfd can be entered right behind */
	r = hk_build_core_sched(b);
	if (flags)
		HK_STEP(&b->blob, NS_ENTER, ns_enter, HK_NO_PROPERTY, .flags = flags);
	if (flags & HK_CLONE_NEWUSER)
		HK_STEP(&b->blob, BECOME_ROOT, become_root, HK_NO_PROPERTY,
			.keep_groups = b->annotated.keep_groups);
	/* Both namespaces are those of children: whoever entered them stays outside. */
	if (flags & (HK_CLONE_NEWPID | HK_CLONE_NEWTIME))
		HK_STEP(&b->blob, FORK, fork, HK_NO_PROPERTY, .share_memory = true);
	return r;
}

static int build_steps(struct hk_builder *b)
{
	int r = hk_annotated_read(&b->spec->annotations, &b->scratch, &b->annotated, b->findings);

	if (r == 0)
		r = hk_build_environment(b);
	if (r == 0)
		r = hk_build_host_side(b);
	if (r == 0)
		r = enter_container(b);
	if (r < 0)
		return r;
	hk_build_session(b);
	hk_build_console(b);
	r = hk_build_kernel_settings(b);
	if (r == 0)
		r = hk_build_attributes(b);
	if (r < 0)
		return r;
	hk_build_stdio(b);
	hk_build_cwd(b, false);
	hk_build_home(b);
	r = hk_build_lsm(b);
	if (r == 0)
		r = hk_build_program(b);
	if (r < 0)
		return r;
	hk_build_exec(b);
	return 0;
}

static int finish(struct hk_builder *b, struct hk_arena *arena, const struct hk_plan **ret)
{
	const struct hk_plan *plan = hk_blob_finish(&b->blob, 0, arena);
	int r;

	if (!plan)
		return hk_fail(b->err, ENOMEM, "make the plan");
	r = hk_plan_check(plan, plan->size, b->err);
	if (r == 0)
		r = hk_plan_check_exec_order(plan, b->err);
	if (r == 0)
		*ret = plan;
	return r;
}

int hk_plan_build_exec(const struct hk_spec *spec, const struct hk_facts *facts,
	const struct hk_plan_options *options, const struct hk_plan_joined *joined,
	struct hk_arena *arena, const struct hk_plan **ret, struct hk_err *err)
{
	struct hk_err own;
	struct hk_findings first = HK_FIRST_FINDING(err ? err : &own);
	struct hk_builder b = hk_builder_new(spec, facts, options, &first);
	int r = hk_build_check_process(spec, b.err);

	b.joined = joined;
	if (r == 0)
		r = build_steps(&b);
	if (r == 0)
		r = finish(&b, arena, ret);
	hk_builder_done(&b);
	return r;
}
