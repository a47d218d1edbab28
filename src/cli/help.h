/* What --help and the command help print. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli.h"

/* The command of that name, or NULL. */
const struct command *find_command(const struct command_group *groups, const char *name);

/* Both return the exit status. */
int help_all(struct cli *cli);
int help_command_options(struct cli *cli, const struct command *command);

#endif
