/* The host's ps. */
#ifndef CLI_HOST_PS_H
#define CLI_HOST_PS_H

#include "cli.h"

#include <stddef.h>
#include <sys/types.h>

/* Run ps with these arguments, none being -ef, and print the title and the lines of those pids. Returns
 * the exit status. */
int host_ps(struct cli *cli, int argc, char *const argv[], const pid_t *pids, size_t count);

#endif
