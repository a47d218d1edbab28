/* hako start */
#include "cli.h"

#include <stdlib.h>

static const struct option options[] = {{0}};

static int run(struct cli *cli, int argc, char **argv)
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_container *container = NULL;
	hako_error *error = NULL;
	int status = EXIT_SUCCESS;

	(void)argc; /* exactly one */
	if (!runtime)
		return EXIT_FAILURE;
	if (hako_container_open(runtime, argv[0], &container, &error) < 0 ||
		hako_start(container, &error) < 0)
		status = cli_fail(cli, argv[0], error);
	hako_container_free(container);
	return status;
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
