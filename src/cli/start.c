/* hako start */
#include "cli.h"

static const struct option options[] = {{0}};

static int start(hako_container *container, hako_error **err)
{
	int r = hako_start(container, err);

	return r < 0 ? r : hako_container_notify_wait(container, err);
}

static int run(struct cli *cli, int argc, char **argv)
{
	(void)argc; /* exactly one */
	return cli_call(cli, argv[0], start);
}

const struct command start_command = {
	.name = "start",
	.arguments = "ID",
	.summary = "run the program of a created container",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
