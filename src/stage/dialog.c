/* The runtime's side of the conversation with the init stage, from PLAN to START. */
#include "stage/source.h"
#include "stage/spawn.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

struct dialog {
	const struct hk_stage_options *options;
	struct hk_wire wire;
	struct hk_stage_process process; /* the one that we talk with now */
	struct hk_sources sources;
	bool ready; /* START is sent: all done */
};

/* A message that came, with its descriptors; a handler that keeps one takes it out. */
struct received {
	struct hk_msg msg;
	int fds[HK_WIRE_MAX_FDS];
	uint32_t fd_count;
};

static int answer(struct dialog *d, enum hk_msg_type type, const int *fd, struct hk_err *err)
{
	struct hk_msg_empty empty = {0};
	int r = hk_wire_send(&d->wire, type, &empty, fd, fd ? 1 : 0);

	return r < 0 ? hk_fail(err, -r, "answer the init stage (%s)", hk_msg_rules[type].name) : 0;
}

/* The pid is known: let the caller write it down before anything is made that it would have to
 * clean up after us. */
static int announce(struct dialog *d, struct hk_err *err)
{
	const struct hk_stage_events *events = &d->options->events;
	int r;

	if (!events->spawned)
		return 0;
	r = hk_proc_start_time(d->process.pid, &d->process.start_time);
	if (r < 0)
		return hk_fail(
			err, -r, "read the start time of the init stage (pid %d)", d->process.pid);
	return events->spawned(events->userdata, d->process.pid, d->process.start_time, err);
}

static int send_plan(struct dialog *d, struct hk_err *err)
{
	const struct hk_plan *plan = d->options->plan;
	HK_FD int memfd = hk_sealed_memfd("hako-plan", plan, plan->size, HK_MFD_NOEXEC_SEAL);
	struct hk_msg_plan message = {0};
	int fds[HK_WIRE_MAX_FDS];
	int r;

	if (memfd < 0)
		return hk_fail(err, -memfd, "put the plan into memory");
	fds[0] = memfd;
	for (uint32_t slot = 0; slot < HK_SLOT_COUNT; slot++) {
		if (d->options->slots[slot] < 0)
			continue;
		message.slots[message.slot_count++] = slot;
		fds[message.slot_count] = d->options->slots[slot];
	}
	r = hk_wire_send(&d->wire, HK_MSG_PLAN, &message, fds, 1 + message.slot_count);
	/* EPIPE: it ended before; what it said on the way is in the socket and tells more */
	if (r < 0 && r != -EPIPE)
		return hk_fail(err, -r, "send the plan to the init stage");
	return 0;
}

/* ---- one handler a message ---- */

static int on_map_ids(struct dialog *d, struct received *in, struct hk_err *err)
{
	const struct hk_linux *linux = &d->options->spec->linux;
	int r = hk_idmap_write(d->process.pid, &linux->uid_mappings, &linux->gid_mappings, err);

	(void)in;
	return r < 0 ? r : answer(d, HK_MSG_IDS_MAPPED, NULL, err);
}

static int on_child(struct dialog *d, struct received *in, struct hk_err *err)
{
	HK_FD int intermediate = d->process.pidfd;
	int status, r;

	d->process.pidfd = hk_take_fd(&in->fds[0]);
	d->process.pid = hk_pidfd_pid(d->process.pidfd);
	/* the sender ends behind this message; it is not waited for by anybody else */
	r = hk_reap(intermediate, &status);
	if (d->process.pid <= 0)
		return hk_refuse(err, EPROTO, "the init stage sent a process that is not ours");
	if (r < 0 && r != -ECHILD)
		return hk_fail(err, -r, "wait for the first process of the init stage");
	return announce(d, err);
}

static int on_netlink(struct dialog *d, struct received *in, struct hk_err *err)
{
	const struct hk_stage_events *events = &d->options->events;

	/* no answer: the init stage goes on mounting meanwhile */
	return events->network ? events->network(events->userdata, in->fds[0], err) : 0;
}

