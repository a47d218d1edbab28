/* Steps into the namespaces. See "Two ways into the namespaces" in docs/architecture.md. */
#include "plan/builder.h"

#include "base/sys.h"

/* The order in which existing namespaces are joined. The mount namespace comes last, because it
 * changes what every path means. The user namespace's place depends on privilege. */
static const enum hk_ns_type join_order[] = {
	HK_NS_CGROUP, HK_NS_IPC, HK_NS_UTS, HK_NS_NETWORK, HK_NS_PID, HK_NS_TIME, HK_NS_MOUNT};

static hk_ref_str entry_property(struct hk_builder *b, const struct hk_namespace *ns)
{
	return HK_PROPERTY(b, "/linux/namespaces/%zu", (size_t)(ns - b->spec->linux.namespaces));
}

static bool joins_any(const struct hk_spec *spec)
{
	for (size_t i = 0; i < spec->linux.namespace_count; i++) {
		if (spec->linux.namespaces[i].path)
			return true;
	}
	return false;
}

/* All new namespaces but the user namespace, which is made alone and first, and the cgroup
 * namespace: its root is the cgroup of the process that makes it, so that it waits for the join. */
static uint64_t new_flags(const struct hk_spec *spec)
{
	uint64_t flags = 0;

	for (enum hk_ns_type type = 0; type < HK_NS_COUNT; type++) {
		if (type != HK_NS_USER && type != HK_NS_CGROUP && hk_spec_new_namespace(spec, type))
			flags |= hk_ns_infos[type].clone_flag;
	}
	return flags;
}

/* A new time namespace wants its offsets written before anything is in it, and clone3 with
 * CLONE_VM leaves the child outside of it. */
uint64_t hk_build_clone_flags(const struct hk_builder *b)
{
	if (b->user_namespace || joins_any(b->spec) || hk_spec_new_namespace(b->spec, HK_NS_TIME))
		return 0;
	return new_flags(b->spec);
}

static void join(struct hk_builder *b, enum hk_ns_type type)
{
	const struct hk_namespace *ns = hk_spec_namespace(b->spec, type);

	if (ns && ns->path)
		HK_STEP(&b->blob, NS_JOIN, ns_join, entry_property(b, ns),
			.slot = HK_SLOT_NS + (uint32_t)type, .type = hk_ns_infos[type].clone_flag);
}

static void enter_user_namespace(struct hk_builder *b)
{
	const struct hk_namespace *ns = hk_spec_namespace(b->spec, HK_NS_USER);
	bool ours;

	if (!ns)
		return;
	if (ns->path)
		join(b, HK_NS_USER);
	else
		HK_STEP(&b->blob, NS_UNSHARE, ns_unshare, entry_property(b, ns),
			.flags = HK_CLONE_NEWUSER);
	/* Only where the runtime itself maps the ids with the host's privilege is it known that
	 * setgroups(2) is allowed. */
	ours = !ns->path && b->facts->euid == 0 && !b->facts->in_user_namespace;
	HK_STEP(&b->blob, BECOME_ROOT, become_root, entry_property(b, ns),
		.set_groups = ours && !b->annotated.keep_groups,
		.keep_groups = b->annotated.keep_groups);
}

static void join_others(struct hk_builder *b)
{
	for (size_t i = 0; i < HK_COUNT(join_order); i++)
		join(b, join_order[i]);
}

static void set_time_offsets(struct hk_builder *b)
{
	const struct hk_linux *linux = &b->spec->linux;

	if (!linux->monotonic.set && !linux->boottime.set)
		return;
	HK_STEP(&b->blob, TIME_OFFSETS, time_offsets, HK_PROPERTY(b, "/linux/timeOffsets"),
		.has_monotonic = linux->monotonic.set, .monotonic_sec = linux->monotonic.seconds,
		.monotonic_nsec = linux->monotonic.nanoseconds, .has_boottime = linux->boottime.set,
		.boottime_sec = linux->boottime.seconds,
		.boottime_nsec = linux->boottime.nanoseconds);
}

void hk_build_namespaces(struct hk_builder *b)
{
	bool host_root = b->facts->euid == 0;
	uint64_t flags = new_flags(b->spec);

	if (hk_build_clone_flags(b) || (!flags && !b->user_namespace && !joins_any(b->spec)))
		return;
	/* setns(2) wants CAP_SYS_ADMIN in the user namespace that owns the target. Root has it as
	 * long as it is outside of the container's user namespace; an ordinary user gets it there.
	 */
	if (host_root)
		join_others(b);
	enter_user_namespace(b);
	if (!host_root)
		join_others(b);
	if (flags)
		HK_STEP(&b->blob, NS_UNSHARE, ns_unshare, HK_PROPERTY(b, "/linux/namespaces"),
			.flags = flags);
	set_time_offsets(b);
	/* Both namespaces are those of children: whoever asked for them stays outside. */
	if (hk_spec_namespace(b->spec, HK_NS_PID) || hk_spec_new_namespace(b->spec, HK_NS_TIME))
		HK_STEP(&b->blob, FORK, fork, HK_NO_PROPERTY,
			.share_memory = !hk_spec_new_namespace(b->spec, HK_NS_TIME));
}

/* What a process that has just arrived in its namespaces does first. */
void hk_build_session(struct hk_builder *b)
{
	const struct hk_process *process = b->spec->process;
	const struct hk_namespace *cgroup = hk_spec_namespace(b->spec, HK_NS_CGROUP);

	HK_STEP(&b->blob, SESSION, session, HK_NO_PROPERTY, .unused = 0);
	if (b->spec->linux.net_device_count)
		HK_STEP(&b->blob, NETLINK, netlink, HK_PROPERTY(b, "/linux/netDevices"),
			.unused = 0);
	if (hk_spec_new_namespace(b->spec, HK_NS_NETWORK))
		HK_STEP(&b->blob, LOOPBACK, loopback, HK_NO_PROPERTY, .unused = 0);
	if (!b->options->no_new_keyring)
		HK_STEP(&b->blob, KEYRING, keyring, HK_NO_PROPERTY,
			.name = HK_PROPERTY(b, "_ses.%s", b->options->id),
			.label = hk_blob_str(
				&b->blob, b->facts->selinux ? process->selinux_label : NULL),
			.user_namespace = b->user_namespace);
	if (cgroup && !cgroup->path)
		HK_STEP(&b->blob, NS_UNSHARE, ns_unshare, entry_property(b, cgroup),
			.flags = HK_CLONE_NEWCGROUP);
}
