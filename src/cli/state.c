/* hako state */
#include "cli.h"
#include "state_json.h"

#include <stdlib.h>

static const struct option options[] = {{0}};

static int run(struct cli *cli, int argc, char **argv)
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_container *container = NULL;
	hako_error *error = NULL;
	struct hako_state state;
	int status;

	(void)argc; /* exactly one */
	if (!runtime)
		return EXIT_FAILURE;
	if (hako_container_open(runtime, argv[0], &container, &error) < 0 ||
		hako_state(container, &state, &error) < 0) {
		status = cli_fail(cli, argv[0], error);
	} else {
		state_print(stdout, &state, "", true); /* runc's state knows no owner */
		hako_state_done(&state);
		status = cli_flush(cli);
	}
	hako_container_free(container);
	return status;
}

const struct command state_command = {
	.name = "state",
	.arguments = "ID",
	.summary = "print the state of a container as JSON",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
