/* The command line: what main gives to every command, and what a command is. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "log.h"
#include "options.h"

#include <hako/hako.h>

#include <stdbool.h>
#include <stdio.h>

struct command_group;

struct cli {
	struct log log;
	const struct command_group *groups; /* all commands, for help */
	struct hako_dynamic_form dynamic_form; /* see dynamic.h */
	struct hako_runtime_options runtime_options;
	hako_runtime *runtime;
	const char *command; /* its name, for errors */
};

struct command {
	const char *name;
	/* For --help, man pages and completions: "ID [SIGNAL]", "table|json". The names say what a
	 * shell completes: ID, COMMAND, SIGNAL, BUNDLE, DIR, FILE, SOCKET; others say nothing. */
	const char *arguments;
	const char *summary;
	const struct option *options;
	int min_arguments;
	int max_arguments;
	bool stop_early; /* options end at the first argument */
	/* argv: the arguments alone. Returns the exit status. */
	int (*run)(struct cli *cli, int argc, char **argv);
};

struct command_group {
	const char *title;
	const struct command *const *commands; /* ends with NULL */
};

extern const struct command_group command_groups[]; /* ends with a NULL title */

/* The runtime of the global options; NULL after an error that has been reported. */
hako_runtime *cli_runtime(struct cli *cli);

/* Report an error of libhako about a container (id NULL: about none), free it, and return the exit
 * status 1: "hako: create 'web': ...". */
int cli_fail(struct cli *cli, const char *id, hako_error *error);
/* The same for an error of the command line itself. */
int cli_refuse(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same with the errno's text behind it. */
int cli_refuse_errno(struct cli *cli, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Are there as many descriptors from 3 on that we were given? One of our own must not go to a
 * container in the place of one that is missing. Returns 0, or the exit status after an error. */
int cli_check_descriptors(struct cli *cli, unsigned int count);
/* Where the program is linked statically, begin anew in the form that can load libraries. Returns 0, or
 * the exit status after an error. */
int cli_want_libraries(struct cli *cli);
/* Open the container and make one call on it. Returns the exit status. */
int cli_call(struct cli *cli, const char *id, int (*call)(hako_container *, hako_error **));
/* What --format says: json, or the word for the other form, which is the default (NULL). Returns 0,
 * or the exit status after an error. */
int cli_format(struct cli *cli, const char *format, const char *other, bool *ret_json);
/* Make sure that what was printed has been written. Returns the exit status. */
int cli_flush(struct cli *cli);

extern const struct command check_command;
extern const struct command checkpoint_command;
extern const struct command create_command;
extern const struct command delete_command;
extern const struct command doctor_command;
extern const struct command events_command;
extern const struct command exec_command;
extern const struct command explain_command;
extern const struct command features_command;
extern const struct command help_command;
extern const struct command kill_command;
extern const struct command list_command;
extern const struct command mounts_command;
extern const struct command pause_command;
extern const struct command ps_command;
extern const struct command resume_command;
extern const struct command restore_command;
extern const struct command run_command;
extern const struct command spec_command;
extern const struct command start_command;
extern const struct command state_command;
extern const struct command update_command;

#endif
