/* Processes in containers. */
#ifndef HAKO_PROCESS_H
#define HAKO_PROCESS_H

#include <sys/types.h>

#include <hako/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hako_process hako_process;

HAKO_API void hako_process_free(hako_process *process); /* NULL is accepted */
HAKO_API pid_t hako_process_pid(const hako_process *process);
/* A pidfd, readable when the process has ended: for poll. Stays the process's. */
HAKO_API int hako_process_fd(const hako_process *process);
/* Wait for its end. *ret_status: the exit status, or 128 + n after signal n. Only for the process
 * whose child it is (the one that created it). */
HAKO_API int hako_process_wait(hako_process *process, int *ret_status, hako_error **err);
/* Signal it, by pidfd. ESRCH when it has ended. */
HAKO_API int hako_process_kill(hako_process *process, int signal, hako_error **err);

#ifdef __cplusplus
}
#endif

#endif
