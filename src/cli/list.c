/* hako list */
#include "cli.h"
#include "state_json.h"

#include <stdlib.h>
#include <string.h>

static const char *format;
static bool quiet;

static const struct option options[] = {
	{"format", 'f', OPTION_STRING, &format, "table|json", "how to print them (default: table)"},
	{"quiet", 'q', OPTION_FLAG, &quiet, NULL, "print only ids"},
	{0},
};

enum { COLUMNS = 6 };

static const char *const titles[COLUMNS] = {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"};

/* The states that could be read; returns how many. A broken container is reported and left out. */
static size_t read_states(
	struct cli *cli, hako_runtime *runtime, char **ids, size_t count, struct hako_state *ret)
{
	size_t good = 0;

	for (size_t i = 0; i < count; i++) {
		hako_container *container = NULL;
		hako_error *error = NULL;

		if (hako_container_open(runtime, ids[i], &container, &error) < 0 ||
			hako_state(container, &ret[good], &error) < 0)
			(void)cli_fail(cli, ids[i], error);
		else
			good++;
		hako_container_free(container);
	}
	return good;
}

static void cell(
	const struct hako_state *state, int column, char *buf, size_t cap, const char **ret)
{
	const char *const cells[COLUMNS] = {state->id, buf, hako_status_name(state->status),
		state->bundle, state->created, state->owner};

	(void)snprintf(buf, cap, "%d", (int)state->pid);
	*ret = cells[column];
}

/* As Go's tabwriter with minimum 12 and padding 3 does it: the last column is not padded. */
static void print_table(const struct hako_state *states, size_t count)
{
	size_t widths[COLUMNS];
	const char *text;
	char pid[16];

	for (int c = 0; c < COLUMNS; c++) {
		widths[c] = strlen(titles[c]) + 3;
		for (size_t i = 0; i < count; i++) {
			cell(&states[i], c, pid, sizeof(pid), &text);
			if (strlen(text) + 3 > widths[c])
				widths[c] = strlen(text) + 3;
		}
		if (widths[c] < 12)
			widths[c] = 12;
	}
	for (int c = 0; c < COLUMNS; c++)
		printf("%-*s", c < COLUMNS - 1 ? (int)widths[c] : 0, titles[c]);
	putchar('\n');
	for (size_t i = 0; i < count; i++) {
		for (int c = 0; c < COLUMNS; c++) {
			cell(&states[i], c, pid, sizeof(pid), &text);
			printf("%-*s", c < COLUMNS - 1 ? (int)widths[c] : 0, text);
		}
		putchar('\n');
	}
}

static void print_json(const struct hako_state *states, size_t count)
{
	if (count == 0) { /* as runc: callers know it */
		fputs("null", stdout);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		putchar(i == 0 ? '[' : ',');
		state_print(stdout, &states[i], states[i].owner, false);
	}
	putchar(']');
}

static void print_ids(char **ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		puts(ids[i]);
}

static int print_states(struct cli *cli, hako_runtime *runtime, char **ids, size_t count, bool json)
{
	struct hako_state *states = calloc(count + 1, sizeof(*states));
	size_t good;

	if (!states)
		return cli_refuse(cli, "out of memory");
	good = read_states(cli, runtime, ids, count, states);
	if (json)
		print_json(states, good);
	else
		print_table(states, good);
	for (size_t i = 0; i < good; i++)
		hako_state_done(&states[i]);
	free(states);
	return cli_flush(cli);
}

static int run(struct cli *cli, int argc, char **argv)
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_error *error = NULL;
	char **ids = NULL;
	size_t count = 0;
	bool json;
	int status;

	(void)argc; /* none */
	(void)argv;
	if (!runtime)
		return EXIT_FAILURE;
	status = cli_format(cli, format, "table", &json);
	if (status != 0)
		return status;
	if (hako_list(runtime, &ids, &count, &error) < 0)
		return cli_fail(cli, NULL, error);
	if (quiet) {
		print_ids(ids, count);
		status = cli_flush(cli);
	} else {
		status = print_states(cli, runtime, ids, count, json);
	}
	hako_ids_free(ids, count);
	return status;
}

const struct command list_command = {
	.name = "list",
	.arguments = "",
	.summary = "list the containers",
	.options = options,
	.run = run,
};
