/* hako ps */
#include "cli.h"
#include "host_ps.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static const char *format;

static const struct option options[] = {
	{"format", 'f', OPTION_STRING, &format, "table|json",
		"the lines of the host's ps (default), or the pids alone"},
	{0},
};

static int print_json(struct cli *cli, const pid_t *pids, size_t count)
{
	putchar('[');
	for (size_t i = 0; i < count; i++)
		printf("%s%d", i ? "," : "", (int)pids[i]);
	puts("]");
	return cli_flush(cli);
}

static int run(struct cli *cli, int argc, char **argv)
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_container *container = NULL;
	hako_error *error = NULL;
	pid_t *pids = NULL;
	size_t count = 0;
	bool json;
	int status;

	if (!runtime || cli_format(cli, format, "table", &json) != 0)
		return EXIT_FAILURE;
	if (hako_container_open(runtime, argv[0], &container, &error) < 0 ||
		hako_pids(container, &pids, &count, &error) < 0)
		status = cli_fail(cli, argv[0], error);
	else if (json)
		status = print_json(cli, pids, count);
	else
		status = host_ps(cli, argc - 1, argv + 1, pids, count);
	free(pids);
	hako_container_free(container);
	return status;
}

const struct command ps_command = {
	.name = "ps",
	.arguments = "ID [PS OPTION...]",
	.summary = "list the processes of a container",
	.options = options,
	.min_arguments = 1,
	.max_arguments = INT_MAX,
	.stop_early = true,
	.run = run,
};
