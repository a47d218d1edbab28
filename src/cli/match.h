/* Commands on many containers. */
#ifndef CLI_MATCH_H
#define CLI_MATCH_H

#include "cli.h"

/* Call act for each container whose id has a match of the POSIX extended regular expression. All
 * are tried; the exit status is that of the first that failed, 0 where there is none. */
int match_containers(
	struct cli *cli, const char *pattern, int (*act)(struct cli *cli, const char *id));

#endif