static int on_sync(struct dialog *d, struct received *in, struct hk_err *err)
{
	const struct hk_stage_events *events = &d->options->events;
	int r = 0;

	switch (in->msg.payload.sync.point) {
	case HK_SYNC_RLIMITS:
		r = hk_rlimits_set(d->process.pid, d->options->spec, err);
		break;
	case HK_SYNC_SCHEDULER:
		r = hk_scheduler_set(d->process.pid, d->options->spec, err);
		break;
	case HK_SYNC_IO_PRIORITY:
		r = hk_io_priority_set(d->process.pid, d->options->spec, err);
		break;
	case HK_SYNC_NET_DEVICES: /* messages are dealt with in their order: on_netlink is done */
		break;
	case HK_SYNC_HOOKS:
		if (events->hooks)
			r = events->hooks(events->userdata, d->process.pid, err);
		break;
	default:
		r = hk_refuse(err, EPROTO, "the init stage is at an unknown point");
	}
	return r < 0 ? r : answer(d, HK_MSG_CONTINUE, NULL, err);
}

static int on_want_source(struct dialog *d, struct received *in, struct hk_err *err)
{
	HK_FD int tree = hk_source_open(&d->sources, d->options, in->msg.payload.step.step, err);

	return tree < 0 ? tree : answer(d, HK_MSG_SOURCE, &tree, err);
}

static int on_listener(struct dialog *d, struct received *in, struct hk_err *err)
{
	const struct hk_stage_events *events = &d->options->events;
	HK_FD int listener = hk_sys_pidfd_getfd(d->process.pidfd, in->msg.payload.listener.fd);
	int r = 0;

	if (listener < 0)
		return hk_fail(err, -listener, "fetch the seccomp listener from the init stage");
	if (events->listener)
		r = events->listener(events->userdata, d->process.pid, listener, err);
	return r < 0 ? r : answer(d, HK_MSG_CONTINUE, NULL, err);
}

static int on_ready(struct dialog *d, struct received *in, struct hk_err *err)
{
	const struct hk_stage_events *events = &d->options->events;
	int r = 0;

	(void)in;
	if (events->ready)
		r = events->ready(events->userdata, d->process.pid, err);
	if (r == 0)
		r = answer(d, HK_MSG_START, NULL, err);
	d->ready = r == 0;
	return r;
}

static int on_failed(struct dialog *d, struct received *in, struct hk_err *err)
{
	struct hk_err *error = &in->msg.payload.failed.error;

	(void)d;
	hk_err_sanitize(error);
	if (err)
		*err = *error;
	return -error->code;
}

static int on_log(struct dialog *d, struct received *in, struct hk_err *err)
{
	struct hk_msg_log *log = &in->msg.payload.log;
	char text[2 * sizeof(log->text)];

	(void)err;
	log->text[sizeof(log->text) - 1] = '\0';
	hk_logf(d->options->log, log->level <= HK_LOG_DEBUG ? log->level : HK_LOG_DEBUG, "%s",
		hk_printable(log->text, text, sizeof(text)));
	return 0;
}

typedef int handler(struct dialog *d, struct received *in, struct hk_err *err);

static const struct {
	handler *handle;
	const char *name; /* in a timeline */
} handlers[HK_MSG_TYPE_COUNT] = {
	[HK_MSG_MAP_IDS] = {on_map_ids, "map ids"},
	[HK_MSG_CHILD] = {on_child, "note the process"},
	[HK_MSG_NETLINK] = {on_netlink, "network"},
	[HK_MSG_SYNC] = {on_sync, "sync"},
	[HK_MSG_WANT_SOURCE] = {on_want_source, "open a source"},
	[HK_MSG_LISTENER] = {on_listener, "seccomp listener"},
	[HK_MSG_READY] = {on_ready, "ready"},
	[HK_MSG_FAILED] = {on_failed, "take the error"},
	[HK_MSG_LOG] = {on_log, "log"},
};

/* ---- the loop ---- */

