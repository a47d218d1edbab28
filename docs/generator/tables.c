/* Prints the tables of the command line as JSON, for docs/generate. */
#include "globals.h"
#include "json.h"

#include <stdlib.h>

static void print_member(const char *before, const char *key, const char *value)
{
	printf("%s\"%s\": ", before, key);
	if (value)
		json_string(stdout, value);
	else
		fputs("null", stdout);
}

static void print_options(const struct option *options)
{
	fputs("\"options\": [", stdout);
	for (const struct option *o = options; o->name; o++) {
		const char letter[] = {o->letter, '\0'};

		print_member(o == options ? "\n{" : ",\n{", "name", o->name);
		print_member(", ", "letter", letter);
		print_member(", ", "argument", o->argument);
		print_member(", ", "help", o->help);
		putchar('}');
	}
	putchar(']');
}

static void print_command(const struct command *command, const char *before)
{
	print_member(before, "name", command->name);
	print_member(", ", "arguments", command->arguments);
	print_member(", ", "summary", command->summary);
	printf(", \"stop_early\": %s, ", command->stop_early ? "true" : "false");
	print_options(command->options);
	putchar('}');
}

static void print_group(const struct command_group *group, const char *before)
{
	print_member(before, "title", group->title);
	fputs(", \"commands\": [", stdout);
	for (const struct command *const *c = group->commands; *c; c++)
		print_command(*c, c == group->commands ? "\n{" : ",\n{");
	fputs("]}", stdout);
}

int main(void)
{
	printf("{");
	print_member("", "version", hako_version());
	printf(", ");
	print_options(global_options);
	fputs(", \"groups\": [", stdout);
	for (const struct command_group *group = command_groups; group->title; group++)
		print_group(group, group == command_groups ? "\n{" : ",\n{");
	puts("]}");
	return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
