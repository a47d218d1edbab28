/* hako resume */
#include "cli.h"

static const struct option options[] = {{0}};

static int run(struct cli *cli, int argc, char **argv)
{
	(void)argc; /* exactly one */
	return cli_call(cli, argv[0], hako_resume);
}

const struct command resume_command = {
	.name = "resume",
	.arguments = "ID",
	.summary = "thaw the processes of a paused container",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
