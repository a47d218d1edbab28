/* The runtime's half of making a container: spawn the init stage, talk with it until the container
 * is ready, undo everything on failure. */
#ifndef HK_STAGE_STAGE_H
#define HK_STAGE_STAGE_H

#include "base/log.h"
#include "base/proc.h"
#include "base/timeline.h"
#include "plan/hook_state.h"
#include "plan/plan.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct hk_err;

/* What the stage asks of its caller while the init stage works. Each returns 0 or fails. */
struct hk_stage_events {
	/* The process that will be the container's first is known; not yet past any barrier. */
	int (*spawned)(void *userdata, pid_t pid, uint64_t start_time, struct hk_err *err);
	/* A netlink socket of the container's network namespace arrived, for linux.netDevices. The fd
	 * stays the stage's. */
	int (*network)(void *userdata, int netlink, struct hk_err *err);
	/* HK_SYNC_HOOKS reached: run prestart and createRuntime hooks. */
	int (*hooks)(void *userdata, pid_t pid, struct hk_err *err);
	/* All is set up but the program: put "created" on disk. */
	int (*ready)(void *userdata, pid_t pid, struct hk_err *err);
	/* The seccomp listener arrived; the fd stays the stage's. */
	int (*listener)(void *userdata, pid_t pid, int listener, struct hk_err *err);
	/* We may not clone into the cgroup: the process is outside, and somebody else has to put it there,
	 * before anything is asked of it. NULL: there is nobody. */
	int (*enter_cgroup)(void *userdata, int cgroup, pid_t pid, struct hk_err *err);
	/* The cgroup takes no process: an fd of another one, the stage's from then on, or failed. */
	int (*other_cgroup)(void *userdata, struct hk_err *err);
	void *userdata;
};

struct hk_stage_options {
	const struct hk_plan *plan;
	const struct hk_spec *spec; /* id maps, rlimits */
	int stdio[3];		    /* become 0, 1, 2 of the container; -1: ours */
	uint32_t preserve_fds;	    /* fds 3 .. 3+n-1 of ours go through */
	int slots[HK_SLOT_COUNT];   /* fds for the plan; -1: none. Stay the caller's */
	int cgroup_v2_fd;	    /* for CLONE_INTO_CGROUP; -1: none */
	const char *initial_cpus;        /* where it runs until it is in its cgroup; NULL: as we do */
	const struct hk_log *log;
	struct hk_timeline *timeline;    /* NULL: none is wanted */
	struct hk_stage_events events;
};

struct hk_stage_process {
	pid_t pid;
	int pidfd;
	uint64_t start_time;
};

/* Spawn and go through the whole conversation until READY is answered with START. On failure the
 * processes are killed and reaped and err has step, property and message. */
int hk_stage_run(
	const struct hk_stage_options *options, struct hk_stage_process *ret, struct hk_err *err);

/* The same for a plan that ends with `finish`: until it has. */
int hk_stage_run_errand(const struct hk_stage_options *options, struct hk_err *err);

/* ---- readiness: the sd_notify proxy (stage/notify_socket.c) ---- */

struct hk_notify;

#define HK_NOTIFY_DIR "notify"
#define HK_NOTIFY_SOCKET "notify.sock"

/* Make the directory that is bound onto /run/notify in the container's state directory. */
int hk_notify_make_dir(int dir, struct hk_err *err);
/* Connect to the host's socket (path, or "@" and an abstract name), and make the container's in that
 * directory, open to every user of the container. */
int hk_notify_open(
	int dir, const char *host_socket, struct hk_notify **ret, struct hk_err *err);
void hk_notify_free(struct hk_notify *notify); /* NULL is accepted */
/* Whose pid is said with READY=1, and whose end is waited for. The pidfd stays the caller's. */
int hk_notify_set_init(struct hk_notify *notify, pid_t pid, int pidfd, struct hk_err *err);
/* Readable when hk_notify_pass has something to do. Stays the notify's. */
int hk_notify_fd(const struct hk_notify *notify);
/* Pass on what is there, some of it at least, without waiting. 1: READY=1 has been passed on by now; 0:
 * not yet. */
