/* hako_exec: another process in a container. Everything is decided before anything is made; the
 * process is then set up by the init stage, as the container's first one was. */
#include "lib/exec.h"

#include "base/fd.h"
#include "lib/descriptors.h"
#include "lib/dynamic.h"
#include "lib/errors.h"
#include "lib/sized.h"
#include "lib/timeline.h"

#include <errno.h>
#include <stdlib.h>

static int read_options(
	struct hk_execution *x, const struct hako_exec_options *given, struct hk_err *err)
{
	int r;

	if (given) {
		r = hk_sized_copy(&x->options, sizeof(x->options), given, err);
		if (r < 0)
			return r;
	}
	r = hk_check_console_socket(x->options.console_socket, x->options.console_fd, err);
	return r < 0 ? r : hk_check_preserved(x->options.preserve_fds, err);
}

static int check_status(const struct hk_execution *x, struct hk_err *err)
{
	switch (hk_loaded_status(&x->container)) {
	case HAKO_CREATED: /* as runc: there is all that a process needs */
	case HAKO_RUNNING:
		return 0;
	case HAKO_PAUSED:
		if (x->options.ignore_paused)
			return 0;
		return hk_refuse(err, EINVAL,
			"cannot exec in a paused container (use --ignore-paused to override)");
	case HAKO_CREATING:
	case HAKO_STOPPED:
		break;
	}
	return hk_refuse(err, ESRCH, "cannot exec in a stopped container");
}

static int load_container(struct hk_execution *x, struct hk_err *err)
{
	int r = hk_container_load(x->handle->root, x->handle->id, false, &x->container, err);

	if (r == 0)
		r = check_status(x, err);
	/* a user may not clone into the cgroup of a unit, where systemd has to be asked to put us
	 */
	if (r == 0 && x->container.state.systemd_user)
		r = hk_dynamic_want_bus(x->handle->runtime, &x->container.state, err);
	return r;
}

static int load_filter(struct hk_execution *x, struct hk_err *err)
{
	if (!x->container.state.seccomp)
		return 0;
	return hk_state_seccomp_load(x->container.dir, &x->arena, &x->seccomp, err);
}

static int probe_host(struct hk_execution *x, struct hk_err *err)
{
	return hk_facts_probe(&x->spec, &x->facts, err);
}

static int open_slots(struct hk_execution *x, struct hk_err *err)
{
	int r = hk_handshake_outcome(&x->handshake, err);

	if (r < 0)
		return r;
	return hk_console_connect(
		x->options.console_socket, x->options.console_fd, &x->slots[HK_SLOT_CONSOLE], err);
}

static int build_plan(struct hk_execution *x, struct hk_err *err)
{
	struct hk_plan_options options = {
		.id = x->handle->id,
		.no_new_keyring = x->container.state.no_new_keyring,
		.preserve_fds = x->options.preserve_fds,
		.console = x->slots[HK_SLOT_CONSOLE] >= 0,
		.seccomp_filter = x->seccomp.instructions,
		.seccomp_size = x->seccomp.size,
		.seccomp_flags = x->seccomp.flags,
		.seccomp_notify = x->seccomp.notify,
		.own_cgroup = hk_cgroup_path_count(x->container.cgroup) > 0,
	};

	options.cgroup_join = hk_cgroup_join_files(x->container.cgroup, &options.cgroup_join_count);
	return hk_plan_build_exec(
		&x->spec, &x->facts, &options, &x->joined, &x->arena, &x->plan, err);
}

static int make_handle(struct hk_execution *x, struct hk_err *err)
{
	return hk_process_new(0, -1, &x->ret, err);
}

static int open_trace(struct hk_execution *x, struct hk_err *err)
{
	if (!x->timeline)
		return 0;
	return hk_trace_memory_make(x->plan, &x->trace, &x->slots[HK_SLOT_TRACE], err);
}

static void close_timeline(struct hk_execution *x, int r, const struct hk_err *err)
{
	const struct hk_traced traced = {
		.memory = &x->trace,
		.plan = x->spawn_time ? x->plan : NULL,
		.last = HK_STEP_EXEC,
		.spawn_time = x->spawn_time,
		.pid = x->spawned,
	};

	hk_timeline_close(x->options.timeline, x->handle->id, &traced, r, err);
	hk_trace_memory_done(&x->trace);
}

static int run_steps(struct hk_execution *x, struct hk_err *err)
{
	static const struct {
		const char *name; /* in a timeline */
		int (*run)(struct hk_execution *x, struct hk_err *err);
	} steps[] = {
		{"load the container", load_container},
		{"take the process", hk_exec_take_process},
		{"load seccomp", load_filter},
		{"find the namespaces", hk_exec_find_container},
		{"find the cgroup", hk_exec_place_in_cgroup},
		{"probe the host", probe_host},
		{"descriptors", open_slots},
		{"build the plan", build_plan},
		{"share memory", open_trace},
		{"handle", make_handle},
		{"init stage", hk_exec_run_stage},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < HK_COUNT(steps); i++) {
		hk_timeline_begin(x->timeline, steps[i].name);
		r = steps[i].run(x, err);
		hk_timeline_end(x->timeline, r);
	}
	close_timeline(x, r, err);
	if (r < 0 && x->given)
		hk_spec_handle_locate(x->given, err);
	return r;
}

static int exec(struct hako_container *container, const struct hako_exec_options *options,
	struct hako_process **ret, struct hk_err *err)
{
	struct hk_execution x = {
		.handle = container,
		.options = HAKO_EXEC_OPTIONS_INIT,
		.container = HK_LOADED_INIT,
		.cgroup = -1,
		.process = {.pidfd = -1},
	};
	int r;

	for (int i = 0; i < HK_SLOT_COUNT; i++)
		x.slots[i] = -1;
	hk_handshake_init(&x.handshake);
	r = read_options(&x, options, err);
	x.timeline = hk_timeline_of(x.options.timeline);
	if (r == 0)
		r = run_steps(&x, err);
	if (r == 0) {
		*x.ret = (struct hako_process){x.process.pid, hk_take_fd(&x.process.pidfd)};
		*ret = x.ret;
		x.ret = NULL;
	}
	hako_process_free(x.ret);
	for (int i = 0; i < HK_SLOT_COUNT; i++)
		hk_close(&x.slots[i]);
	hk_close(&x.cgroup);
	hk_handshake_done(&x.handshake);
	hk_spec_done(&x.common);
	hako_spec_free(x.read);
	hk_loaded_done(&x.container);
	hk_arena_done(&x.arena);
	return r;
}

int hako_exec(hako_container *container, const struct hako_exec_options *options,
	hako_process **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(exec(container, options, ret, &e), &e, err);
}
