/* Controls a container through libhako, as a monitor would: pids, limits, events by poll.
 * Arguments: state root, id. Prints a line for each thing that is as it should be. */
#include <hako/hako.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int r, hako_error *error, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "%s: %d %s\n", what, r, error ? hako_error_text(error) : "");
	exit(1);
}

static void change_limits(hako_container *container)
{
	const struct hako_setting settings[] = {{"pids-limit", "40"}, {"memory", NULL}};
	const struct hako_setting wrong[] = {{"no-such-limit", "1"}};
	const char json[] = "{\"cpu\": {\"quota\": 30000}}";
	struct hako_update_options options = {.size = sizeof(options)};
	hako_error *error = NULL;

	options.resources = json;
	options.resources_size = sizeof(json) - 1;
	options.settings = settings;
	options.setting_count = 2;
	must(hako_update(container, &options, &error), error, "update");
	options.settings = wrong;
	options.setting_count = 1;
	if (hako_update(container, &options, &error) != -EINVAL)
		exit(1);
	printf("refused: %s\n", hako_error_message(error));
	hako_error_free(error);
}

static void pause_and_resume(hako_container *container)
{
	hako_error *error = NULL;

	must(hako_pause(container, &error), error, "pause");
	if (hako_pause(container, &error) != -ESRCH)
		exit(1);
	hako_error_free(error);
	error = NULL;
	must(hako_resume(container, &error), error, "resume");
	puts("paused and resumed");
}

/* Events until the container's end, which we bring about behind the second sample. */
static void listen_to(hako_container *container)
{
	struct hako_events_options options = {.size = sizeof(options), .interval = 20000000};
	hako_events *events = NULL;
	hako_error *error = NULL;
	struct pollfd fd = {.events = POLLIN};
	int samples = 0, r;
	char *line;

	must(hako_events_open(container, &options, &events, &error), error, "events");
	fd.fd = hako_events_fd(events);
	while ((r = hako_events_next(events, &line, &error)) != -ENODATA) {
		must(r, error, "next");
		if (r == 0 && poll(&fd, 1, 20000) <= 0)
			exit(1);
		samples += r == 1 && strstr(line, "\"type\":\"stats\"");
		free(line);
		if (r == 1 && samples == 2)
			must(hako_kill(container, 9, false, &error), error, "kill");
	}
	hako_events_free(events);
	printf("%s\n", samples >= 2 ? "samples, and the end" : "too few samples");
}

static void list(hako_runtime *runtime)
{
	struct hako_state *states = NULL;
	hako_error *error = NULL;
	size_t count = 0;

	must(hako_states(runtime, &states, &count, NULL, NULL, &error), error, "states");
	for (size_t i = 0; i < count; i++)
		printf("%s is %s\n", states[i].id, hako_status_name(states[i].status));
	hako_states_free(states);
}

int main(int argc, char **argv)
{
	struct hako_runtime_options options = {.size = sizeof(options)};
	hako_container *container = NULL;
	hako_runtime *runtime = NULL;
	hako_error *error = NULL;
	pid_t *pids = NULL;
	size_t count = 0;
	char *sample;

	if (argc != 3)
		return 2;
	options.root = argv[1];
	must(hako_runtime_new(&options, &runtime, &error), error, "runtime");
	must(hako_container_open(runtime, argv[2], &container, &error), error, "open");
	must(hako_pids(container, &pids, &count, &error), error, "pids");
	printf("%zu process\n", count);
	free(pids);
	change_limits(container);
	must(hako_stats_json(container, &sample, &error), error, "stats");
	puts(strstr(sample, "\"limit\":40") ? "limit of 40" : sample);
	free(sample);
	pause_and_resume(container);
	list(runtime);
	listen_to(container);
	hako_container_free(container);
	hako_runtime_free(runtime);
	return 0;
}
