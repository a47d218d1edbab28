/* The options that create and run share. */
#ifndef CLI_CONTAINER_OPTIONS_H
#define CLI_CONTAINER_OPTIONS_H

#include "cli.h"

struct container_options {
	const char *bundle;
	const char *config;
	const char *console_socket;
	const char *pid_file;
	const char *pidfd_socket;
	bool no_new_keyring;
	bool no_pivot;
	bool no_subreaper;
	unsigned int preserve_fds;
};

/* Entries of a struct option table over such a struct. */
#define CONTAINER_OPTIONS(o)                                                                       \
	{"bundle", 'b', OPTION_STRING, &(o).bundle, "DIR",                                         \
		"the bundle (default: the working directory)"},                                    \
		{"config", 'f', OPTION_STRING, &(o).config, "FILE",                                \
			"read FILE instead of the bundle's config.json"},                          \
		{"console-socket", 0, OPTION_STRING, &(o).console_socket, "SOCKET",                \
			"send the terminal's master to this socket"},                              \
		{"no-new-keyring", 0, OPTION_FLAG, &(o).no_new_keyring, NULL,                      \
			"keep the caller's session keyring"},                                      \
		{"no-pivot", 0, OPTION_FLAG, &(o).no_pivot, NULL,                                  \
			"no pivot_root, for a root file system on a ramdisk"},                     \
		{"no-subreaper", 0, OPTION_FLAG, &(o).no_subreaper, NULL,                          \
			"do not adopt the container's orphans"},                                   \
		{"pid-file", 0, OPTION_STRING, &(o).pid_file, "FILE",                              \
			"write the pid of the container's init"},                                  \
		{"pidfd-socket", 0, OPTION_STRING, &(o).pidfd_socket, "SOCKET",                    \
			"send a pidfd of the container's init to this socket"},                    \
	{                                                                                          \
		"preserve-fds", 0, OPTION_NUMBER, &(o).preserve_fds, "N",                          \
			"pass N more file descriptors on, from 3"                                  \
	}

/* Does the console socket fit to a process that has a terminal, or none, and is waited for, or not?
 * Returns 0, or the exit status after an error. */
int check_terminal(struct cli *cli, const char *console_socket, bool detach, bool terminal);

/* The environment's socket for seccomp listeners, as crun has it; NULL: none. */
const char *seccomp_receiver(void);

/* What the library wants, from the options, the environment and the configuration, whose terminal
 * has to fit the console socket and detach. *ret->spec is the caller's, freed by hako_spec_free.
 * Returns 0, or the exit status after an error. */
int container_options_read(struct cli *cli, const char *id, const struct container_options *given,
	bool detach, struct hako_create_options *ret, hako_spec **ret_spec);

#endif
