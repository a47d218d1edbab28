/* hako_create and hako_run: one list of steps on the host, undone newest first when one fails. */
#include "lib/creation.h"

#include "base/fd.h"
#include "lib/errors.h"
#include "lib/rootfs_mount.h"
#include "lib/timeline.h"

#include <signal.h>

static int make_directory(struct hk_creation *c, struct hk_err *err)
{
	c->root = hk_state_root_open(c->runtime->root, true, err);
	if (c->root < 0)
		return c->root;
	c->dir = hk_state_dir_create(c->root, c->id, err);
	return c->dir < 0 ? c->dir : 0;
}

static void remove_directory(struct hk_creation *c)
{
	struct hk_err e = {0};

	if (c->left_over)
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

static int prepare(struct hk_creation *c, struct hk_err *err)
{
	int r = hk_prepare(&c->prepared, err);

	return r < 0 ? r : log_warnings(c, err);
}

static void remove_rootfs_mount(struct hk_creation *c)
{
	struct hk_err e = {0};

	if (hk_rootfs_mount_remove(&c->state, &e) < 0) {
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", e.message);
		c->left_over = true;
	}
}

static int make_cgroup(struct hk_creation *c, struct hk_err *err)
{
	if (c->prepared.spec->linux.cgroups_path)
		hk_timeline_property(c->timeline, "/linux/cgroupsPath");
	return hk_cgroup_create(c->prepared.cgroup, &c->prepared.cgroup_request, err);
}

static void remove_cgroup(struct hk_creation *c)
{
	struct hk_err e = {0};

	/* What the container left running where it has no pid namespace of its own. */
	if (!c->state.private_pid_namespace && c->spawned &&
		hk_cgroup_kill(c->prepared.cgroup, SIGKILL, &e) < 0)
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", e.message);
	if (hk_cgroup_destroy(c->prepared.cgroup, &e) < 0) {
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", e.message);
		c->left_over = true;
	}
}

static int make_rdt(struct hk_creation *c, struct hk_err *err)
{
	const struct hk_prepared *p = &c->prepared;

	if (!p->rdt.group)
		return 0;
	hk_timeline_property(c->timeline, "/linux/intelRdt");
	return hk_rdt_make(&p->rdt, p->spec->linux.intel_rdt, err);
}

static void remove_rdt(struct hk_creation *c)
{
	struct hk_err e = {0};

	if (c->prepared.rdt.group && hk_rdt_unmake(&c->prepared.rdt, &e) < 0) {
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", e.message);
		c->left_over = true;
	}
}

static int make_handle(struct hk_creation *c, struct hk_err *err)
{
	return hk_container_new(c->runtime, c->id, &c->container, err);
}

static void free_handle(struct hk_creation *c)
{
	hako_container_free(c->container);
}

static int find_net_devices(struct hk_creation *c, struct hk_err *err)
{
	const struct hk_linux *linux = &c->prepared.spec->linux;

	if (!linux->net_device_count)
		return 0;
	hk_timeline_property(c->timeline, "/linux/netDevices");
	return hk_net_devices_find(
		linux->net_devices, linux->net_device_count, &c->net_devices, err);
}

/* The container's processes are gone, but our sockets keep its network namespace. */
static void return_net_devices(struct hk_creation *c)
{
	hk_net_devices_return(c->net_devices, &c->runtime->log);
}

static const struct {
	const char *name; /* in a timeline */
	int (*make)(struct hk_creation *c, struct hk_err *err);
	void (*undo)(struct hk_creation *c);
} steps[] = {
	{"directory", make_directory, remove_directory},
	{"prepare", prepare, NULL},
	{"state", hk_creation_store_creating, remove_rootfs_mount},
	{"cgroup", make_cgroup, remove_cgroup},
	{"rdt", make_rdt, remove_rdt},
	{"descriptors", hk_creation_open_slots, hk_creation_close_slots},
	{"handle", make_handle, free_handle},
	{"find network devices", find_net_devices, return_net_devices},
	{"init stage", hk_creation_run_stage, hk_creation_kill_init},
	{"start", hk_creation_await_program, NULL},
};

static int run_step(struct hk_creation *c, size_t i, struct hk_err *err)
{
	int r;

	hk_timeline_begin(c->timeline, steps[i].name);
	r = steps[i].make(c, err);
	hk_timeline_end(c->timeline, r);
	return r;
}

static int run_steps(struct hk_creation *c, struct hk_err *err)
{
	struct hk_hook_state state;
	size_t i = 0;
	int r = 0;

	while (i < HK_COUNT(steps) && (r = run_step(c, i, err)) == 0)
		i++;
	hk_creation_close_timeline(c, r, err);
	if (r == 0)
		return 0;
	if (c->prepared.spec && err)
		hk_spec_locate(c->prepared.spec, err);
	while (i-- > 0)
		if (steps[i].undo)
			steps[i].undo(c);
	if (c->spawned) {
		state = hk_creation_hook_state(c);
		hk_hooks_run_all(&c->prepared.spec->hooks, HK_HOOK_POSTSTOP, &state, "stopped",
			&c->runtime->log);
	}
	return r;
}

static int create(hako_runtime *runtime, const char *id, const struct hako_create_options *options,
	bool run, hako_container **ret, struct hk_err *err)
{
	struct hk_creation c = {.runtime = runtime, .id = id, .run = run, .root = -1, .dir = -1};
	int r;

	for (int i = 0; i < HK_SLOT_COUNT; i++)
		c.slots[i] = -1;
	c.process.pidfd = -1;
	hk_handshake_init(&c.handshake);

	r = hk_id_check(id, err);
	if (r == 0)
		r = hk_prepare_options(runtime, id, options, &c.prepared, err);
	c.timeline = hk_timeline_of(c.prepared.options.timeline);
	if (r == 0)
		r = run_steps(&c, err);
	if (r == 0) {
		c.container->pid = c.process.pid;
		c.container->pidfd = hk_take_fd(&c.process.pidfd);
		c.container->notify = c.notify;
		c.notify = NULL;
		*ret = c.container;
	}
	hk_net_devices_free(c.net_devices);
	hk_creation_close_slots(&c);
	hk_close(&c.process.pidfd);
	hk_close(&c.dir);
	hk_close(&c.root);
	hk_prepared_done(&c.prepared);
	return r;
}

int hako_create(hako_runtime *runtime, const char *id, const struct hako_create_options *options,
	hako_container **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(create(runtime, id, options, false, ret, &e), &e, err);
}

int hako_run(hako_runtime *runtime, const char *id, const struct hako_create_options *options,
	hako_container **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(create(runtime, id, options, true, ret, &e), &e, err);
}
