/* A process on its way into a container: what the parts of hako_exec share. */
#ifndef HK_LIB_EXEC_H
#define HK_LIB_EXEC_H

#include "lib/container.h"
#include "lib/handshake.h"
#include "lib/spec.h"
#include "stage/trace.h"
#include "plan/build.h"

#include <hako/exec.h>

struct hk_execution {
	struct hako_container *handle;
	struct hako_exec_options options;
	struct hk_loaded container;
	struct hk_arena arena;
	struct hako_spec *read;	       /* where the caller gave no specification */
	const struct hako_spec *given; /* whose process it is */
	struct hk_spec common;	       /* what the container's processes have in common */
	struct hk_process program;     /* given's, with that for what it says nothing of */
	struct hk_spec spec;	       /* program, and what of the container counts for it */
	struct hk_facts facts;
	struct hk_plan_joined joined;
	struct hk_state_seccomp seccomp; /* size 0: no filter */
	const struct hk_plan *plan;
	struct hk_handshake handshake;
	int slots[HK_SLOT_COUNT];
	int cgroup; /* v2: where init is; -1: where the state says */
	struct hk_stage_process process;
	struct hako_process *ret;     /* the handle */
	bool pid_file;		      /* written */
	struct hk_timeline *timeline; /* NULL: none is wanted */
	struct hk_trace_memory trace;
	uint64_t spawn_time; /* 0: there was no process yet */
	pid_t spawned;
};

/* ---- exec_process.c ---- */

/* The process object and what it leaves to the container's: spec, but for its namespaces. */
int hk_exec_take_process(struct hk_execution *execution, struct hk_err *err);

/* ---- exec_join.c ---- */

/* Is the container's init, whose pidfd was opened before, still the process of its pid? What has
 * been read from /proc/PID counts only if it is so behind the reading. -ESRCH "cannot exec in a
 * stopped container". */
int hk_exec_check_alive(const struct hk_execution *execution, struct hk_err *err);
/* What of the container there is to enter: joined, spec's namespaces, and the slots for them. */
int hk_exec_find_container(struct hk_execution *execution, struct hk_err *err);
/* Where in the container's cgroup: options.cgroups, or where init is. */
int hk_exec_place_in_cgroup(struct hk_execution *execution, struct hk_err *err);
/* The cgroup v2 that init is in now: fd or a negative errno. */
int hk_exec_open_current_cgroup(struct hk_execution *execution, struct hk_err *err);

/* ---- exec_stage.c ---- */

/* Run the init stage until the program has been executed. */
int hk_exec_run_stage(struct hk_execution *execution, struct hk_err *err);

#endif
