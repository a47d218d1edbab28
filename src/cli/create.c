/* hako create */
#include "cli.h"
#include "container_options.h"
#include "timeline.h"

#include <stdlib.h>

static struct container_options o;
static const char *timeline_path;

static const struct option options[] = {
	CONTAINER_OPTIONS(o),
	TIMELINE_OPTION(timeline_path),
	{0},
};

static int create_container(
	struct cli *cli, hako_runtime *runtime, const char *id, struct timeline *timeline)
{
	struct hako_create_options create;
	hako_container *container = NULL;
	hako_error *error = NULL;
	hako_spec *spec;
	int status;

	hako_timeline_begin(timeline->timeline, "read config");
	status = container_options_read(cli, id, &o, true, &create, &spec);
	hako_timeline_end(timeline->timeline, -status);
	if (status != 0)
		return status;
	create.timeline = timeline->timeline;
	if (hako_create(runtime, id, &create, &container, &error) < 0)
		status = cli_fail(cli, id, error);
	hako_container_free(container);
	hako_spec_free(spec);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	hako_runtime *runtime;
	struct timeline timeline;
	int status;

	(void)argc; /* exactly one */
	runtime = cli_runtime(cli);
	if (!runtime)
		return EXIT_FAILURE;
	status = timeline_open(cli, timeline_path, &timeline);
	if (status != 0)
		return status;
	status = create_container(cli, runtime, argv[0], &timeline);
	timeline_close(cli, &timeline);
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
