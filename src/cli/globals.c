/* The options that stand before the command, and what they mean. */
#include "globals.h"

#include <string.h>

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

const struct option global_options[] = {
	{"cgroup-manager", 0, OPTION_STRING, &globals.cgroup_manager, "cgroupfs|systemd|disabled",
		"who makes cgroups (default: cgroupfs)"},
	{"debug", 0, OPTION_FLAG, &globals.debug, NULL, "same as --log-level=debug"},
	{"log", 0, OPTION_STRING, &globals.log, "FILE", "append log lines to this file"},
	{"log-format", 0, OPTION_STRING, &globals.log_format, "text|json",
		"how log lines are written (default: text)"},
	{"log-level", 0, OPTION_STRING, &globals.log_level, "error|warning|info|debug",
		"the least serious that is logged (default: warning)"},
	{"root", 0, OPTION_STRING, &globals.root, "DIR", "where the state of containers is kept"},
	{"rootless", 0, OPTION_STRING, &globals.rootless, "true|false|auto",
		"whether the caller is a user without privileges (default: auto)"},
	{"systemd-cgroup", 0, OPTION_FLAG, &globals.systemd_cgroup, NULL,
		"same as --cgroup-manager=systemd"},
	{"version", 'v', OPTION_FLAG, &globals.version, NULL, "show the version"},
	{0},
};

bool globals_want_version(void)
{
	return globals.version;
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

int globals_apply(struct cli *cli)
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
