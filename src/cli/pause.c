/* hako pause */
#include "cli.h"

static const struct option options[] = {{0}};

static int run(struct cli *cli, int argc, char **argv)
{
	(void)argc; /* exactly one */
	return cli_call(cli, argv[0], hako_pause);
}

const struct command pause_command = {
	.name = "pause",
	.arguments = "ID",
	.summary = "freeze the processes of a container",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
