/* hako create */
#include "cli.h"
#include "container_options.h"

#include <stdlib.h>

static struct container_options o;

static const struct option options[] = {CONTAINER_OPTIONS(o), {0}};

static int run(struct cli *cli, int argc, char **argv)
{
	struct hako_create_options create;
	hako_container *container = NULL;
	hako_error *error = NULL;
	hako_runtime *runtime;
	hako_spec *spec;
	int status;

	(void)argc; /* exactly one */
	runtime = cli_runtime(cli);
	if (!runtime)
		return EXIT_FAILURE;
	status = container_options_read(cli, argv[0], &o, true, &create, &spec);
	if (status != 0)
		return status;
	if (hako_create(runtime, argv[0], &create, &container, &error) < 0)
		status = cli_fail(cli, argv[0], error);
	hako_container_free(container);
	hako_spec_free(spec);
	return status;
}

const struct command create_command = {
	.name = "create",
	.arguments = "ID",
	.summary = "create a container; start runs its program",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
