/* hako: global options, the table of commands, and what they all need. */
#include "cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
	&check_command,
	&create_command,
	&delete_command,
	&explain_command,
	&features_command,
	&kill_command,
	&list_command,
	&run_command,
	&spec_command,
	&start_command,
	&state_command,
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static struct {
	bool debug;
	bool systemd_cgroup;
	bool version;
	const char *cgroup_manager;
	const char *log;
	const char *log_format;
	const char *log_level;
	const char *root;
	const char *rootless;
} globals;

static const struct option global_options[] = {
	{"cgroup-manager", 0, OPTION_STRING, &globals.cgroup_manager, "NAME",
		"cgroupfs (default), systemd or disabled"},
	{"debug", 0, OPTION_FLAG, &globals.debug, NULL, "log debug messages"},
	{"log", 0, OPTION_STRING, &globals.log, "FILE", "append log lines to FILE"},
	{"log-format", 0, OPTION_STRING, &globals.log_format, "FORMAT", "text (default) or json"},
	{"log-level", 0, OPTION_STRING, &globals.log_level, "LEVEL",
		"error, warning (default), info or debug"},
	{"root", 0, OPTION_STRING, &globals.root, "DIR", "where the state of containers is kept"},
	{"rootless", 0, OPTION_STRING, &globals.rootless, "BOOL",
		"true, false or auto (default): ignore cgroup permission errors"},
	{"systemd-cgroup", 0, OPTION_FLAG, &globals.systemd_cgroup, NULL,
		"same as --cgroup-manager=systemd"},
	{"version", 'v', OPTION_FLAG, &globals.version, NULL, "show the version"},
	{0},
};

static int show_version(struct cli *cli)
{
	printf("hako version %s\n", hako_version());
	if (hako_commit()[0])
		printf("commit: %s\n", hako_commit());
	printf("spec: %s\nlibseccomp: %s\n", hako_spec_version(), hako_libseccomp_version());
	return cli_flush(cli);
}

static int show_help(struct cli *cli)
{
	puts("hako: run OCI containers\n\nUsage: hako [OPTION...] COMMAND [OPTION...] "
	     "[ARGUMENT...]\n"
	     "\nCommands:");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("  %-12s %s\n", commands[i]->name, commands[i]->summary);
	puts("\nOptions:");
	options_print(global_options, stdout);
	return cli_flush(cli);
}

static int show_command_help(struct cli *cli, const struct command *command)
{
	printf("hako %s: %s\n\nUsage: hako [GLOBAL OPTION...] %s [OPTION...] %s\n\nOptions:\n",
		command->name, command->summary, command->name, command->arguments);
	options_print(command->options, stdout);
	return cli_flush(cli);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static bool set_log_level(enum hako_log_level *ret)
{
	static const struct {
		const char *name;
		enum hako_log_level level;
	} levels[] = {
		{"error", HAKO_LOG_ERROR},
		{"warning", HAKO_LOG_WARNING},
		{"warn", HAKO_LOG_WARNING},
		{"info", HAKO_LOG_INFO},
		{"debug", HAKO_LOG_DEBUG},
	};

	*ret = globals.debug ? HAKO_LOG_DEBUG : HAKO_LOG_WARNING;
	if (!globals.log_level)
		return true;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(levels[i].name, globals.log_level) == 0) {
			*ret = levels[i].level;
			return true;
		}
	}
	return false;
}

static bool set_cgroup_manager(enum hako_cgroup_manager *ret)
{
	const char *name = globals.cgroup_manager;

	*ret = globals.systemd_cgroup ? HAKO_CGROUP_SYSTEMD : HAKO_CGROUP_CGROUPFS;
	if (!name)
		return true;
	if (strcmp(name, "cgroupfs") == 0)
		*ret = HAKO_CGROUP_CGROUPFS;
	else if (strcmp(name, "systemd") == 0)
		*ret = HAKO_CGROUP_SYSTEMD;
	else if (strcmp(name, "disabled") == 0)
		*ret = HAKO_CGROUP_DISABLED;
	else
		return false;
	return true;
}

static bool set_rootless(enum hako_rootless *ret)
{
	bool yes;

	*ret = HAKO_ROOTLESS_AUTO;
	if (!globals.rootless || strcmp(globals.rootless, "auto") == 0)
		return true;
	if (!parse_bool(globals.rootless, &yes))
		return false;
	*ret = yes ? HAKO_ROOTLESS_YES : HAKO_ROOTLESS_NO;
	return true;
}

/* 0, or the exit status after an error. */
static int set_globals(struct cli *cli)
{
	struct hako_runtime_options *options = &cli->runtime_options;
	bool json = globals.log_format && strcmp(globals.log_format, "json") == 0;
	int r;

	if (globals.log_format && !json && strcmp(globals.log_format, "text") != 0)
		return cli_refuse(cli, "invalid log-format: %s", globals.log_format);
	r = log_open(&cli->log, globals.log, json);
	if (r < 0)
		return cli_refuse_errno(cli, -r, "open the log '%s'", globals.log);
	if (!set_log_level(&options->log_level))
		return cli_refuse(cli, "unknown log level '%s'", globals.log_level);
	if (!set_cgroup_manager(&options->cgroup_manager))
		return cli_refuse(cli, "unknown cgroup manager '%s'", globals.cgroup_manager);
	if (!set_rootless(&options->rootless))
		return cli_refuse(
			cli, "--rootless: '%s' is not true, false or auto", globals.rootless);
	options->size = sizeof(*options);
	options->root = globals.root;
	options->log = log_sink;
	options->log_userdata = &cli->log;
	return 0;
}

static int parse_and_run(struct cli *cli, const struct command *command, int argc, char **argv)
{
	struct options_error error;
	int count = 0;

	cli->command = command->name;
	switch (options_parse(command->options, command->stop_early, argc, argv, &count, &error)) {
	case OPTIONS_HELP:
		return show_command_help(cli, command);
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
		return show_help(cli);
	case OPTIONS_ERROR:
		return cli_refuse(cli, "%s (see hako --help)", error.text);
	case OPTIONS_OK:
		break;
	}
	if (globals.version)
		return show_version(cli);
	r = set_globals(cli);
	if (r != 0)
		return r;
	if (count == 0 || strcmp(argv[0], "help") == 0) {
		command = count > 1 ? find_command(argv[1]) : NULL;
		return command ? show_command_help(cli, command) : show_help(cli);
	}
	command = find_command(argv[0]);
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

int main(int argc, char **argv)
{
	struct cli cli = {.log = {.fd = -1}};
	int status;

	open_standard_fds();
	(void)signal(
		SIGXFSZ, SIG_IGN); /* a file that may not grow is an error message, not a death */
	status = dispatch(&cli, argc > 0 ? argc - 1 : 0, argc > 0 ? argv + 1 : argv);
	hako_runtime_free(cli.runtime);
	log_close(&cli.log);
	return status;
}
