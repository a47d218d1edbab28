/* The steps that a container's creation and its restoration have in common, and the undoing of what
 * has been done when one fails. */
#include "lib/creation.h"

#include "base/fd.h"
#include "lib/dynamic.h"
#include "lib/rootfs_mount.h"
#include "lib/spec.h"
#include "lib/timeline.h"

#include <signal.h>

void hk_creation_init(struct hk_creation *c, struct hako_runtime *runtime, const char *id, bool run)
{
	*c = (struct hk_creation){.runtime = runtime, .id = id, .run = run, .root = -1, .dir = -1};
	for (int i = 0; i < HK_SLOT_COUNT; i++)
		c->slots[i] = -1;
	c->process.pidfd = c->holder.pidfd = -1;
	hk_handshake_init(&c->handshake);
}

struct hako_container *hk_creation_take_container(struct hk_creation *c)
{
	c->container->pid = c->process.pid;
	c->container->pidfd = hk_take_fd(&c->process.pidfd);
	c->container->notify = c->notify;
	c->notify = NULL;
	return c->container;
}

void hk_creation_done(struct hk_creation *c)
{
	hk_net_devices_free(c->net_devices);
	hk_creation_close_slots(c);
	hk_close(&c->process.pidfd);
	hk_close(&c->dir);
	hk_close(&c->root);
	hk_prepared_done(&c->prepared);
}

int hk_creation_make_directory(struct hk_creation *c, struct hk_err *err)
{
	c->root = hk_state_root_open(c->runtime->root, c->runtime->root_mode, err);
	if (c->root < 0)
		return c->root;
	c->dir = hk_state_dir_create(c->root, c->id, err);
	return c->dir < 0 ? c->dir : 0;
}

void hk_creation_remove_directory(struct hk_creation *c)
{
	struct hk_err e = {0};

	if (c->deleted || c->left_over)
		return;
	if (hk_state_dir_remove(c->root, c->id, &e) < 0)
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", e.message);
}

static int log_warnings(struct hk_creation *c, struct hk_err *err)
{
	struct hk_strings warnings;
	int r = hk_prepared_warnings(&c->prepared, &warnings);

	if (r < 0)
		return hk_fail(err, -r, "write the warnings");
	for (size_t i = 0; i < warnings.count; i++)
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", warnings.items[i]);
	return 0;
}

/* Before the state directory is there, which the program that begins anew would find taken. */
int hk_creation_want_libraries(struct hk_creation *c, struct hk_err *err)
{
	const struct hako_spec *given = c->prepared.options.spec;
	int r = 0;

	if (c->runtime->cgroup_manager == HK_CGROUP_MANAGER_SYSTEMD)
		r = hk_dynamic_want(c->runtime, "libsystemd", err);
	if (r == 0 && given && given->spec.linux.net_device_count)
		r = hk_dynamic_want(c->runtime, "libmnl", err);
	return r;
}

int hk_creation_prepare(struct hk_creation *c, struct hk_err *err)
{
	int r = hk_prepare(&c->prepared, err);

	return r < 0 ? r : log_warnings(c, err);
}

void hk_creation_remove_rootfs_mount(struct hk_creation *c)
{
	struct hk_err e = {0};

	if (!c->deleted && hk_rootfs_mount_remove(&c->state, &e) < 0) {
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", e.message);
		c->left_over = true;
	}
}

int hk_creation_make_cgroup(struct hk_creation *c, struct hk_err *err)
{
	if (c->prepared.spec->linux.cgroups_path)
		hk_timeline_property(c->timeline, "/linux/cgroupsPath");
	return hk_cgroup_create(c->prepared.cgroup, &c->prepared.cgroup_request, err);
}

/* Now that init is there, and before it runs anything: what hk_prepare_cgroup has put off. */
int hk_creation_limit_processes(struct hk_creation *c, struct hk_err *err)
{
	const struct hk_resources *asked = c->prepared.spec->linux.resources;
	struct hk_cgroup_change *change;
	struct hk_resources only;
	int r;

	if (asked == c->prepared.cgroup_request.resources)
		return 0;
	only = (struct hk_resources){.pids_limit = asked->pids_limit};
	r = hk_cgroup_change_prepare(c->prepared.cgroup, &only, &c->prepared.arena, &change, err);
	return r < 0 ? r : hk_cgroup_change_apply(change, err);
}

void hk_creation_remove_cgroup(struct hk_creation *c)
{
	struct hk_err e = {0};

	hk_holder_end(&c->holder); /* still in there where init never was */
	if (c->deleted)
		return;
	/* What the container left running where it has no pid namespace of its own. */
	if (!c->state.private_pid_namespace && c->spawned &&
		hk_cgroup_kill(c->prepared.cgroup, SIGKILL, &e) < 0)
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", e.message);
	if (hk_cgroup_destroy(c->prepared.cgroup, &e) < 0) {
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", e.message);
		c->left_over = true;
	}
}

int hk_creation_make_rdt(struct hk_creation *c, struct hk_err *err)
{
	struct hk_prepared *p = &c->prepared;

	if (!p->rdt.group)
		return 0;
	hk_timeline_property(c->timeline, "/linux/intelRdt");
	return hk_rdt_make(&p->rdt, p->spec->linux.intel_rdt, err);
}

void hk_creation_remove_rdt(struct hk_creation *c)
{
	struct hk_err e = {0};

	if (!c->deleted && c->prepared.rdt.group && hk_rdt_unmake(&c->prepared.rdt, &e) < 0) {
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", e.message);
		c->left_over = true;
	}
}

int hk_creation_make_handle(struct hk_creation *c, struct hk_err *err)
{
	return hk_container_new(c->runtime, c->id, &c->container, err);
}

void hk_creation_free_handle(struct hk_creation *c)
{
	hako_container_free(c->container);
}

int hk_creation_find_net_devices(struct hk_creation *c, struct hk_err *err)
{
	const struct hk_linux *linux = &c->prepared.spec->linux;

	if (!linux->net_device_count)
		return 0;
	hk_timeline_property(c->timeline, "/linux/netDevices");
	return hk_net_devices_find(
		linux->net_devices, linux->net_device_count, &c->net_devices, err);
}

/* The container's processes are gone, but our sockets keep its network namespace. */
void hk_creation_return_net_devices(struct hk_creation *c)
{
	hk_net_devices_return(c->net_devices, &c->runtime->log);
}

static int run_step(struct hk_creation *c, const struct hk_creation_step *step, struct hk_err *err)
{
	int r;

	hk_timeline_begin(c->timeline, step->name);
	r = step->make(c, err);
	hk_timeline_end(c->timeline, r);
	return r;
}

int hk_creation_run_steps(struct hk_creation *c, const struct hk_creation_step *steps, size_t count,
	struct hk_err *err)
{
	struct hk_hook_state state;
	size_t i = 0;
	int r = 0;

	while (i < count && (r = run_step(c, &steps[i], err)) == 0)
		i++;
	hk_creation_close_timeline(c, r, err);
	if (r == 0)
		return 0;
	if (c->prepared.spec && err)
		hk_spec_locate(c->prepared.spec, err);
	while (i-- > 0)
		if (steps[i].undo)
			steps[i].undo(c);
	if (c->spawned && !c->deleted) {
		state = hk_creation_hook_state(c);
		hk_hooks_run_all(&c->prepared.spec->hooks, HK_HOOK_POSTSTOP, &state, "stopped",
			&c->runtime->log);
	}
	return r;
}