int hk_notify_pass(struct hk_notify *notify, struct hk_err *err);
/* Pass on until READY=1 has been, or the container has ended; then until the manager has taken all of it
 * (sd_notify_barrier(3), at most 30 s). */
int hk_notify_wait(struct hk_notify *notify, struct hk_err *err);

/* ---- host-side helpers, each in its own file ---- */

/* Write uid_map and gid_map (setgroups first): directly, newuidmap/newgidmap only after EPERM. */
int hk_idmap_write(pid_t pid, const struct hk_id_maps *uids, const struct hk_id_maps *gids,
	struct hk_err *err);

/* The path of newuidmap or newgidmap into ret, as it is run; NULL where it is not installed. */
const char *hk_idmap_find_helper(const char *name, char *ret, size_t cap);
/* The first of newuidmap and newgidmap that is not installed; NULL: both are. */
const char *hk_idmap_missing_helper(void);

/* A user namespace with these maps and nobody in it: the fd keeps it. fd or negative errno. */
int hk_idmap_namespace(const struct hk_id_maps *uids, const struct hk_id_maps *gids,
	struct hk_err *err);

/* A sealed, executable file that holds these bytes, or the init image. The name is for what lists open
 * files. fd or a negative errno. */
int hk_program_open(const char *name, const void *bytes, size_t size, struct hk_err *err);
int hk_init_image_open(struct hk_err *err);

/* The files that the annotations name for the output of hooks, for appending, made 0600 where
 * missing; -1 where there is none. err names the annotation. */
int hk_hook_output_open(
	const struct hk_pairs *annotations, struct hk_child_output *ret, struct hk_err *err);
void hk_hook_output_close(struct hk_child_output *files);

/* Run the hooks of a point one after the other in the runtime's namespaces, cwd = bundle. Stops at
 * the first that fails: "error running createRuntime hook #0: ...", property /hooks/POINT/INDEX. */
int hk_hooks_run(const struct hk_hooks *hooks, enum hk_hook_point point,
	const struct hk_hook_state *state, const char *status, pid_t pid, struct hk_err *err);
/* The same with each hook in the timeline, which may be NULL. */
int hk_hooks_run_timed(const struct hk_hooks *hooks, enum hk_hook_point point,
	const struct hk_hook_state *state, const char *status, pid_t pid,
	struct hk_timeline *timeline, struct hk_err *err);
/* poststop: every hook runs, failures are logged as warnings. */
void hk_hooks_run_all(const struct hk_hooks *hooks, enum hk_hook_point point,
	const struct hk_hook_state *state, const char *status, const struct hk_log *log);

/* Connect to a unix stream socket by path (longer than sun_path too). fd or negative errno. */
int hk_socket_connect(const char *path, struct hk_err *err);
/* Send text and one fd in one message. */
int hk_socket_send_fd(int sock, const char *text, int fd, struct hk_err *err);
/* Send text and a pidfd of the process, a child of ours, to the socket at path. */
int hk_socket_send_pidfd(const char *path, const char *text, pid_t pid, struct hk_err *err);

/* Hand the seccomp listener to the agent at path, with the ContainerProcessState of runtime-spec.
 * metadata may be NULL. */
int hk_seccomp_notify_send(const char *path, const char *metadata, int listener,
	const struct hk_hook_state *state, const char *status, pid_t pid, struct hk_err *err);

/* Namespace fd of path, its type checked with NS_GET_NSTYPE. fd or negative errno. */
int hk_namespace_open(const char *path, enum hk_ns_type type, struct hk_err *err);
/* The user namespace that owns it. fd or negative errno; -EPERM: it is none that we have power over. */
int hk_namespace_owner(int ns, struct hk_err *err);
/* Are we in it ourselves? */
bool hk_namespace_is_ours(int ns, enum hk_ns_type type);

#endif
