/* hako mounts */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

static const struct option options[] = {{0}};

static const struct {
	const char *name;
	int (*change)(hako_container *container, const char *file, hako_error **err);
} changes[] = {
	{"add", hako_mounts_add},
	{"remove", hako_mounts_remove},
};

static int run(struct cli *cli, int argc, char **argv)
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_container *container = NULL;
	hako_error *error = NULL;
	int status = EXIT_SUCCESS;
	size_t i = 0;

	(void)argc; /* exactly three */
	if (!runtime)
		return EXIT_FAILURE;
	while (i < sizeof(changes) / sizeof(changes[0]) && strcmp(argv[0], changes[i].name) != 0)
		i++;
	if (i == sizeof(changes) / sizeof(changes[0]))
		return cli_refuse(cli, "unknown subcommand \"%s\": add or remove", argv[0]);
	if (hako_container_open(runtime, argv[1], &container, &error) < 0 ||
		changes[i].change(
			container, strcmp(argv[2], "-") == 0 ? "/dev/stdin" : argv[2], &error) < 0)
		status = cli_fail(cli, argv[1], error);
	hako_container_free(container);
	return status;
}

const struct command mounts_command = {
	.name = "mounts",
	.arguments = "add|remove ID FILE",
	.summary = "add mounts to a running container, or remove them",
	.options = options,
	.min_arguments = 3,
	.max_arguments = 3,
	.run = run,
};
