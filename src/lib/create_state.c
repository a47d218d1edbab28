/* What is written down about a container while it is created. */
#include "lib/creation.h"

#include "base/err.h"
#include "lib/rootfs_mount.h"
#include "lib/timestamp.h"

#include <errno.h>

struct hk_hook_state hk_creation_hook_state(const struct hk_creation *c)
{
	return (struct hk_hook_state){
		.id = c->id,
		.bundle = c->prepared.bundle,
		.annotations = &c->prepared.spec->annotations,
	};
}

static int list_cgroup_paths(struct hk_creation *c, struct hk_err *err)
{
	const struct hk_cgroup *cgroup = c->prepared.cgroup;
	struct hk_pairs *paths = &c->state.cgroup_paths;

	paths->count = hk_cgroup_path_count(cgroup);
	paths->items = hk_arena_array(&c->prepared.arena, paths->count + 1, sizeof(*paths->items));
	if (!paths->items)
		return hk_fail(err, ENOMEM, "list the container's cgroups");
	for (size_t i = 0; i < paths->count; i++)
		hk_cgroup_path(cgroup, i, &paths->items[i].key, &paths->items[i].value);
	return 0;
}

/* For exec. */
static int store_seccomp(struct hk_creation *c, struct hk_err *err)
{
	const struct hk_seccomp_filter *filter = &c->prepared.filter;
	const struct hk_state_seccomp seccomp = {
		.instructions = filter->instructions,
		.size = filter->size,
		.flags = filter->flags,
		.notify = filter->notify,
		.listener_path = c->prepared.listener.path,
		.listener_metadata = c->prepared.spec->linux.seccomp->listener_metadata,
	};

	return hk_state_seccomp_store(c->dir, &seccomp, err);
}

static int list_joined_namespaces(struct hk_creation *c, struct hk_err *err)
{
	const struct hk_linux *linux = &c->prepared.spec->linux;
	struct hk_strings *joined = &c->state.joined_namespaces;

	joined->count = 0;
	joined->items = hk_arena_array(&c->prepared.arena, HK_NS_COUNT, sizeof(*joined->items));
	if (!joined->items)
		return hk_fail(err, ENOMEM, "list the container's namespaces");
	for (size_t i = 0; i < linux->namespace_count; i++)
		if (linux->namespaces[i].path)
			joined->items[joined->count++] =
				hk_ns_infos[linux->namespaces[i].type].proc_name;
	return 0;
}

int hk_creation_store_creating(struct hk_creation *c, struct hk_err *err)
{
	const struct hk_spec *spec = c->prepared.spec;
	int r;

	c->state.id = c->id;
	c->state.bundle = c->prepared.bundle;
	c->state.rootfs = c->prepared.rootfs;
	c->state.config_path = c->prepared.config_path;
	c->state.owner = c->prepared.facts.euid;
	c->state.rootless = c->runtime->rootless;
	c->state.systemd_cgroup = c->runtime->cgroup_manager == HK_CGROUP_MANAGER_SYSTEMD;
	c->state.systemd_user = c->prepared.rootless;
	c->state.systemd_unit = c->prepared.unit.name;
	c->state.private_pid_namespace = hk_spec_new_namespace(spec, HK_NS_PID);
	c->state.no_new_keyring = c->prepared.options.no_new_keyring;
	c->state.seccomp = c->prepared.filter.size > 0;
	c->state.notify_socket = c->prepared.options.notify_socket;
	c->state.mount_label = spec->linux.mount_label;
	c->state.intel_rdt_path = c->prepared.rdt.group;
	c->state.intel_rdt_monitor = c->prepared.rdt.monitor;
	c->state.intel_rdt_owned = hk_rdt_owns_group(&c->prepared.rdt);
	c->state.resources = spec->linux.resources;
	c->state.annotations = spec->annotations;
	c->state.hooks = spec->hooks;
	r = list_cgroup_paths(c, err);
	if (r == 0)
		r = list_joined_namespaces(c, err);
	if (r == 0 && hk_plan_mounts_on_host(spec))
		r = hk_rootfs_mount_note(&c->state, err);
	if (r == 0)
		r = hk_state_common_store(c->dir, spec, err);
	if (r == 0 && c->state.seccomp)
		r = store_seccomp(c, err);
	return r < 0 ? r : hk_state_store(c->dir, &c->state, err);
}

/* As runc names and spells them: other programs look for "NEWNET". */
static int list_namespaces(struct hk_creation *c, pid_t pid, struct hk_err *err)
{
	static const char *const keys[] = {
		[HK_NS_USER] = "NEWUSER",
		[HK_NS_MOUNT] = "NEWNS",
		[HK_NS_PID] = "NEWPID",
		[HK_NS_NETWORK] = "NEWNET",
		[HK_NS_IPC] = "NEWIPC",
		[HK_NS_UTS] = "NEWUTS",
		[HK_NS_CGROUP] = "NEWCGROUP",
		[HK_NS_TIME] = "NEWTIME",
	};
	struct hk_arena *arena = &c->prepared.arena;
	struct hk_pairs *paths = &c->state.namespace_paths;

	paths->items = hk_arena_array(arena, HK_NS_COUNT, sizeof(*paths->items));
	if (!paths->items)
		return hk_fail(err, ENOMEM, "list the container's namespaces");
	for (int i = 0; i < HK_NS_COUNT; i++) {
		paths->items[i].key = keys[i];
		paths->items[i].value = hk_arena_printf(
			arena, "/proc/%d/ns/%s", (int)pid, hk_ns_infos[i].proc_name);
		if (!paths->items[i].value)
			return hk_fail(err, ENOMEM, "list the container's namespaces");
	}
	paths->count = HK_NS_COUNT;
	return 0;
}

int hk_creation_store_created(struct hk_creation *c, pid_t pid, struct hk_err *err)
{
	int r;

	c->state.created = hk_timestamp(&c->prepared.arena);
	if (!c->state.created)
		return hk_fail(err, ENOMEM, "note the time");
	r = list_namespaces(c, pid, err);
	return r < 0 ? r : hk_state_store(c->dir, &c->state, err);
}
