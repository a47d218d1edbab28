/* hako features */
#include "cli.h"

#include <stdlib.h>

static const struct option options[] = {{0}};

static int run(struct cli *cli, int argc, char **argv)
{
	hako_error *error = NULL;
	char *json = NULL;

	(void)argc; /* none */
	(void)argv;
	if (hako_features_json(&json, &error) < 0)
		return cli_fail(cli, NULL, error);
	puts(json);
	free(json);
	return cli_flush(cli);
}

const struct command features_command = {
	.name = "features",
	.arguments = "",
	.summary = "print what this build can do as JSON",
	.options = options,
	.run = run,
};
