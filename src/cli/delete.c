/* hako delete */
#include "cli.h"
#include "match.h"

#include <errno.h>
#include <stdlib.h>

static bool force, regex;

static const struct option options[] = {
	{"force", 'f', OPTION_FLAG, &force, NULL,
		"kill it first where it runs; no error where it does not exist"},
	{"regex", 'r', OPTION_FLAG, &regex, NULL,
		"ID is an extended regular expression: remove all containers whose ids match it"},
	{0},
};

static int delete_one(struct cli *cli, const char *id)
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_error *error = NULL;

	if (!runtime)
		return EXIT_FAILURE;
	if (hako_delete_id(runtime, id, force, &error) == 0)
		return EXIT_SUCCESS;
	if (!regex || hako_error_code(error) != ENOENT)
		return cli_fail(cli, id, error);
	hako_error_free(error); /* of many: gone by now */
	return EXIT_SUCCESS;
}

static int run(struct cli *cli, int argc, char **argv)
{
	(void)argc; /* exactly one */
	return regex ? match_containers(cli, argv[0], delete_one) : delete_one(cli, argv[0]);
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
