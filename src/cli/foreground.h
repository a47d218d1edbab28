/* Waiting for a process of a container: signals go to it, orphans that come to us are reaped, its
 * terminal is ours. What `run`, `exec` and `restore` do around the library's call that makes it:
 *
 *     status = foreground_begin(&f, cli, id, options);
 *     if (status == 0) {
 *             foreground_fit(&f, spec);
 *             ... make the process; its terminal's master goes to f.console_fd ...
 *             status = foreground_wait(&f, process, &process_status);
 *     }
 *     foreground_end(&f);
 */
#ifndef CLI_FOREGROUND_H
#define CLI_FOREGROUND_H

#include "cli.h"
#include "terminal.h"

struct foreground {
	struct cli *cli;
	const char *id;
	int signals;	/* signalfd */
	int console_fd; /* for the library's options; -1: no terminal was asked for */
	hako_container *speaker; /* whose readiness is passed on; the caller sets it, or NULL */
	struct terminal terminal;
};

enum {
	FOREGROUND_TERMINAL = 1,  /* the process has a terminal of its own, on ours */
	FOREGROUND_SUBREAPER = 2, /* the container's orphans become our children */
};

/* From here on signals wait until they can be passed on. Returns 0, or the exit status after an
 * error; foreground_end is due in either case. options: of the enum above. */
int foreground_begin(struct foreground *f, struct cli *cli, const char *id, unsigned int options);
/* The process's terminal is as big as ours before the process can ask. */
void foreground_fit(const struct foreground *f, hako_spec *spec);
/* Until the end of the process, a child of ours; our own terminal is as it was before then. Returns
 * 0 and its status, or the exit status after an error. */
int foreground_wait(struct foreground *f, hako_process *process, int *ret_status);
void foreground_end(struct foreground *f);

#endif
