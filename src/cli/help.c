/* hako help: two columns, what can be written and what it means, in 80 columns of a terminal. */
#include "help.h"

#include "globals.h"

#include <stdlib.h>
#include <string.h>

enum {
	LINE = 80,
	LEFT_MAX = 30, /* what is longer has its text on the next line */
};

static const struct option options[] = {{0}};

/* Words up to the line's end, the next lines below the first. */
static void print_wrapped(const char *text, int indent)
{
	int column = indent;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (column > indent && column + 1 + len > LINE) {
			printf("\n%*s", indent, "");
			column = indent;
		}
		column += printf("%s%.*s", column > indent ? " " : "", len, text);
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void print_row(const char *left, int width, const char *right)
{
	printf("  %-*s", width, left);
	if ((int)strlen(left) > width)
		printf("\n  %*s", width, "");
	printf("  ");
	print_wrapped(right, width + 4);
}

/* "-b, --bundle DIR" */
static const char *option_text(const struct option *option, char *ret, size_t cap)
{
	char letter[8] = "    ";

	if (option->letter)
		(void)snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	(void)snprintf(ret, cap, "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
		option->argument ? option->argument : "");
	return ret;
}

static void print_options(const struct option *table)
{
	static const struct option help = {.name = "help", .letter = 'h', .help = "show this help"};
	char text[96];
	int width = (int)strlen(option_text(&help, text, sizeof(text)));

	for (const struct option *o = table; o->name; o++) {
		int len = (int)strlen(option_text(o, text, sizeof(text)));

		if (len > width && len <= LEFT_MAX)
			width = len;
	}
	puts("\nOptions:");
	for (const struct option *o = table; o->name; o++)
		print_row(option_text(o, text, sizeof(text)), width, o->help);
	print_row(option_text(&help, text, sizeof(text)), width, help.help);
}

static int widest_name(const struct command_group *groups)
{
	int width = 0;

	for (; groups->title; groups++)
		for (const struct command *const *c = groups->commands; *c; c++)
			if ((int)strlen((*c)->name) > width)
				width = (int)strlen((*c)->name);
	return width;
}

int help_all(struct cli *cli)
{
	int width = widest_name(cli->groups);

	puts("hako: run OCI containers\n\n"
	     "Usage: hako [OPTION...] COMMAND [OPTION...] [ARGUMENT...]");
	for (const struct command_group *group = cli->groups; group->title; group++) {
		printf("\n%s:\n", group->title);
		for (const struct command *const *c = group->commands; *c; c++)
			print_row((*c)->name, width, (*c)->summary);
	}
	print_options(global_options);
	puts("\nhako COMMAND --help shows the options of a command, man hako-COMMAND more.");
	return cli_flush(cli);
}

int help_command_options(struct cli *cli, const struct command *command)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "hako %s: %s", command->name, command->summary);
	print_wrapped(text, 0);
	printf("\nUsage: hako [GLOBAL OPTION...] %s [OPTION...]%s%s\n", command->name,
		command->arguments[0] ? " " : "", command->arguments);
	print_options(command->options);
	return cli_flush(cli);
}

const struct command *find_command(const struct command_group *groups, const char *name)
{
	for (; groups->title; groups++)
		for (const struct command *const *c = groups->commands; *c; c++)
			if (strcmp((*c)->name, name) == 0)
				return *c;
	return NULL;
}

static int run(struct cli *cli, int argc, char **argv)
{
	const struct command *command;

	if (argc == 0)
		return help_all(cli);
	command = find_command(cli->groups, argv[0]);
	if (!command)
		return cli_refuse(cli, "unknown command '%s' (see hako --help)", argv[0]);
	return help_command_options(cli, command);
}

const struct command help_command = {
	.name = "help",
	.arguments = "[COMMAND]",
	.summary = "show what a command does and its options",
	.options = options,
	.max_arguments = 1,
	.run = run,
};
