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

static const char *cell(const struct hako_state *state, int column, const char *pid)
{
	const char *const cells[COLUMNS] = {state->id, pid, hako_status_name(state->status),
		state->bundle, state->created, state->owner};

	return cells[column];
}

/* As wide as its longest cell, and 3 more. */
static void widen(size_t widths[COLUMNS], int column, const char *text)
{
	size_t len = strlen(text) + 3;

	if (len > widths[column])
		widths[column] = len;
}

/* printf("%-*s") would cost a tenth of the whole command. */
static void print_cell(const char *text, int column, size_t width)
{
	fputs(text, stdout);
	if (column == COLUMNS - 1) {
		putchar('\n');
		return;
	}
	for (size_t len = strlen(text); len < width; len++)
		putchar(' ');
}

/* As Go's tabwriter with minimum 12 and padding 3 does it: the last column is not padded. */
static void print_table(const struct hako_state *states, size_t count)
{
	size_t widths[COLUMNS];
	char pid[16] = "";

	for (int c = 0; c < COLUMNS; c++) {
		widths[c] = 12;
		widen(widths, c, titles[c]); /* no pid is longer than its column is wide */
		for (size_t i = 0; i < count; i++)
			widen(widths, c, cell(&states[i], c, pid));
	}
	for (int c = 0; c < COLUMNS; c++)
		print_cell(titles[c], c, widths[c]);
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(pid, sizeof(pid), "%d", (int)states[i].pid);
		for (int c = 0; c < COLUMNS; c++)
			print_cell(cell(&states[i], c, pid), c, widths[c]);
	}
}

static void print_json(const struct hako_state *states, size_t count)
{
	if (count == 0) { /* as runc: callers know it */
		puts("null");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		putchar(i == 0 ? '[' : ',');
		state_print(stdout, &states[i], states[i].owner, false);
	}
	puts("]");
}

static int print_ids(struct cli *cli, hako_runtime *runtime)
{
	hako_error *error = NULL;
	char **ids = NULL;
	size_t count = 0;

	if (hako_list(runtime, &ids, &count, &error) < 0)
		return cli_fail(cli, NULL, error);
	for (size_t i = 0; i < count; i++)
		puts(ids[i]);
	hako_ids_free(ids, count);
	return cli_flush(cli);
}

/* A broken container is reported, and the others are listed. */
static void report(void *userdata, const char *id, hako_error *error)
{
	(void)cli_fail(userdata, id, error);
}

static int print_states(struct cli *cli, hako_runtime *runtime, bool json)
{
	struct hako_state *states = NULL;
	hako_error *error = NULL;
	size_t count = 0;

	if (hako_states(runtime, &states, &count, report, cli, &error) < 0)
		return cli_fail(cli, NULL, error);
	if (json)
		print_json(states, count);
	else
		print_table(states, count);
	hako_states_free(states);
	return cli_flush(cli);
}

static int run(struct cli *cli, int argc, char **argv)
{
	hako_runtime *runtime = cli_runtime(cli);
	bool json;

	(void)argc; /* none */
	(void)argv;
	if (!runtime || cli_format(cli, format, "table", &json) != 0)
		return EXIT_FAILURE;
	return quiet ? print_ids(cli, runtime) : print_states(cli, runtime, json);
}

const struct command list_command = {
	.name = "list",
	.arguments = "",
	.summary = "list the containers",
	.options = options,
	.run = run,
};
