/* hako check */
#include "cli.h"
#include "container_options.h"
#include "json.h"

#include <stdio.h>
#include <stdlib.h>

static const char *config, *format;

static const struct option options[] = {
	{"config", 'f', OPTION_STRING, &config, "FILE",
		"read FILE instead of the bundle's config.json"},
	{"format", 0, OPTION_STRING, &format, "text|json", "how to print it (default: text)"},
	{0},
};

/* "1 problem", "2 problems" */
static void print_count(size_t count, const char *what)
{
	printf("%zu %s%s", count, what, count == 1 ? "" : "s");
}

static void print_text(const hako_report *report)
{
	size_t problems = hako_report_problem_count(report);
	size_t warnings = hako_report_warning_count(report);

	for (size_t i = 0; i < problems; i++) {
		const hako_error *problem = hako_report_problem(report, i);

		printf("%s\n", hako_error_text(problem));
		if (hako_error_hint(problem)[0])
			printf("\thint: %s\n", hako_error_hint(problem));
	}
	for (size_t i = 0; i < warnings; i++)
		printf("warning: %s\n", hako_report_warning(report, i));
	print_count(problems, "problem");
	printf(", ");
	print_count(warnings, "warning");
	printf("\n");
}

static void print_member(const char *name, const char *value, const char *before)
{
	if (!value[0])
		return;
	printf("%s\"%s\": ", before, name);
	json_string(stdout, value);
}

static void print_problem(const hako_error *problem)
{
	printf("{\"message\": ");
	json_string(stdout, hako_error_message(problem));
	print_member("property", hako_error_property(problem), ", ");
	print_member("position", hako_error_position(problem), ", ");
	print_member("hint", hako_error_hint(problem), ", ");
	printf("}");
}

static void print_json(const hako_report *report)
{
	size_t problems = hako_report_problem_count(report);
	size_t warnings = hako_report_warning_count(report);

	printf("{\n  \"bundle\": ");
	json_string(stdout, hako_report_bundle(report));
	printf(",\n  \"ok\": %s,\n  \"problems\": [", problems ? "false" : "true");
	for (size_t i = 0; i < problems; i++) {
		printf("%s\n    ", i ? "," : "");
		print_problem(hako_report_problem(report, i));
	}
	printf("%s],\n  \"warnings\": [", problems ? "\n  " : "");
	for (size_t i = 0; i < warnings; i++) {
		printf("%s\n    ", i ? "," : "");
		json_string(stdout, hako_report_warning(report, i));
	}
	printf("%s]\n}\n", warnings ? "\n  " : "");
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct hako_create_options create = HAKO_CREATE_OPTIONS_INIT;
	hako_runtime *runtime = cli_runtime(cli);
	hako_report *report = NULL;
	hako_error *error = NULL;
	size_t problems;
	bool json;
	int status;

	if (!runtime || cli_format(cli, format, "text", &json) != 0)
		return EXIT_FAILURE;
	create.bundle = argc > 0 ? argv[0] : NULL;
	create.config = config;
	create.seccomp_receiver = seccomp_receiver();
	if (hako_check(runtime, &create, &report, &error) < 0)
		return cli_fail(cli, NULL, error);
	if (json)
		print_json(report);
	else
		print_text(report);
	problems = hako_report_problem_count(report);
	hako_report_free(report);
	status = cli_flush(cli);
	return problems ? EXIT_FAILURE : status;
}

const struct command check_command = {
	.name = "check",
	.arguments = "[BUNDLE]",
	.summary = "report every problem of a bundle on this host, without creating anything",
	.options = options,
	.max_arguments = 1,
	.run = run,
};
