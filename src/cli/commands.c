/* The table of commands: main, help, the man pages and the completions are made from it. */
#include "cli.h"

static const struct command *const life[] = {
	&create_command,
	&delete_command,
	&kill_command,
	&run_command,
	&start_command,
	NULL,
};

static const struct command *const inside[] = {
	&events_command,
	&exec_command,
	&mounts_command,
	&pause_command,
	&ps_command,
	&resume_command,
	&update_command,
	NULL,
};

static const struct command *const move[] = {
	&checkpoint_command,
	&restore_command,
	NULL,
};

static const struct command *const look[] = {
	&doctor_command,
	&features_command,
	&help_command,
	&list_command,
	&state_command,
	NULL,
};

static const struct command *const bundle[] = {
	&check_command,
	&explain_command,
	&spec_command,
	NULL,
};

const struct command_group command_groups[] = {
	{"The life of a container", life},
	{"A container that runs", inside},
	{"Checkpoint and restore", move},
	{"What there is", look},
	{"Bundles", bundle},
	{0},
};
