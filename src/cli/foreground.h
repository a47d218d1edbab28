/* A container that runs while we wait for it. */
#ifndef CLI_FOREGROUND_H
#define CLI_FOREGROUND_H

#include "cli.h"

/* Run it to its end: signals are passed on, a terminal is copied both ways, and the container is
 * deleted unless it is to be kept. Returns its status, or EXIT_FAILURE after an error. */
int run_foreground(struct cli *cli, hako_runtime *runtime, const char *id,
	struct hako_create_options *create, bool subreaper, bool keep);

#endif
