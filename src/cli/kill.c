/* hako kill */
#include "cli.h"
#include "match.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define OWN_SIGNAL -1

static bool all, regex;
static int signal_number = OWN_SIGNAL;

static const struct option options[] = {
	{"all", 'a', OPTION_FLAG, &all, NULL, "signal every process of the container"},
	{"regex", 'r', OPTION_FLAG, &regex, NULL,
		"ID is an extended regular expression: signal all containers whose ids match it"},
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

/* Of many, those that have ended, or are gone by now, are as they are wanted. */
static bool is_over(const hako_error *error)
{
	int code = hako_error_code(error);

	return regex && (code == ESRCH || code == ENOENT);
}

static int kill_one(struct cli *cli, const char *id)
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_container *container = NULL;
	hako_error *error = NULL;
	int status = EXIT_SUCCESS;

	if (!runtime)
		return EXIT_FAILURE;
	if (hako_container_open(runtime, id, &container, &error) < 0 ||
		hako_kill(container,
			signal_number == OWN_SIGNAL ? stop_signal(container) : signal_number, all,
			&error) < 0) {
		if (is_over(error))
			hako_error_free(error);
		else
			status = cli_fail(cli, id, error);
	}
	hako_container_free(container);
	return status;
}

/* "0" is none: kill(2) only looks whether one could be sent. */
static int read_signal(struct cli *cli, const char *name)
{
	signal_number = hako_signal_number(name);
	if (signal_number == 0 && strcmp(name, "0") != 0)
		return cli_refuse(cli, "unknown signal \"%s\"", name);
	return 0;
}

static int run(struct cli *cli, int argc, char **argv)
{
	if (argc > 1 && read_signal(cli, argv[1]) != 0)
		return EXIT_FAILURE;
	return regex ? match_containers(cli, argv[0], kill_one) : kill_one(cli, argv[0]);
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
