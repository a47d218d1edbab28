/* The options that stand before the command. */
#ifndef CLI_GLOBALS_H
#define CLI_GLOBALS_H

#include "cli.h"

extern const struct option global_options[];

/* Whether --version was among them. */
bool globals_want_version(void);
/* Make cli's log and runtime options of what was parsed. Returns 0, or the exit status after an
 * error. */
int globals_apply(struct cli *cli);

#endif
