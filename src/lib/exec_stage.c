/* The init stage's run for a process that joins a container. */
#include "lib/exec.h"

#include "base/err.h"
#include "base/fd.h"
#include "lib/unit.h"
#include "rdt/rdt.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Called before the process has children, who are where it is. */
static int on_spawned(void *userdata, pid_t pid, uint64_t start_time, struct hk_err *err)
{
	struct hk_execution *x = userdata;
	const struct hk_rdt rdt = {.group = x->container.state.intel_rdt_path,
		.monitor = x->container.state.intel_rdt_monitor};

	(void)start_time;
	if (x->timeline && !x->spawn_time)
		x->spawn_time = hk_timeline_now(x->timeline);
	x->spawned = pid;
	return rdt.group ? hk_rdt_assign(&rdt, pid, err) : 0;
}

static int on_listener(void *userdata, pid_t pid, int listener, struct hk_err *err)
{
	struct hk_execution *x = userdata;
	struct hk_hook_state state = hk_loaded_hook_state(&x->container);

	return hk_seccomp_notify_send(x->seccomp.listener_path, x->seccomp.listener_metadata,
		listener, &state, "running", pid, err);
}

static int on_enter_cgroup(void *userdata, int cgroup, pid_t pid, struct hk_err *err)
{
	const struct hk_execution *x = userdata;

	return hk_unit_enter(NULL, &x->container.state, cgroup, pid, err);
}

static int other_cgroup(void *userdata, struct hk_err *err)
{
	return hk_exec_open_current_cgroup(userdata, err);
}

/* Everything that can still fail on our side happens here, before the program may run. The process
 * is in the container's cgroup and pid namespace since long: if init has not ended by now, whoever
 * ends the container ends the process. */
static int on_ready(void *userdata, pid_t pid, struct hk_err *err)
{
	struct hk_execution *x = userdata;
	const struct hako_exec_options *options = &x->options;
	int r;

	r = hk_exec_check_alive(x, err);
	if (r == 0 && options->pidfd_socket)
		r = hk_socket_send_pidfd(options->pidfd_socket, "setns", pid, err);
	if (r == 0 && options->pid_file) {
		r = hk_pid_file_write(options->pid_file, pid, err);
		x->pid_file = r == 0;
	}
	return r;
}

static void undo(struct hk_execution *x)
{
	if (x->process.pidfd >= 0)
		hk_kill_and_reap(x->process.pidfd, &x->handle->runtime->log);
	hk_close(&x->process.pidfd);
	if (x->pid_file)
		(void)unlink(x->options.pid_file); /* undoing: the first error counts */
}

int hk_exec_run_stage(struct hk_execution *x, struct hk_err *err)
{
	const struct hako_exec_options *options = &x->options;
	const struct hk_cpu_affinity *affinity = x->spec.process->exec_cpu_affinity;
	struct hk_stage_options stage = {
		.plan = x->plan,
		.spec = &x->spec,
		.stdio = {options->stdio[0], options->stdio[1], options->stdio[2]},
		.preserve_fds = options->preserve_fds,
		.cgroup_v2_fd = x->cgroup >= 0 ? x->cgroup : hk_cgroup_v2_fd(x->container.cgroup),
		.initial_cpus = affinity ? affinity->initial : NULL,
		.log = &x->handle->runtime->log,
		.timeline = x->timeline,
		.events =
			{
				.spawned = x->container.state.intel_rdt_path || x->timeline
						   ? on_spawned
						   : NULL,
				.ready = on_ready,
				.listener = on_listener,
				.enter_cgroup =
					x->container.state.systemd_unit ? on_enter_cgroup : NULL,
				.other_cgroup = options->cgroup_count ? NULL : other_cgroup,
				.userdata = x,
			},
	};
	int r;

	memcpy(stage.slots, x->slots, sizeof(stage.slots));
	stage.slots[HK_SLOT_RESULT] = x->handshake.result;
	r = hk_stage_run(&stage, &x->process, err);
	hk_close(&x->handshake.result); /* only the process's is left: its end is the news */
	hk_timeline_wait(x->timeline, "wait for the program");
	if (r == 0)
		r = hk_handshake_await(x->handshake.result_read, x->process.pidfd, err);
	hk_timeline_end(x->timeline, r);
	if (r < 0)
		undo(x);
	return r;
}
