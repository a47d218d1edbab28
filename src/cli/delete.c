/* hako delete */
#include "cli.h"

#include <stdlib.h>

static bool force;

static const struct option options[] = {
	{"force", 'f', OPTION_FLAG, &force, NULL,
		"kill it first where it runs; no error where it does not exist"},
	{0},
};

static int run(struct cli *cli, int argc, char **argv)
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_error *error = NULL;

	(void)argc; /* exactly one */
	if (!runtime)
		return EXIT_FAILURE;
	if (hako_delete_id(runtime, argv[0], force, &error) < 0)
		return cli_fail(cli, argv[0], error);
	return EXIT_SUCCESS;
}

const struct command delete_command = {
	.name = "delete",
	.arguments = "ID",
	.summary = "remove a stopped container with all that it had",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
