/* hako kill */
#include "cli.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static bool all;

static const struct option options[] = {
	{"all", 'a', OPTION_FLAG, &all, NULL, "signal every process of the container"},
	{0},
};

/* The signal that the container's image wants to be stopped with (runtime-spec, config.md
 * "Annotations"), else TERM, also where that is none we know. */
static int stop_signal(hako_container *container)
{
	struct hako_state state;
	int signal = 0;

	if (hako_state(container, &state, NULL) < 0)
		return SIGTERM; /* hako_kill says what is wrong */
	for (size_t i = 0; i < state.annotation_count; i++)
		if (strcmp(state.annotations[i].key, "org.opencontainers.image.stopSignal") == 0)
			signal = hako_signal_number(state.annotations[i].value);
	hako_state_done(&state);
	return signal ? signal : SIGTERM;
}

static int run(struct cli *cli, int argc, char **argv)
{
	int signal = argc > 1 ? hako_signal_number(argv[1]) : 0;
	hako_runtime *runtime = cli_runtime(cli);
	hako_container *container = NULL;
	hako_error *error = NULL;
	int status = EXIT_SUCCESS;

	if (!runtime)
		return EXIT_FAILURE;
	if (argc > 1 && signal == 0)
		return cli_refuse(cli, "unknown signal \"%s\"", argv[1]);
	if (hako_container_open(runtime, argv[0], &container, &error) < 0 ||
		hako_kill(container, signal ? signal : stop_signal(container), all, &error) < 0)
		status = cli_fail(cli, argv[0], error);
	hako_container_free(container);
	return status;
}

const struct command kill_command = {
	.name = "kill",
	.arguments = "ID [SIGNAL]",
	.summary =
		"send a signal to a container's init (default: the image's stop signal, or TERM)",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 2,
	.stop_early = true,
	.run = run,
};
