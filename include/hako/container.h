/* Containers: the life cycle of runtime-spec's runtime.md. */
#ifndef HAKO_CONTAINER_H
#define HAKO_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <hako/error.h>
#include <hako/process.h>
#include <hako/runtime.h>
#include <hako/spec.h>
#include <hako/timeline.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A handle on a container. Its runtime must outlive it. */
typedef struct hako_container hako_container;

/* Sized as hako_runtime_options; zero is the default of every member but the descriptors, which
 * HAKO_CREATE_OPTIONS_INIT sets: 0 is one like any other. */
struct hako_create_options {
	size_t size;
	const char *bundle;         /* directory; NULL: "." */
	const hako_spec *spec;      /* NULL: read it */
	const char *console_socket; /* path of the socket that gets the pty's master, or NULL */
	int console_fd;             /* a connected socket instead of a path; -1: none */
	const char *pidfd_socket;   /* path of the socket that gets init's pidfd, or NULL */
	const char *pid_file;       /* written when the container is created, or NULL */
	const char *notify_socket;  /* host's NOTIFY_SOCKET to pass on to (see below), or NULL */
	int stdio[3];               /* become the container's 0, 1, 2; -1: the caller's own */
	unsigned int preserve_fds;  /* fds 3 .. 3+n-1 of the caller go through */
	unsigned int listen_fds;    /* more of them, before those, announced as LISTEN_FDS */
	bool no_pivot;              /* MS_MOVE and chroot instead of pivot_root */
	bool no_new_keyring;        /* keep the caller's session keyring */
	const char *config;         /* file to read instead of the bundle's config.json, or NULL; it is
				     * the container's for hako_exec too, and so is a spec's that was
				     * loaded from one */
	const char *seccomp_receiver; /* socket for the seccomp listener where neither listenerPath
				       * nor the annotation run.oci.seccomp.receiver names one */
	hako_timeline *timeline; /* note in it what is done when, or NULL; stays the caller's */
	const char *listen_fdnames; /* LISTEN_FDNAMES beside LISTEN_FDS, or NULL */
};

#define HAKO_CREATE_OPTIONS_INIT                                                                   \
	{                                                                                          \
		.size = sizeof(struct hako_create_options), .console_fd = -1, .stdio = {-1, -1, -1} \
	}

/* Create: everything is set up but the user's program. *ret is the caller's, freed by
 * hako_container_free, which does not touch the container itself. On failure nothing is left. The
 * container's init is a child of the calling process.
 * Errors: EINVAL (id, config), EEXIST (the id is taken), ENOENT, and what the kernel refuses. */
HAKO_API int hako_create(hako_runtime *runtime, const char *id,
	const struct hako_create_options *options, hako_container **ret, hako_error **err);
/* Create and start in one step, which is faster than both. */
HAKO_API int hako_run(hako_runtime *runtime, const char *id,
	const struct hako_create_options *options, hako_container **ret, hako_error **err);
/* A container that exists. ENOENT "container does not exist". */
HAKO_API int hako_container_open(hako_runtime *runtime, const char *id, hako_container **ret,
	hako_error **err);
HAKO_API void hako_container_free(hako_container *container); /* NULL is accepted */

/* Run the user's program of a created container. Returns when it has been executed. Where a startContainer
 * or poststart hook fails, the container has been deleted, as the specification has it. ESRCH where it was
 * killed before. */
HAKO_API int hako_start(hako_container *container, hako_error **err);

/* Readiness, sd_notify(3): a container that is created with a notify_socket finds a NOTIFY_SOCKET of its
 * own. What it says there is passed on by whoever has started it, through this handle and with its life:
 * READY (with MAINPID, init's pid), RELOADING (with a MONOTONIC_USEC of the host's clock), STOPPING,
 * STATUS, ERRNO, WATCHDOG, WATCHDOG_USEC, EXTEND_TIMEOUT_USEC. All else is dropped, descriptors too. */

/* Readable when hako_container_notify has something to do: for poll. -1: there never is. Stays the
 * container's. */
HAKO_API int hako_container_notify_fd(const hako_container *container);
/* Pass on what has been said, never waiting. 1 when READY=1 has been passed on by now, 0 until then.
 * Behind an error, the service manager's socket is gone, nothing more is passed on. */
HAKO_API int hako_container_notify(hako_container *container, hako_error **err);
/* Pass on until READY=1 has been, or the container has ended; then wait until the manager has taken it
 * all, at most 30 s. For who ends then: the manager wants to see who spoke. */
HAKO_API int hako_container_notify_wait(hako_container *container, hako_error **err);

enum hako_status {
	HAKO_CREATING = 0,
	HAKO_CREATED = 1,
	HAKO_RUNNING = 2,
	HAKO_PAUSED = 3,
	HAKO_STOPPED = 4,
};

/* "creating", "created", "running", "paused", "stopped" */
HAKO_API const char *hako_status_name(enum hako_status status);

