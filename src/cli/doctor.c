/* hako doctor */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 100
#define INDENT	34 /* where what was found begins */

static const char *format;

static const struct option options[] = {
	{"format", 0, OPTION_STRING, &format, "table|json", "how to print it (default: table)"},
	{0},
};

/* How much of the text goes into a line: up to a blank, or all that fits where there is none. */
static size_t line_length(const char *text, size_t room)
{
	size_t len = strlen(text);

	if (len <= room)
		return len;
	for (len = room; len > 0 && text[len] != ' '; len--)
		;
	return len ? len : room;
}

/* A word or two, then the text, in lines that begin below each other. */
static void print_wrapped(const char *head, const char *text)
{
	printf("%s", head);
	for (int column = (int)strlen(head); *text; column = 0) {
		size_t len = line_length(text, COLUMNS - INDENT);

		printf("%*s%.*s\n", INDENT - column, "", (int)len, text);
		text += len + strspn(text + len, " ");
	}
}

static void print_item(const struct hako_diagnosis_item *item)
{
	char head[INDENT + 1];

	(void)snprintf(
		head, sizeof(head), "  %-8s %s", hako_verdict_name(item->verdict), item->name);
	print_wrapped(head, item->found);
	if (item->verdict == HAKO_VERDICT_OK)
		return;
	print_wrapped("             needed for:", item->needed_for);
	if (item->advice[0])
		print_wrapped("             what to do:", item->advice);
}

static void print_summary(const hako_diagnosis *diagnosis)
{
	size_t counts[HAKO_VERDICT_UNKNOWN + 1] = {0};

	for (size_t i = 0; i < hako_diagnosis_count(diagnosis); i++)
		counts[hako_diagnosis_item(diagnosis, i)->verdict]++;
	printf("\n%s", hako_diagnosis_usable(diagnosis) ? "containers can be run here"
							: "containers cannot be run here");
	for (int v = HAKO_VERDICT_OK; v <= HAKO_VERDICT_UNKNOWN; v++)
		printf("%s %zu %s", v ? "," : ":", counts[v],
			hako_verdict_name((enum hako_verdict)v));
	printf("\n");
	for (size_t i = 0; i < hako_diagnosis_count(diagnosis); i++) {
		const struct hako_diagnosis_item *item = hako_diagnosis_item(diagnosis, i);

		if (item->essential && item->verdict == HAKO_VERDICT_MISSING)
			printf("first of all: %s: %s\n", item->section, item->name);
	}
}

static void print_table(const hako_diagnosis *diagnosis)
{
	const char *section = "";

	for (size_t i = 0; i < hako_diagnosis_count(diagnosis); i++) {
		const struct hako_diagnosis_item *item = hako_diagnosis_item(diagnosis, i);

		if (strcmp(section, item->section) != 0)
			printf("%s%s\n", i ? "\n" : "", item->section);
		section = item->section;
		print_item(item);
	}
	print_summary(diagnosis);
}

static int print_json(struct cli *cli, const hako_diagnosis *diagnosis)
{
	hako_error *error = NULL;
	char *text = NULL;

	if (hako_diagnosis_json(diagnosis, &text, &error) < 0)
		return cli_fail(cli, NULL, error);
	fputs(text, stdout);
	free(text);
	return 0;
}

static int run(struct cli *cli, int argc, char **argv)
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_diagnosis *diagnosis = NULL;
	hako_error *error = NULL;
	bool json;
	int status = 0;

	if (!runtime || cli_format(cli, format, "table", &json) != 0)
		return EXIT_FAILURE;
	if (hako_doctor(runtime, argc > 0 ? argv[0] : NULL, &diagnosis, &error) < 0)
		return cli_fail(cli, NULL, error);
	if (json)
		status = print_json(cli, diagnosis);
	else
		print_table(diagnosis);
	if (status == 0)
		status = cli_flush(cli);
	if (!hako_diagnosis_usable(diagnosis))
		status = EXIT_FAILURE;
	hako_diagnosis_free(diagnosis);
	return status;
}

const struct command doctor_command = {
	.name = "doctor",
	.arguments = "[DIR]",
	.summary = "report what this host offers, and what to do about what is missing",
	.options = options,
	.max_arguments = 1,
	.run = run,
};
