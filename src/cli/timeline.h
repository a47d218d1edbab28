/* --timeline: where the chart of a container's start-up goes. */
#ifndef CLI_TIMELINE_H
#define CLI_TIMELINE_H

#include "cli.h"

struct timeline {
	const char *path;	 /* "-": as text to stderr */
	int fd;			 /* -1: none, or stderr */
	hako_timeline *timeline; /* NULL: none is wanted */
};

/* Entry of a struct option table. */
#define TIMELINE_OPTION(path)                                                                      \
	{                                                                                          \
		"timeline", 0, OPTION_STRING, &(path), "FILE",                                     \
			"write what was done when, as a trace for Perfetto; -: as text to stderr"  \
	}

/* Open the file, so that a wrong one is an error before anything is made. path NULL: no timeline.
 * Returns 0, or the exit status after an error. */
int timeline_open(struct cli *cli, const char *path, struct timeline *ret);
/* Write what there is, and free it all. What cannot be written is a warning: the container is
 * there. */
void timeline_close(struct cli *cli, struct timeline *timeline);

#endif
