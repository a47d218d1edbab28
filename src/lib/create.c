/* hako_create and hako_run: one list of steps on the host, undone newest first when one fails. */
#include "lib/container.h"

#include "base/fd.h"
#include "base/sys.h"
#include "lib/errors.h"
#include "lib/handshake.h"
#include "lib/prepare.h"
#include "lib/timestamp.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3 /* glibc before 2.36 */
#endif

/* A container on its way. */
struct creation {
	struct hako_runtime *runtime;
	const char *id;
	bool run; /* start it at once */
	struct hk_prepared prepared;
	struct hk_state state;
	int root;
	int dir; /* locked */
	struct hk_handshake handshake;
	int slots[HK_SLOT_COUNT];
	int notify; /* the socket that the container tells its readiness */
	struct hk_stage_process process;
	struct hako_container *container; /* the handle */
	bool spawned;  /* the container's init was there: poststop hooks are due */
	bool pid_file; /* written */
};

static struct hk_hook_state hook_state(const struct creation *c)
{
	return (struct hk_hook_state){
		.id = c->id,
		.bundle = c->prepared.bundle,
		.annotations = &c->prepared.spec->annotations,
	};
}

/* ---- the state directory ---- */

static int make_directory(struct creation *c, struct hk_err *err)
{
	c->root = hk_state_root_open(c->runtime->root, true, err);
	if (c->root < 0)
		return c->root;
	c->dir = hk_state_dir_create(c->root, c->id, err);
	return c->dir < 0 ? c->dir : 0;
}

static void remove_directory(struct creation *c)
{
	struct hk_err e = {0};

	if (hk_state_dir_remove(c->root, c->id, &e) < 0)
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", e.message);
}

/* ---- decisions ---- */

static void log_warnings(const struct creation *c)
{
	const struct hk_strings *warnings = &c->prepared.spec->warnings;

	for (size_t i = 0; i < warnings->count; i++)
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", warnings->items[i]);
}

static int prepare(struct creation *c, struct hk_err *err)
{
	int r = hk_prepare(c->runtime, &c->prepared, err);

	if (r == 0)
		log_warnings(c);
	return r;
}

/* ---- state.json, "creating": from here on `delete --force` can finish what we leave ---- */

static int list_cgroup_paths(struct creation *c, struct hk_err *err)
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

static int store_creating(struct creation *c, struct hk_err *err)
{
	const struct hk_spec *spec = c->prepared.spec;
	int r;

	c->state.id = c->id;
	c->state.bundle = c->prepared.bundle;
	c->state.rootfs = c->prepared.rootfs;
	c->state.owner = c->prepared.facts.euid;
	c->state.rootless = c->runtime->rootless;
	c->state.systemd_cgroup = c->runtime->cgroup_manager == HK_CGROUP_MANAGER_SYSTEMD;
	c->state.private_pid_namespace = hk_spec_new_namespace(spec, HK_NS_PID);
	c->state.exec_fifo = !c->run;
	c->state.notify_socket = c->prepared.options.notify_socket;
	c->state.annotations = spec->annotations;
	c->state.hooks = spec->hooks;
	r = list_cgroup_paths(c, err);
	return r < 0 ? r : hk_state_store(c->dir, &c->state, err);
}

/* ---- cgroup ---- */

static int make_cgroup(struct creation *c, struct hk_err *err)
{
	return hk_cgroup_create(c->prepared.cgroup, &c->prepared.cgroup_request, err);
}

static void remove_cgroup(struct creation *c)
{
	struct hk_err e = {0};

	/* What the container left running where it has no pid namespace of its own. */
	if (!c->state.private_pid_namespace && c->spawned &&
		hk_cgroup_kill(c->prepared.cgroup, SIGKILL, &e) < 0)
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", e.message);
	if (hk_cgroup_destroy(c->prepared.cgroup, &e) < 0)
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", e.message);
}

/* ---- readiness ---- */

/* `start` binds the socket: nobody could read it before. */
static int make_notify(struct creation *c, struct hk_err *err)
{
	int r;

	if (!c->prepared.notify_dir)
		return 0;
	r = hk_notify_make_dir(c->dir, err);
	if (r < 0 || !c->run)
		return r;
	c->notify = hk_notify_bind(c->dir, err);
	return c->notify < 0 ? c->notify : 0;
}

/* ---- descriptors that go along ---- */