/* The init stage ended, or closed the socket, without a word. */
static int ended_silently(struct dialog *d, struct hk_err *err)
{
	struct pollfd exit = {.fd = d->process.pidfd, .events = POLLIN};
	int status;

	/* a process closes its descriptors a little before it can be waited for */
	if (poll(&exit, 1, 1000) <= 0)
		return hk_refuse(err, EPROTO, "the init stage closed its socket");
	if (hk_reap(d->process.pidfd, &status) < 0)
		return hk_refuse(err, ECHILD, "the init stage ended unexpectedly");
	if (WIFEXITED(status))
		return hk_refuse(err, ECHILD, "the init stage ended unexpectedly with status %d",
			WEXITSTATUS(status));
	(void)hk_refuse(err, ECHILD, "the init stage was killed by signal %d", WTERMSIG(status));
	if (WTERMSIG(status) == SIGKILL)
		hk_err_hint(err, "a memory limit that is too low makes the kernel do this");
	return -ECHILD;
}

/* Wait until there is a message or the process has ended. 1: message, 0: ended. */
static int wait_message(struct dialog *d, struct hk_err *err)
{
	struct pollfd fds[2] = {
		{.fd = d->wire.fd, .events = POLLIN},
		{.fd = d->process.pidfd, .events = POLLIN},
	};
	int r;

	do
		r = poll(fds, 2, -1);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return hk_fail(err, errno, "wait for init");
	if (fds[0].revents & POLLIN)
		return 1;
	/* between the two looks of one poll it may have spoken and ended: look again */
	r = poll(fds, 1, 0);
	return r > 0 && (fds[0].revents & POLLIN);
}

static int receive(struct dialog *d, struct hk_err *err)
{
	struct hk_timeline *timeline = d->options->timeline;
	struct received in = {.fd_count = 0};
	int r;

	hk_timeline_wait(timeline, "wait for init");
	r = wait_message(d, err);
	hk_timeline_end(timeline, r);
	if (r < 0)
		return r;
	r = r ? hk_wire_receive(&d->wire, &in.msg, in.fds, &in.fd_count) : -EPIPE;
	if (r == -EPIPE)
		return ended_silently(d, err);
	if (r < 0)
		return hk_fail(err, -r, "receive from the init stage");
	if (!handlers[in.msg.type].handle) {
		r = hk_refuse(err, EPROTO, "unexpected message %s from the init stage",
			hk_msg_rules[in.msg.type].name);
	} else {
		hk_timeline_begin(timeline, handlers[in.msg.type].name);
		r = handlers[in.msg.type].handle(d, &in, err);
		hk_timeline_end(timeline, r);
	}
	for (uint32_t i = 0; i < in.fd_count; i++)
		hk_close(&in.fds[i]);
	return r;
}

static int converse(struct dialog *d, struct hk_err *err)
{
	struct hk_timeline *timeline = d->options->timeline;
	int r;

	hk_timeline_begin(timeline, "note the process");
	r = announce(d, err);
	hk_timeline_end(timeline, r);
	hk_timeline_begin(timeline, "send the plan");
	if (r == 0)
		r = send_plan(d, err);
	hk_timeline_end(timeline, r);
	while (r == 0 && !d->ready)
		r = receive(d, err);
	return r;
}

/* Nothing of it may outlive the failure. With a pid namespace its init takes the others along. */
static void kill_and_reap(struct hk_stage_process *process)
{
	int status;

	(void)hk_sys_pidfd_send_signal(process->pidfd, SIGKILL); /* ESRCH: it has ended already */
	(void)hk_reap(
		process->pidfd, &status); /* ECHILD: reaped, here or by the caller's handler */
	hk_close(&process->pidfd);
}

int hk_stage_run(
	const struct hk_stage_options *options, struct hk_stage_process *ret, struct hk_err *err)
{
	struct dialog d = {.options = options};
	struct hk_spawned spawned;
	HK_FD int sock = -1;
	int r;

	r = hk_spawn(options, &spawned, err);
	if (r < 0)
		return r;
	sock = spawned.sock;
	d.process = (struct hk_stage_process){.pid = spawned.pid, .pidfd = spawned.pidfd};
	hk_wire_init(&d.wire, sock, true);
	r = converse(&d, err);
	hk_sources_done(&d.sources);
	if (r < 0) {
		hk_close(&sock); /* the end of the conversation ends it too, where signals cannot */
		kill_and_reap(&d.process);
		return r;
	}
	*ret = d.process;
	return 0;
}
