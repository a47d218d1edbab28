/* Steps that only annotations ask for. */
#include "plan/builder.h"

#include "base/err.h"

#include <errno.h>
#include <inttypes.h>

#define CORE_SCHED_PROPERTY "/annotations/" HK_ANNOTATION_CORE_SCHED
#define LANDLOCK_PROPERTY   "/annotations/" HK_ANNOTATION_LANDLOCK

static int refuse_core_sched(struct hk_builder *b)
{
	bool no_siblings = b->facts->core_sched_errno == ENODEV;

	if (!no_siblings && b->facts->core_sched_errno != EINVAL) {
		(void)hk_fail(b->err, b->facts->core_sched_errno, "ask for core scheduling");
		return hk_err_at(b->err, CORE_SCHED_PROPERTY);
	}
	(void)hk_refuse(b->err, ENOTSUP, "core scheduling is not possible on this host: %s",
		no_siblings ? "no core of its CPUs has more than one thread"
			    : "its kernel is built without CONFIG_SCHED_CORE");
	hk_err_hint(b->err, "%s",
		no_siblings ? "where SMT is off no cookie is needed: take the annotation out"
			    : "Linux 5.14 has it, where the distribution has switched it on");
	return hk_err_at(b->err, CORE_SCHED_PROPERTY);
}

int hk_build_core_sched(struct hk_builder *b)
{
	if (!b->annotated.core_sched)
		return 0;
	if (b->facts->core_sched_errno)
		return refuse_core_sched(b);
	HK_STEP(&b->blob, CORE_SCHED, core_sched, HK_PROPERTY(b, CORE_SCHED_PROPERTY),
		.share = b->joined ? b->joined->init_pid : 0);
	return 0;
}

/* Never less than was asked for: whoever wants what an older kernel can do says so by "abi". */
static int refuse_landlock(struct hk_builder *b, uint32_t wanted)
{
	uint32_t abi = b->facts->landlock_abi;

	if (!abi) {
		(void)hk_refuse(b->err, ENOTSUP, "Landlock is not enabled on this host");
		hk_err_hint(b->err, "the kernel (5.13 or later) needs landlock in its parameter "
				    "lsm= or in CONFIG_LSM");
	} else {
		(void)hk_refuse(b->err, ENOTSUP,
			"the rules need Landlock ABI %" PRIu32 ", this kernel has %" PRIu32, wanted,
			abi);
		hk_err_hint(b->err,
			"Linux %s has it; the clause 'abi:%" PRIu32
			"' restricts no more than this kernel can",
			hk_landlock_first_kernel(wanted), abi);
	}
	return hk_err_at(b->err, LANDLOCK_PROPERTY);
}

int hk_build_landlock(struct hk_builder *b)
{
	const struct hk_landlock *rules = b->annotated.landlock;

	if (!rules)
		return 0;
	if (b->facts->landlock_abi < rules->abi)
		return refuse_landlock(b, rules->abi);
	HK_STEP(&b->blob, LANDLOCK, landlock, HK_PROPERTY(b, LANDLOCK_PROPERTY), .fs = rules->fs,
		.net = rules->net, .scope = rules->scope,
		.paths = hk_blob_strs(&b->blob, rules->paths, rules->path_count),
		.path_rights = hk_blob_u32s(&b->blob, rules->path_rights, rules->path_count),
		.ports = hk_blob_u32s(&b->blob, rules->ports, rules->port_count),
		.port_rights = hk_blob_u32s(&b->blob, rules->port_rights, rules->port_count));
	return 0;
}

void hk_build_landlock_restrict(struct hk_builder *b)
{
	if (b->annotated.landlock)
		HK_STEP(&b->blob, LANDLOCK_RESTRICT, landlock_restrict,
			HK_PROPERTY(b, LANDLOCK_PROPERTY), .unused = 0);
}
