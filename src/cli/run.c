/* hako run */
#include "cli.h"
#include "container_options.h"
#include "foreground.h"

#include <stdlib.h>

static struct container_options o;
static bool detach, keep;

static const struct option options[] = {
	CONTAINER_OPTIONS(o),
	{"detach", 'd', OPTION_FLAG, &detach, NULL, "do not wait for the container's end"},
	{"keep", 0, OPTION_FLAG, &keep, NULL, "do not delete the container at its end"},
	{0},
};

static int run_detached(struct cli *cli, hako_runtime *runtime, const char *id,
	const struct hako_create_options *create)
{
	hako_container *container = NULL;
	hako_error *error = NULL;

	if (hako_run(runtime, id, create, &container, &error) < 0)
		return cli_fail(cli, id, error);
	hako_container_free(container);
	return EXIT_SUCCESS;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct hako_create_options create;
	hako_runtime *runtime;
	hako_spec *spec;
	int status;

	(void)argc; /* exactly one */
	runtime = cli_runtime(cli);
	if (!runtime)
		return EXIT_FAILURE;
	status = container_options_read(cli, argv[0], &o, detach, &create, &spec);
	if (status != 0)
		return status;
	status = detach ? run_detached(cli, runtime, argv[0], &create)
			: run_foreground(cli, runtime, argv[0], &create, !o.no_subreaper, keep);
	hako_spec_free(spec);
	return status;
}

const struct command run_command = {
	.name = "run",
	.arguments = "ID",
	.summary = "create and start a container, and wait for its end",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
