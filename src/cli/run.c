/* hako run */
#include "attend.h"
#include "cli.h"
#include "container_options.h"
#include "foreground.h"
#include "timeline.h"

#include <stdlib.h>

static struct container_options o;
static bool detach, keep;
static const char *timeline_path;

static const struct option options[] = {
	CONTAINER_OPTIONS(o),
	{"detach", 'd', OPTION_FLAG, &detach, NULL, "do not wait for the container's end"},
	{"keep", 0, OPTION_FLAG, &keep, NULL, "do not delete the container at its end"},
	TIMELINE_OPTION(timeline_path),
	{0},
};

/* Create and start it. The chart is complete then, and nothing else writes to the terminal yet. */
static int run_container(struct cli *cli, hako_runtime *runtime, const char *id,
	struct hako_create_options *create, struct timeline *timeline, hako_container **ret)
{
	hako_error *error = NULL;
	int r;

	create->timeline = timeline->timeline;
	r = hako_run(runtime, id, create, ret, &error);
	timeline_close(cli, timeline);
	return r < 0 ? cli_fail(cli, id, error) : 0;
}

static int run_detached(struct cli *cli, hako_runtime *runtime, const char *id,
	struct hako_create_options *create, struct timeline *timeline)
{
	hako_container *container = NULL;
	hako_error *error = NULL;
	int status = run_container(cli, runtime, id, create, timeline, &container);

	if (status == 0 && hako_container_notify_wait(container, &error) < 0)
		status = cli_fail(cli, id, error);
	hako_container_free(container);
	return status;
}

static int run_foreground(struct cli *cli, hako_runtime *runtime, const char *id,
	struct hako_create_options *create, hako_spec *spec, struct timeline *timeline)
{
	hako_container *container = NULL;
	struct foreground f;
	int status;

	status = foreground_begin(&f, cli, id,
		(hako_spec_terminal(create->spec) ? FOREGROUND_TERMINAL : 0u) |
			(o.no_subreaper ? 0u : FOREGROUND_SUBREAPER));
	create->console_fd = f.console_fd;
	foreground_fit(&f, spec);
	if (status == 0)
		status = run_container(cli, runtime, id, create, timeline, &container);
	if (status == 0)
		status = attend(&f, container, keep);
	foreground_end(&f);
	hako_container_free(container);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct hako_create_options create;
	struct timeline timeline;
	hako_runtime *runtime;
	hako_spec *spec;
	int status;

	(void)argc; /* exactly one */
	runtime = cli_runtime(cli);
	if (!runtime)
		return EXIT_FAILURE;
	status = timeline_open(cli, timeline_path, &timeline);
	if (status != 0)
		return status;
	hako_timeline_begin(timeline.timeline, "read config");
	status = container_options_read(cli, argv[0], &o, detach, &create, &spec);
	hako_timeline_end(timeline.timeline, -status);
	if (status == 0) {
		status = detach ? run_detached(cli, runtime, argv[0], &create, &timeline)
				: run_foreground(cli, runtime, argv[0], &create, spec, &timeline);
		hako_spec_free(spec);
	}
	timeline_close(cli, &timeline);
	return status;
}

const struct command run_command = {
	.name = "run",
	.arguments = "ID",
	.summary = "create and start a container, and wait for its end",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
