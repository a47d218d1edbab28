/* Processes: identity by (pid, start time) and pidfd, and running a helper program to its end. Part
 * of the init image, which runs hooks too. */
#ifndef HK_BASE_PROC_H
#define HK_BASE_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct hk_err;

/* Field 22 of /proc/PID/stat, in clock ticks since boot. 0, or a negative errno (-ESRCH where there
 * is no such process). */
int hk_proc_start_time(pid_t pid, uint64_t *ret_start_time);

/* Is it that very process, and has a thread of it not ended? What is done to it needs hk_proc_open. */
int hk_proc_is_alive(pid_t pid, uint64_t start_time, bool *ret);

/* A pidfd of that very process: opened, then the start time compared. -ESRCH where it is gone, is
 * a zombie, or the pid belongs to another process now. */
int hk_proc_open(pid_t pid, uint64_t start_time);

/* The pid that a pidfd names in our pid namespace, or a negative errno. */
pid_t hk_pidfd_pid(int pidfd);

/* Files for a program's stdout and stderr; -1: it is captured. */
struct hk_child_output {
	int out;
	int err;
};

/* A program to run to its end. argv is handed over as it is; env NULL means our own. */
struct hk_child {
	const char *path;
	char *const *argv;
	char *const *env;
	const char *cwd;   /* NULL: ours */
	const char *input; /* put on its stdin, then end of file; EPIPE is no error */
	int64_t timeout;   /* seconds; <= 0: none. SIGKILL after that */
	const struct hk_child_output *output; /* NULL: both are captured */
	const int *owner;  /* pidfd of the process that it is run for: SIGKILL when that ends; NULL
			    * or -1: none */
};

struct hk_child_result {
	int status;        /* as waitpid gives it */
	bool timed_out;
	bool orphaned;     /* its owner has ended */
	char out[256];     /* the beginning of its stdout and stderr, NUL ended, where captured */
	char err[256];
};

/* Run and wait. Inherits nothing but stdio. 0, or a negative errno with err set where it
 * could not be started; how it ended is in *ret. Touches no signal handler, no cwd and no umask of
 * ours; safe in a threaded process. */
int hk_child_run(const struct hk_child *child, struct hk_child_result *ret, struct hk_err *err);

/* The text that says how a hook failed, as runc's: "exit status 1, stdout: , stderr: ". */
const char *hk_child_describe(const struct hk_child_result *result, int64_t timeout, char *ret,
	unsigned long cap);

#endif
