/* What a hako_container is, and how the commands on an existing one begin. */
#ifndef HK_LIB_CONTAINER_H
#define HK_LIB_CONTAINER_H

#include "lib/runtime.h"
#include "stage/stage.h"
#include "state/state.h"

#include <hako/container.h>

struct hako_container {
	struct hako_runtime *runtime;
	char *id;
	int root;  /* the state root */
	int pidfd; /* of init, where this handle's create made it; else -1 */
	pid_t pid;
	struct hk_notify *notify; /* where this handle has started it, and it may speak; or NULL */
};

/* A handle without a pidfd; the state root must be there. */
int hk_container_new(struct hako_runtime *runtime, const char *id, struct hako_container **ret,
	struct hk_err *err);

/* A container as it is now. HK_LOADED initialises it at the declaration: it is done at the end of
 * the scope whatever return comes first. */
struct hk_loaded {
	int dir;     /* of the state */
	bool locked; /* until hk_loaded_done */
	struct hk_state state;
	int pidfd; /* of init while it lives, else -1 */
	struct hk_cgroup *cgroup;
};

void hk_loaded_done(struct hk_loaded *loaded);
#define HK_LOADED __attribute__((cleanup(hk_loaded_done))) struct hk_loaded
#define HK_LOADED_INIT                                                                             \
	{                                                                                          \
		.dir = -1, .pidfd = -1                                                             \
	}

/* Read its state and find its init. -ENOENT "container does not exist". */
int hk_container_load(
	int root, const char *id, bool lock, struct hk_loaded *ret, struct hk_err *err);
/* The same with the lock, which is not waited for: -EWOULDBLOCK where somebody has it. */
int hk_container_try_load(int root, const char *id, struct hk_loaded *ret, struct hk_err *err);
/* features.md 4.6: alive by pid and start time, paused by the freezer, created by the fifo and who reads it. */
enum hako_status hk_loaded_status(const struct hk_loaded *loaded);
/* Has it ended, and every process of it? So it is with a pid namespace of its own, which ends with its
 * init. Who is in its cgroup then is another container's, to which the path was given since. */
bool hk_loaded_has_ended(const struct hk_loaded *loaded);
/* The public form of a state; its strings are copied to arena. */
int hk_state_show(const struct hk_state *state, enum hako_status status, struct hk_arena *arena,
	struct hako_state *ret, struct hk_err *err);
/* The state as hooks see it. */
struct hk_hook_state hk_loaded_hook_state(const struct hk_loaded *loaded);

/* Kill what is left of it, remove its cgroup and its directory, run the poststop hooks. The
 * directory must be locked. everything: the whole cgroup, not init alone. */
int hk_container_destroy(struct hako_runtime *runtime, int root, struct hk_loaded *loaded,
	bool everything, struct hk_err *err);
/* Undo the making of a child of ours. What goes wrong is logged. */
void hk_kill_and_reap(int pidfd, const struct hk_log *log);
/* SIGKILL by pidfd and wait until it is gone (a zombie is). */
int hk_kill_and_wait(int pidfd, struct hk_err *err);

struct hako_process {
	pid_t pid;
	int pidfd;
};

/* Takes pidfd over, also when it fails. */
int hk_process_new(pid_t pid, int pidfd, struct hako_process **ret, struct hk_err *err);

/* User name of a uid from /etc/passwd, or "#UID". In arena; NULL when memory is out. */
const char *hk_owner_name(uint32_t uid, struct hk_arena *arena);

#endif
