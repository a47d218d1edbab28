/* hako: reads the global options, finds the command, runs it. */
#include "dynamic.h"
#include "globals.h"
#include "help.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int show_version(struct cli *cli)
{
	printf("hako version %s\n", hako_version());
	if (hako_commit()[0])
		printf("commit: %s\n", hako_commit());
	printf("spec: %s\nlibseccomp: %s\n", hako_spec_version(), hako_libseccomp_version());
	return cli_flush(cli);
}

static int parse_and_run(struct cli *cli, const struct command *command, int argc, char **argv)
{
	struct options_error error;
	int count = 0;

	cli->command = command->name;
	switch (options_parse(command->options, command->stop_early, argc, argv, &count, &error)) {
	case OPTIONS_HELP:
		return help_command_options(cli, command);
	case OPTIONS_ERROR:
		return cli_refuse(cli, "%s (see hako %s --help)", error.text, command->name);
	case OPTIONS_OK:
		break;
	}
	if (count < command->min_arguments || count > command->max_arguments)
		return cli_refuse(cli, "%d arguments given, wants: %s (see hako %s --help)", count,
			command->arguments[0] ? command->arguments : "none", command->name);
	return command->run(cli, count, argv);
}

static int dispatch(struct cli *cli, int argc, char **argv)
{
	const struct command *command;
	struct options_error error;
	int count = 0, r;

	switch (options_parse(global_options, true, argc, argv, &count, &error)) {
	case OPTIONS_HELP:
		return help_all(cli);
	case OPTIONS_ERROR:
		return cli_refuse(cli, "%s (see hako --help)", error.text);
	case OPTIONS_OK:
		break;
	}
	if (globals_want_version())
		return show_version(cli);
	r = globals_apply(cli);
	if (r != 0)
		return r;
	if (count == 0)
		return help_all(cli);
	command = find_command(cli->groups, argv[0]);
	if (!command)
		return cli_refuse(cli, "unknown command '%s' (see hako --help)", argv[0]);
	return parse_and_run(cli, command, count - 1, argv + 1);
}

/* A caller may have closed some of 0-2: what we open must not land there. */
static void open_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd); /* of /dev/null */
}

/* It is executed from a nameless file, which ps and pkill should not see. */
static void take_name(void)
{
	(void)prctl(PR_SET_NAME, program_invocation_short_name); /* cannot fail */
}

/* For libhako, where an operation takes a library. The arguments are copied, for what reads the
 * options sorts them. Returns the copy, which the caller frees; NULL when memory is out. */
static char **offer_dynamic_form(struct cli *cli, int argc, char **argv)
{
	char **copy = calloc((size_t)argc + 1, sizeof(*copy));

	if (!copy)
		return NULL;
	memcpy(copy, argv, (size_t)argc * sizeof(*copy));
	cli->dynamic_form = (struct hako_dynamic_form){
		.image = dynamic_image_begin,
		.size = (size_t)(dynamic_image_end - dynamic_image_begin),
		.argv = copy,
	};
	cli->runtime_options.dynamic_form = &cli->dynamic_form;
	return copy;
}

int main(int argc, char **argv)
{
	struct cli cli = {.log = {.fd = -1}, .groups = command_groups};
	char **arguments = NULL;
	int status;

	open_standard_fds();
	if (dynamic_image_begin) {
		arguments = offer_dynamic_form(&cli, argc, argv);
		if (!arguments)
			return cli_refuse_errno(&cli, ENOMEM, "start");
	} else {
		take_name();
	}
	/* a file that may not grow is an error message, not a death */
	(void)signal(SIGXFSZ, SIG_IGN);
	/* who ignores it, as our caller may, is not told how its children end */
	(void)signal(SIGCHLD, SIG_DFL);
	status = dispatch(&cli, argc > 0 ? argc - 1 : 0, argc > 0 ? argv + 1 : argv);
	hako_runtime_free(cli.runtime);
	log_close(&cli.log);
	free(arguments);
	return status;
}
