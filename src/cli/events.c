/* hako events */
#include "cli.h"
#include "duration.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

static bool stats;
static const char *interval = "5s";

static const struct option options[] = {
	{"interval", 0, OPTION_STRING, &interval, "DURATION",
		"time between two samples, such as 100ms or 1m30s (default: 5s)"},
	{"stats", 0, OPTION_FLAG, &stats, NULL, "print one sample and end"},
	{0},
};

static int print_stats(struct cli *cli, const char *id, hako_container *container)
{
	hako_error *error = NULL;
	char *text;

	if (hako_stats_json(container, &text, &error) < 0)
		return cli_fail(cli, id, error);
	puts(text);
	free(text);
	return cli_flush(cli);
}

/* Each line at once: somebody reads them from a pipe. */
static int print_events(struct cli *cli, const char *id, hako_events *events)
{
	struct pollfd fd = {.fd = hako_events_fd(events), .events = POLLIN};
	hako_error *error = NULL;
	char *text;
	int r;

	while ((r = hako_events_next(events, &text, &error)) >= 0) {
		if (r == 0) {
			if (poll(&fd, 1, -1) < 0 && errno != EINTR)
				return cli_refuse_errno(cli, errno, "wait for events");
			continue;
		}
		puts(text);
		free(text);
		if (cli_flush(cli) != 0)
			return EXIT_FAILURE;
	}
	return r == -ENODATA ? EXIT_SUCCESS : cli_fail(cli, id, error);
}

static int stream(struct cli *cli, const char *id, hako_container *container)
{
	struct hako_events_options wanted = {.size = sizeof(wanted)};
	hako_events *events = NULL;
	hako_error *error = NULL;
	int status;

	if (!parse_duration(interval, &wanted.interval))
		return cli_refuse(
			cli, "--interval: '%s' is no duration like 5s or 1m30s", interval);
	if (wanted.interval == 0)
		return cli_refuse(cli, "duration interval must be greater than 0");
	if (hako_events_open(container, &wanted, &events, &error) < 0)
		return cli_fail(cli, id, error);
	status = print_events(cli, id, events);
	hako_events_free(events);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_container *container = NULL;
	hako_error *error = NULL;
	int status;

	(void)argc; /* exactly one */
	if (!runtime)
		return EXIT_FAILURE;
	if (hako_container_open(runtime, argv[0], &container, &error) < 0)
		return cli_fail(cli, argv[0], error);
	status = stats ? print_stats(cli, argv[0], container) : stream(cli, argv[0], container);
	hako_container_free(container);
	return status;
}

const struct command events_command = {
	.name = "events",
	.arguments = "ID",
	.summary = "print what a container uses, and OOM kills, as lines of JSON",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
