/* hako checkpoint */
#include "cli.h"
#include "criu_options.h"

#include <limits.h>
#include <stdlib.h>

static struct hako_checkpoint_options o = HAKO_CHECKPOINT_OPTIONS_INIT;
static unsigned int status_fd = UINT_MAX;

static const struct option options[] = {
	CRIU_OPTIONS(o.criu),
	{"leave-running", 0, OPTION_FLAG, &o.leave_running, NULL, "go on running behind that"},
	{"link-remap", 0, OPTION_FLAG, &o.link_remap, NULL,
		"give open files without a name one in their directory"},
	{"page-server", 0, OPTION_STRING, &o.page_server, "ADDRESS:PORT",
		"send memory to criu's page server there"},
	{"parent-path", 0, OPTION_STRING, &o.parent_path, "DIR",
		"the image of an earlier pre-dump, relative to this image's directory"},
	{"pre-dump", 0, OPTION_FLAG, &o.pre_dump, NULL,
		"write memory only, and go on running; what follows is smaller"},
	{"status-fd", 0, OPTION_NUMBER, &status_fd, "FD",
		"write a NUL to FD when lazy pages can be asked for"},
	{"tcp-skip-in-flight", 0, OPTION_FLAG, &o.tcp_skip_in_flight, NULL,
		"leave out TCP connections that are not established yet"},
	{0},
};

static int run(struct cli *cli, int argc, char **argv)
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_container *container = NULL;
	hako_error *error = NULL;
	int status = EXIT_SUCCESS;

	(void)argc; /* exactly one */
	if (!runtime)
		return EXIT_FAILURE;
	if (status_fd <= INT_MAX)
		o.status_fd = (int)status_fd;
	if (hako_container_open(runtime, argv[0], &container, &error) < 0 ||
		hako_checkpoint(container, &o, &error) < 0)
		status = cli_fail(cli, argv[0], error);
	hako_container_free(container);
	return status;
}

const struct command checkpoint_command = {
	.name = "checkpoint",
	.arguments = "ID",
	.summary = "write a running container into image files, with criu",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
