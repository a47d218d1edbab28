/* A container on its way: what the steps of hako_create share. */
#ifndef HK_LIB_CREATION_H
#define HK_LIB_CREATION_H

#include "lib/container.h"
#include "lib/handshake.h"
#include "lib/prepare.h"
#include "net/net.h"
#include "stage/trace.h"

struct hk_creation {
	struct hako_runtime *runtime;
	const char *id;
	bool run; /* start it at once */
	struct hk_prepared prepared;
	struct hk_state state;
	int root;
	int dir; /* locked */
	struct hk_handshake handshake;
	int slots[HK_SLOT_COUNT];
	struct hk_notify *notify; /* the sockets of its readiness; NULL: nobody asks */
	struct hk_net_devices *net_devices; /* NULL: none are to be moved */
	struct hk_stage_process process;
	struct hk_timeline *timeline; /* NULL: none is wanted */
	struct hk_trace_memory trace; /* in which the init stage notes its part of it */
	uint64_t spawn_time;	      /* when there was an init stage; 0: not yet */
	struct hako_container *container; /* the handle */
	bool spawned;	/* the container's init was there: poststop hooks are due */
	bool pid_file;	/* written */
	bool left_over; /* something could not be undone: the state stays, for `delete --force` */
};

/* The state as hooks see it. */
struct hk_hook_state hk_creation_hook_state(const struct hk_creation *creation);

/* ---- create_state.c ---- */

/* state.json, "creating": from here on `delete --force` can finish what we leave. */
int hk_creation_store_creating(struct hk_creation *creation, struct hk_err *err);
/* state.json, "created". */
int hk_creation_store_created(struct hk_creation *creation, pid_t pid, struct hk_err *err);

/* ---- create_slots.c ---- */

/* The descriptors that the init stage gets, and the directory of the notify socket. */
int hk_creation_open_slots(struct hk_creation *creation, struct hk_err *err);
void hk_creation_close_slots(struct hk_creation *creation);

/* ---- create_timeline.c ---- */

/* Share memory with the init stage for its part of the timeline, if one is wanted. */
int hk_creation_open_trace(struct hk_creation *creation, struct hk_err *err);
/* All is over: r and error say how. Put the init stage's part into the timeline. */
void hk_creation_close_timeline(struct hk_creation *creation, int r, const struct hk_err *error);

/* ---- create_stage.c ---- */

/* Run the init stage to the point where it waits for start. */
int hk_creation_run_stage(struct hk_creation *creation, struct hk_err *err);
void hk_creation_kill_init(struct hk_creation *creation);
/* run: wait until the user's program is executed, then what is due behind that. */
int hk_creation_await_program(struct hk_creation *creation, struct hk_err *err);

#endif