static int open_console(struct creation *c, struct hk_err *err)
{
	const struct hako_create_options *options = &c->prepared.options;
	int fd = -1;

	if (options->console_socket)
		fd = hk_socket_connect(options->console_socket, err);
	else if (options->console_fd >= 0) {
		fd = fcntl(options->console_fd, F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			return hk_fail(err, errno, "use the console socket");
	} else {
		return 0;
	}
	c->slots[HK_SLOT_CONSOLE] = fd;
	return fd < 0 ? fd : 0;
}

static int open_namespaces(struct creation *c, struct hk_err *err)
{
	const struct hk_linux *linux = &c->prepared.spec->linux;

	for (size_t i = 0; i < linux->namespace_count; i++) {
		const struct hk_namespace *ns = &linux->namespaces[i];
		int fd;

		if (!ns->path)
			continue;
		fd = hk_namespace_open(ns->path, ns->type, err);
		if (fd < 0)
			return hk_err_at(err, "/linux/namespaces/%zu/path", i);
		c->slots[HK_SLOT_NS + ns->type] = fd;
	}
	return 0;
}

static int open_slots(struct creation *c, struct hk_err *err)
{
	int r = open_console(c, err);

	if (r == 0)
		r = open_namespaces(c, err);
	if (r == 0)
		r = c->run ? hk_handshake_pipes(&c->handshake, err)
			   : hk_handshake_fifos(c->dir, &c->handshake, err);
	c->slots[HK_SLOT_START] = c->handshake.start;
	c->slots[HK_SLOT_RESULT] = c->handshake.result;
	return r;
}

static void close_slots(struct creation *c)
{
	c->slots[HK_SLOT_START] = c->slots[HK_SLOT_RESULT] = -1; /* the handshake's */
	for (int i = 0; i < HK_SLOT_COUNT; i++)
		hk_close(&c->slots[i]);
	hk_handshake_done(&c->handshake);
}

/* ---- the caller's handle: nothing may fail any more when all is done ---- */

static int make_handle(struct creation *c, struct hk_err *err)
{
	return hk_container_new(c->runtime, c->id, &c->container, err);
}

static void free_handle(struct creation *c)
{
	hako_container_free(c->container);
}

/* ---- the init stage, and what it asks for on its way ---- */

static int on_spawned(void *userdata, pid_t pid, uint64_t start_time, struct hk_err *err)
{
	struct creation *c = userdata;

	c->spawned = true;
	c->state.init_pid = pid;
	c->state.init_start_time = start_time;
	return hk_state_store(c->dir, &c->state, err);
}

static int on_hooks(void *userdata, pid_t pid, struct hk_err *err)
{
	struct creation *c = userdata;
	const struct hk_hooks *hooks = &c->prepared.spec->hooks;
	struct hk_hook_state state = hook_state(c);
	int r;

	r = hk_hooks_run(hooks, HK_HOOK_PRESTART, &state, "creating", pid, err);
	if (r == 0)
		r = hk_hooks_run(hooks, HK_HOOK_CREATE_RUNTIME, &state, "creating", pid, err);
	return r;
}

static int on_listener(void *userdata, pid_t pid, int listener, struct hk_err *err)
{
	struct creation *c = userdata;
	const struct hk_seccomp *seccomp = c->prepared.spec->linux.seccomp;
	struct hk_hook_state state = hook_state(c);

	return hk_seccomp_notify_send(seccomp->listener_path, seccomp->listener_metadata, listener,
		&state, "creating", pid, err);
}

/* As runc names and spells them: other programs look for "NEWNET". */
static int list_namespaces(struct creation *c, pid_t pid, struct hk_err *err)
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

static int send_pidfd(const char *path, pid_t pid, struct hk_err *err)
{
	HK_FD int sock = hk_socket_connect(path, err);
	HK_FD int pidfd = -1;

	if (sock < 0)
		return sock;
	pidfd = hk_sys_pidfd_open(pid);
	if (pidfd < 0)
		return hk_fail(err, -pidfd, "open the container's init");
	return hk_socket_send_fd(sock, "standard", pidfd, err);
}

/* Everything that can still fail on our side happens here, before the program may run. */
static int on_ready(void *userdata, pid_t pid, struct hk_err *err)
{
	struct creation *c = userdata;
	const struct hako_create_options *options = &c->prepared.options;
	int r;

	c->state.created = hk_timestamp(&c->prepared.arena);
	if (!c->state.created)
		return hk_fail(err, ENOMEM, "note the time");
	r = list_namespaces(c, pid, err);
	if (r == 0)
		r = hk_state_store(c->dir, &c->state, err);
	if (r == 0 && options->pidfd_socket)
		r = send_pidfd(options->pidfd_socket, pid, err);
	if (r == 0 && options->pid_file) {
		r = hk_pid_file_write(options->pid_file, pid, err);
		c->pid_file = r == 0;
	}
	return r;
}

static void remove_pid_file(struct creation *c)
{
	if (c->pid_file)
		(void)unlink(c->prepared.options.pid_file); /* undoing: the first error counts */
}

static int run_stage(struct creation *c, struct hk_err *err)
{
	const struct hako_create_options *options = &c->prepared.options;
	struct hk_stage_options stage = {
		.plan = c->prepared.plan,
		.spec = c->prepared.spec,
		.stdio = {options->stdio[0], options->stdio[1], options->stdio[2]},
		.preserve_fds = options->preserve_fds + options->listen_fds,
		.cgroup_v2_fd = hk_cgroup_v2_fd(c->prepared.cgroup),
		.log = &c->runtime->log,
		.events =
			{
				.spawned = on_spawned,
				.hooks = on_hooks,
				.ready = on_ready,
				.listener = on_listener,
				.userdata = c,
			},
	};
	int r;

	memcpy(stage.slots, c->slots, sizeof(stage.slots));
	r = hk_stage_run(&stage, &c->process, err);
	if (r < 0) {
		remove_pid_file(c);
		if (hk_cgroup_oom_killed(c->prepared.cgroup))
			return hk_refuse(err, ENOMEM,
				"container init was OOM-killed (memory limit too low?)");
	}
	return r;
}

static void kill_init(struct creation *c)
{
	struct hk_err e = {0};
	siginfo_t info;

	if (hk_kill_and_wait(c->process.pidfd, &e) < 0)
		hk_logf(&c->runtime->log, HK_LOG_WARNING, "%s", e.message);
	else
		(void)waitid((idtype_t)P_PIDFD, (id_t)c->process.pidfd, &info, WEXITED);
	remove_pid_file(c);
}

/* ---- run: the program itself ---- */

static int await_program(struct creation *c, struct hk_err *err)
{
	struct hk_hook_state state = hook_state(c);
	int r;

	if (!c->run)
		return 0;
	hk_close(&c->handshake.result); /* only init's is left: its end is the news */
	r = hk_handshake_await(c->handshake.result_read, c->process.pidfd, err);
	if (r == 0)
		r = hk_hooks_run(&c->prepared.spec->hooks, HK_HOOK_POSTSTART, &state, "running",
			c->process.pid, err);
	if (r == 0 && c->notify >= 0)
		r = hk_notify_forward(c->notify, c->prepared.options.notify_socket, c->process.pid,
			c->process.pidfd, err);
	return r;
}

static const struct {
	int (*make)(struct creation *c, struct hk_err *err);
	void (*undo)(struct creation *c);
} steps[] = {
	{make_directory, remove_directory},
	{prepare, NULL},
	{store_creating, NULL},
	{make_cgroup, remove_cgroup},
	{make_notify, NULL},
	{open_slots, NULL},
	{make_handle, free_handle},
	{run_stage, kill_init},
	{await_program, NULL},
};

static int run_steps(struct creation *c, struct hk_err *err)
{
	struct hk_hook_state state;
	size_t i = 0;
	int r = 0;

	while (i < HK_COUNT(steps) && (r = steps[i].make(c, err)) == 0)
		i++;
	if (r == 0)
		return 0;
	if (c->prepared.spec && err)
		hk_spec_locate(c->prepared.spec, err);
	while (i-- > 0)
		if (steps[i].undo)
			steps[i].undo(c);
	if (c->spawned) {
		state = hook_state(c);
		hk_hooks_run_all(&c->prepared.spec->hooks, HK_HOOK_POSTSTOP, &state, "stopped",
			&c->runtime->log);
	}
	return r;
}

static int create(hako_runtime *runtime, const char *id, const struct hako_create_options *options,
	bool run, hako_container **ret, struct hk_err *err)
{
	struct creation c = {.runtime = runtime, .id = id, .run = run, .root = -1, .dir = -1};
	int r;

	for (int i = 0; i < HK_SLOT_COUNT; i++)
		c.slots[i] = -1;
	c.process.pidfd = c.notify = -1;
	hk_handshake_init(&c.handshake);

	r = hk_id_check(id, err);
	if (r == 0)
		r = hk_prepare_options(options, id, &c.prepared, err);
	if (r == 0)
		r = run_steps(&c, err);
	if (r == 0) {
		c.container->pid = c.process.pid;
		c.container->pidfd = hk_take_fd(&c.process.pidfd);
		*ret = c.container;
	}
	close_slots(&c);
	hk_close(&c.process.pidfd);
	hk_close(&c.notify);
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
