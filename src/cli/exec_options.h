/* The options of exec, and the process that they make. */
#ifndef CLI_EXEC_OPTIONS_H
#define CLI_EXEC_OPTIONS_H

#include "cli.h"

struct exec_options {
	const char *process;
	const char *console_socket;
	const char *pidfd_socket;
	const char *pid_file;
	bool detach;
	bool tty;
	const char *cwd;
	struct option_list env;
	const char *user;
	struct option_list gids;
	const char *label;
	const char *apparmor;
	bool no_new_privs;
	struct option_list caps;
	unsigned int preserve_fds;
	struct option_list cgroups;
	bool ignore_paused;
};

/* The process that is to run: of the file, or of the container's bundle with args (ended by NULL)
 * in the place of its program; the other options change it. *ret is the caller's, freed by
 * hako_spec_free. Returns 0, or the exit status after an error. */
int exec_options_spec(struct cli *cli, const struct exec_options *given, hako_container *container,
	char *const args[], hako_spec **ret);

#endif
