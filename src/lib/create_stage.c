/* The init stage's run for a new container, and what it asks for on its way. */
#include "lib/creation.h"
#include "lib/unit.h"

#include "base/err.h"
#include "base/fd.h"
#include "lib/examine.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Before the process has children, who are where it is. */
int hk_creation_note_init(struct hk_creation *c, pid_t pid, uint64_t start_time, struct hk_err *err)
{
	int r;

	c->spawned = true;
	if (c->timeline && !c->spawn_time)
		c->spawn_time = hk_timeline_now(c->timeline);
	c->state.init_pid = pid;
	c->state.init_start_time = start_time;
	r = hk_state_store(c->dir, &c->state, err);
	if (r == 0)
		r = hk_creation_hand_unit_over(c, pid, err);
	if (r == 0 && c->prepared.rdt.group)
		r = hk_rdt_assign(&c->prepared.rdt, pid, err);
	return r;
}

static int on_spawned(void *userdata, pid_t pid, uint64_t start_time, struct hk_err *err)
{
	return hk_creation_note_init(userdata, pid, start_time, err);
}

static int on_enter_cgroup(void *userdata, int cgroup, pid_t pid, struct hk_err *err)
{
	struct hk_creation *c = userdata;

	return hk_unit_enter(c->prepared.bus, &c->state, cgroup, pid, err);
}

static int on_network(void *userdata, int netlink, struct hk_err *err)
{
	struct hk_creation *c = userdata;

	return c->net_devices ? hk_net_devices_move(c->net_devices, netlink, err) : 0;
}

int hk_creation_run_hooks(struct hk_creation *c, pid_t pid, struct hk_err *err)
{
	const struct hk_hooks *hooks = &c->prepared.spec->hooks;
	struct hk_hook_state state = hk_creation_hook_state(c);
	int r;

	r = hk_hooks_run_timed(hooks, HK_HOOK_PRESTART, &state, "creating", pid, c->timeline, err);
	if (r == 0)
		r = hk_hooks_run_timed(
			hooks, HK_HOOK_CREATE_RUNTIME, &state, "creating", pid, c->timeline, err);
	return r;
}

static int on_hooks(void *userdata, pid_t pid, struct hk_err *err)
{
	return hk_creation_run_hooks(userdata, pid, err);
}

static int on_listener(void *userdata, pid_t pid, int listener, struct hk_err *err)
{
	struct hk_creation *c = userdata;
	const struct hk_listener *place = &c->prepared.listener;
	struct hk_hook_state state = hk_creation_hook_state(c);
	int r = hk_seccomp_notify_send(place->path,
		c->prepared.spec->linux.seccomp->listener_metadata, listener, &state, "creating",
		pid, err);

	return r < 0 ? hk_err_at(err, "%s", place->property) : 0;
}

int hk_creation_announce(struct hk_creation *c, pid_t pid, struct hk_err *err)
{
	const struct hako_create_options *options = &c->prepared.options;
	int r;

	r = hk_creation_limit_processes(c, err);
	if (r == 0)
		r = hk_creation_store_created(c, pid, err);
	if (r == 0 && options->pidfd_socket)
		r = hk_socket_send_pidfd(options->pidfd_socket, "standard", pid, err);
	if (r == 0 && options->pid_file) {
		r = hk_pid_file_write(options->pid_file, pid, err);
		c->pid_file = r == 0;
	}
	return r;
}

static int on_ready(void *userdata, pid_t pid, struct hk_err *err)
{
	return hk_creation_announce(userdata, pid, err);
}

static void remove_pid_file(struct hk_creation *c)
{
	if (c->pid_file)
		(void)unlink(c->prepared.options.pid_file); /* undoing: the first error counts */
}

int hk_creation_run_stage(struct hk_creation *c, struct hk_err *err)
{
	const struct hako_create_options *options = &c->prepared.options;
	struct hk_stage_options stage = {
		.plan = c->prepared.plan,
		.spec = c->prepared.spec,
		.stdio = {options->stdio[0], options->stdio[1], options->stdio[2]},
		.preserve_fds = options->preserve_fds + options->listen_fds,
		.cgroup_v2_fd = hk_cgroup_v2_fd(c->prepared.cgroup),
		.log = &c->runtime->log,
		.timeline = c->timeline,
		.events =
			{
				.spawned = on_spawned,
				.network = on_network,
				.hooks = on_hooks,
				.ready = on_ready,
				.listener = on_listener,
				.enter_cgroup = c->state.systemd_unit ? on_enter_cgroup : NULL,
				.userdata = c,
			},
	};
	int r;

	memcpy(stage.slots, c->slots, sizeof(stage.slots));
	r = hk_stage_run(&stage, &c->process, err);
	if (r < 0) {
		remove_pid_file(c);
		hk_explain_id_maps(&c->prepared, err);
		if (hk_cgroup_oom_killed(c->prepared.cgroup))
			return hk_refuse(err, ENOMEM,
				"container init was OOM-killed (memory limit too low?)");
	}
	return r;
}

void hk_creation_kill_init(struct hk_creation *c)
{
	hk_kill_and_reap(c->process.pidfd, &c->runtime->log);
	remove_pid_file(c);
}

/* Without the lock, for commands that a hook calls; `delete` may be one. */
static int poststart(struct hk_creation *c, struct hk_err *err)
{
	struct hk_hook_state state = hk_creation_hook_state(c);
	int r;

	hk_state_dir_unlock(c->dir);
	r = hk_hooks_run_timed(&c->prepared.spec->hooks, HK_HOOK_POSTSTART, &state, "running",
		c->process.pid, c->timeline, err);
	if (r < 0)
		c->deleted = hk_state_dir_lock(c->dir) < 0;
	return r;
}

int hk_creation_await_program(struct hk_creation *c, struct hk_err *err)
{
	int r;

	if (!c->run)
		return 0;
	hk_close(&c->handshake.result); /* only init's is left: its end is the news */
	hk_timeline_wait(c->timeline, "wait for the program");
	r = hk_handshake_await(c->handshake.result_read, c->process.pidfd, err);
	hk_timeline_end(c->timeline, r);
	if (r == 0 && c->notify)
		r = hk_notify_set_init(c->notify, c->process.pid, c->process.pidfd, err);
	if (r == 0)
		r = poststart(c, err);
	return r;
}
