/* Making the init stage's process: private to stage/. */
#ifndef HK_STAGE_SPAWN_H
#define HK_STAGE_SPAWN_H

#include "stage/stage.h"

struct hk_spawned {
	pid_t pid;
	int pidfd;
	int sock; /* our end of the sync socket */
};

/* A memfd with these bytes that nobody can change any more. fd or a negative errno. */
int hk_sealed_memfd(const char *name, const void *bytes, size_t size, unsigned int flags);

/* Start the init stage in the plan's clone_flags namespaces. It waits for PLAN on fd
 * 3 + preserve_fds; what it cannot do before exec arrives as FAILED on the socket. */
int hk_spawn(const struct hk_stage_options *options, struct hk_spawned *ret, struct hk_err *err);

/* How a process ended, and reap it. *ret_status is as waitpid gives it. -ECHILD where somebody else
 * in this program (a SIGCHLD handler) was faster. */
int hk_reap(int pidfd, int *ret_status);

/* Set the rlimits of spec's process from outside, where lifting them needs no capability inside. */
int hk_rlimits_set(pid_t pid, const struct hk_spec *spec, struct hk_err *err);
/* The same for its priorities; to be called only where init could not. err names the property. */
int hk_scheduler_set(pid_t pid, const struct hk_spec *spec, struct hk_err *err);
int hk_io_priority_set(pid_t pid, const struct hk_spec *spec, struct hk_err *err);

#endif