struct hako_annotation {
	const char *key;
	const char *value;
};

/* Strings live until hako_state_done. */
struct hako_state {
	const char *id;
	enum hako_status status;
	pid_t pid; /* 0 when stopped */
	const char *bundle;
	const char *rootfs;
	const char *created; /* RFC 3339 with nanoseconds, UTC; "" while creating */
	uint32_t owner_uid;
	const char *owner; /* user name, or "#UID" */
	const struct hako_annotation *annotations;
	size_t annotation_count;
	void *internal;
};

HAKO_API int hako_state(hako_container *container, struct hako_state *ret, hako_error **err);
HAKO_API void hako_state_done(struct hako_state *state);

/* Signal the container's init; SIGKILL without a pid namespace of its own, or all: every process of
 * its cgroup and below. ESRCH "container not running"; with all, nobody left is no error. */
HAKO_API int hako_kill(hako_container *container, int signal, bool all, hako_error **err);
/* Signal number of "9", "KILL", "SIGKILL", "sigkill", "RTMIN+1"; 0 where there is none such. */
HAKO_API int hako_signal_number(const char *name);

/* Freeze every process of a created or running container, and wait until they are frozen, at most ten
 * seconds: -ETIMEDOUT leaves them as they were. ESRCH "container not running". */
HAKO_API int hako_pause(hako_container *container, hako_error **err);
/* Let a paused container go on. EINVAL "container not paused". */
HAKO_API int hako_resume(hako_container *container, hako_error **err);

/* The pids of its processes, as the caller's pid namespace numbers them, sorted. Heap array, which the
 * caller frees; NULL where there is none. A process may end, and its number be another's, before the
 * caller looks. */
HAKO_API int hako_pids(hako_container *container, pid_t **ret, size_t *ret_count, hako_error **err);

/* Remove a stopped (or created) container with all that it had; force kills it first and finishes
 * what an interrupted create left behind. EBUSY "cannot delete container ... that is not stopped". Who works
 * on the container is waited for; with force for ten seconds at most, then EBUSY, and a create or start that
 * waits for a hook is made to fail.
 * The handle stays the caller's to free. */
HAKO_API int hako_delete(hako_container *container, bool force, hako_error **err);
/* By id; force succeeds for an id that does not exist and for a half-made container. EINVAL: what belongs
 * to it cannot be read, and nothing was done. */
HAKO_API int hako_delete_id(hako_runtime *runtime, const char *id, bool force, hako_error **err);

/* The ids of all containers, sorted; freed with hako_ids_free. A missing state directory is empty
 * if it is the default one, else ENOENT. */
HAKO_API int hako_list(hako_runtime *runtime, char ***ret, size_t *ret_count, hako_error **err);
HAKO_API void hako_ids_free(char **ids, size_t count);

/* Make mounts in a created, running or paused container. file: a JSON array of config.json's mounts, in
 * every detail but cgroup mounts; "remount" only of what an earlier entry of the file mounts. Sources are
 * the host's, relative ones the bundle's; missing mount points are made, and stay. Either all of them are
 * made or none. Nothing of it is kept: a checkpoint, or the next container of the bundle, does not know
 * of them. Errors name the entry ("/0/source") and its position in the file: EINVAL also for a container
 * without a mount namespace of its own, ESRCH "container not running". */
HAKO_API int hako_mounts_add(hako_container *container, const char *file, hako_error **err);
/* Take away what is mounted exactly at each entry's destination (the topmost, with all that is mounted
 * below it), whoever mounted it; other members are ignored. Either all of them or none; never anything of
 * /proc, nor through a symbolic link (ELOOP). What processes have open in them they keep. */
HAKO_API int hako_mounts_remove(hako_container *container, const char *file, hako_error **err);

/* The states of all containers, by their ids: what hako_state gives for each, and faster; where there are
 * many, up to four threads work on it until the call returns. One that cannot be read is left out;
 * broken, where it is not NULL, is called for it from the calling thread, and has to free err. *ret is
 * the caller's, freed as a whole by hako_states_free. A missing state directory as above. */
typedef void hako_broken_fn(void *userdata, const char *id, hako_error *err);
HAKO_API int hako_states(hako_runtime *runtime, struct hako_state **ret, size_t *ret_count,
	hako_broken_fn *broken, void *userdata, hako_error **err);
HAKO_API void hako_states_free(struct hako_state *states); /* NULL is accepted */

/* The container's config.json, as it is now: that of its bundle, or the file that was read in its place.
 * hako_spec_load without having to know where. */
HAKO_API int hako_container_spec(hako_container *container, hako_spec **ret, hako_error **err);

/* The container's first process. For the program that created it, hako_process_wait gives its
 * status. The process is the caller's, freed by hako_process_free. */
HAKO_API int hako_container_process(hako_container *container, hako_process **ret,
	hako_error **err);

#ifdef __cplusplus
}
#endif

#endif
