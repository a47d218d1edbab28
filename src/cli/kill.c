/* hako kill */
#include "cli.h"

#include <stdlib.h>

static bool all;

static const struct option options[] = {
	{"all", 'a', OPTION_FLAG, &all, NULL, "signal every process of the container"},
	{0},
};

static int run(struct cli *cli, int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "TERM";
	int signal = hako_signal_number(name);
	hako_runtime *runtime = cli_runtime(cli);
	hako_container *container = NULL;
	hako_error *error = NULL;
	int status = EXIT_SUCCESS;

	if (!runtime)
		return EXIT_FAILURE;
	if (signal == 0)
		return cli_refuse(cli, "unknown signal \"%s\"", name);
	if (hako_container_open(runtime, argv[0], &container, &error) < 0 ||
		hako_kill(container, signal, all, &error) < 0)
		status = cli_fail(cli, argv[0], error);
	hako_container_free(container);
	return status;
}

const struct command kill_command = {
	.name = "kill",
	.arguments = "ID [SIGNAL]",
	.summary = "send a signal (default: TERM) to a container's init",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 2,
	.stop_early = true,
	.run = run,
};
