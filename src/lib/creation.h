/* A container on its way: what the steps of hako_create share. */
#ifndef HK_LIB_CREATION_H
#define HK_LIB_CREATION_H

#include "lib/container.h"
#include "lib/handshake.h"
#include "lib/prepare.h"
#include "net/net.h"
#include "stage/trace.h"
#include "systemd/holder.h"

struct hk_creation {
	struct hako_runtime *runtime;
	const char *id;
	bool run; /* start it at once */
	struct hk_prepared prepared;
	struct hk_state state;
	int root;
	int dir; /* locked until poststart hooks run */
	struct hk_handshake handshake;
	int slots[HK_SLOT_COUNT];
	struct hk_holder holder;  /* in the unit that has begun, until init is */
	struct hk_notify *notify; /* the sockets of its readiness; NULL: nobody asks */
	struct hk_net_devices *net_devices; /* NULL: none are to be moved */
	struct hk_stage_process process;
	struct hk_timeline *timeline; /* NULL: none is wanted */
	struct hk_trace_memory trace; /* in which the init stage notes its part of it */
	uint64_t spawn_time;	      /* when there was an init stage; 0: not yet */
	struct hako_container *container; /* the handle */
	bool spawned;	/* the container's init was there: poststop hooks are due */
	bool pid_file;	/* written */
	bool deleted;	/* by somebody else: what has its name is undone, or another's */
	bool left_over; /* something could not be undone: the state stays, for `delete --force` */
};

void hk_creation_init(
	struct hk_creation *creation, struct hako_runtime *runtime, const char *id, bool run);
/* The handle, which is the caller's then, behind the last step. */
struct hako_container *hk_creation_take_container(struct hk_creation *creation);
void hk_creation_done(struct hk_creation *creation);

/* ---- creation_steps.c ---- */

struct hk_creation_step {
	const char *name; /* in a timeline */
	int (*make)(struct hk_creation *c, struct hk_err *err);
	void (*undo)(struct hk_creation *c); /* NULL: nothing to undo */
};

/* One after the other; where one fails those before it are undone, newest first, and poststop hooks
 * run if there was an init. Errors are located in config.json. */
int hk_creation_run_steps(struct hk_creation *creation, const struct hk_creation_step *steps,
	size_t count, struct hk_err *err);

/* The container's directory, locked. */
int hk_creation_make_directory(struct hk_creation *creation, struct hk_err *err);
void hk_creation_remove_directory(struct hk_creation *creation);
int hk_creation_want_libraries(struct hk_creation *creation, struct hk_err *err);
/* hk_prepare, and its warnings. */
int hk_creation_prepare(struct hk_creation *creation, struct hk_err *err);
void hk_creation_remove_rootfs_mount(struct hk_creation *creation);
int hk_creation_make_cgroup(struct hk_creation *creation, struct hk_err *err);
int hk_creation_limit_processes(struct hk_creation *creation, struct hk_err *err);
void hk_creation_remove_cgroup(struct hk_creation *creation);
int hk_creation_make_rdt(struct hk_creation *creation, struct hk_err *err);
void hk_creation_remove_rdt(struct hk_creation *creation);
int hk_creation_make_handle(struct hk_creation *creation, struct hk_err *err);
void hk_creation_free_handle(struct hk_creation *creation);
int hk_creation_find_net_devices(struct hk_creation *creation, struct hk_err *err);
void hk_creation_return_net_devices(struct hk_creation *creation);

/* The state as hooks see it. */
struct hk_hook_state hk_creation_hook_state(const struct hk_creation *creation);

/* ---- create_state.c ---- */

/* state.json, "creating": from here on `delete --force` can finish what we leave. */
int hk_creation_store_creating(struct hk_creation *creation, struct hk_err *err);
/* state.json, "created". */
int hk_creation_store_created(struct hk_creation *creation, pid_t pid, struct hk_err *err);

/* ---- create_unit.c: nothing of it without the systemd manager ---- */

int hk_creation_start_unit(struct hk_creation *creation, struct hk_err *err);
/* The container's init has been born into the cgroup: it, and not the holder, is what the unit lives by. */
int hk_creation_hand_unit_over(struct hk_creation *creation, pid_t init, struct hk_err *err);
void hk_creation_stop_unit(struct hk_creation *creation);

/* ---- create_slots.c ---- */

/* The notify socket's directory, the console socket, the namespaces to join. */
int hk_creation_open_files(struct hk_creation *creation, struct hk_err *err);
/* Those, and the other descriptors that the init stage gets. */
int hk_creation_open_slots(struct hk_creation *creation, struct hk_err *err);
void hk_creation_close_slots(struct hk_creation *creation);

/* ---- create_timeline.c ---- */

/* Share memory with the init stage for its part of the timeline, if one is wanted. */
int hk_creation_open_trace(struct hk_creation *creation, struct hk_err *err);
/* All is over: r and error say how. Put the init stage's part into the timeline. */
void hk_creation_close_timeline(struct hk_creation *creation, int r, const struct hk_err *error);

/* ---- create_stage.c ---- */

/* init is known: note it before it may go on. */
int hk_creation_note_init(
	struct hk_creation *creation, pid_t pid, uint64_t start_time, struct hk_err *err);
/* prestart and createRuntime hooks. */
int hk_creation_run_hooks(struct hk_creation *creation, pid_t pid, struct hk_err *err);
/* Everything that can still fail on our side, before the program may run. */
int hk_creation_announce(struct hk_creation *creation, pid_t pid, struct hk_err *err);
/* Run the init stage to the point where it waits for start. */
int hk_creation_run_stage(struct hk_creation *creation, struct hk_err *err);
void hk_creation_kill_init(struct hk_creation *creation);
/* run: wait until the user's program is executed, then what is due behind that. */
int hk_creation_await_program(struct hk_creation *creation, struct hk_err *err);

#endif
