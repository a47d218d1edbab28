/* hako explain */
#include "cli.h"
#include "container_options.h"

#include <stdio.h>
#include <stdlib.h>

static const char *config, *format, *id = "container";

static const struct option options[] = {
	{"config", 'f', OPTION_STRING, &config, "FILE",
		"read FILE instead of the bundle's config.json"},
	{"format", 0, OPTION_STRING, &format, "text|json", "how to print it (default: text)"},
	{"id", 0, OPTION_STRING, &id, "ID", "the container's id (default: container)"},
	{0},
};

static int run(struct cli *cli, int argc, char **argv)
{
	struct hako_create_options create = HAKO_CREATE_OPTIONS_INIT;
	hako_runtime *runtime = cli_runtime(cli);
	hako_error *error = NULL;
	char *text = NULL;
	bool json;
	int r;

	if (!runtime || cli_format(cli, format, "text", &json) != 0)
		return EXIT_FAILURE;
	create.bundle = argc > 0 ? argv[0] : NULL;
	create.seccomp_receiver = seccomp_receiver();
	create.config = config;
	r = json ? hako_explain_json(runtime, id, &create, &text, &error)
		 : hako_explain(runtime, id, &create, &text, &error);
	if (r < 0)
		return cli_fail(cli, NULL, error);
	(void)fputs(text, stdout); /* cli_flush tells */
	free(text);
	return cli_flush(cli);
}

const struct command explain_command = {
	.name = "explain",
	.arguments = "[BUNDLE]",
	.summary = "show what create and start would do, step by step",
	.options = options,
	.max_arguments = 1,
	.run = run,
};
