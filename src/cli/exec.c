/* hako exec */
#include "cli.h"
#include "container_options.h"
#include "exec_options.h"
#include "foreground.h"
#include "timeline.h"

#include <limits.h>
#include <stdlib.h>

/* What clients tell a failure of the runtime from the program's own status by. */
#define EXIT_EXEC_FAILED 255

static struct exec_options o;
static const char *timeline_path;
static struct timeline timeline;

static const struct option options[] = {
	{"additional-gids", 'g', OPTION_LIST, &o.gids, "GID", "add a supplementary group"},
	{"apparmor", 0, OPTION_STRING, &o.apparmor, "PROFILE", "set the AppArmor profile"},
	{"cap", 'c', OPTION_LIST, &o.caps, "CAPABILITY",
		"add to the bounding, effective and permitted sets"},
	{"cgroup", 0, OPTION_LIST, &o.cgroups, "[CONTROLLER[,...]:]PATH",
		"run in an existing cgroup below the container's"},
	{"console-socket", 0, OPTION_STRING, &o.console_socket, "SOCKET",
		"send the terminal's master to this socket"},
	{"cwd", 0, OPTION_STRING, &o.cwd, "PATH", "the working directory in the container"},
	{"detach", 'd', OPTION_FLAG, &o.detach, NULL, "do not wait for the process's end"},
	{"env", 'e', OPTION_LIST, &o.env, "NAME=VALUE", "add to the environment"},
	{"ignore-paused", 0, OPTION_FLAG, &o.ignore_paused, NULL,
		"in a paused container too: the process runs when that is resumed"},
	{"no-new-privs", 0, OPTION_FLAG, &o.no_new_privs, NULL, "set no_new_privs"},
	{"pid-file", 0, OPTION_STRING, &o.pid_file, "FILE", "write the process's pid"},
	{"pidfd-socket", 0, OPTION_STRING, &o.pidfd_socket, "SOCKET",
		"send a pidfd of the process to this socket"},
	{"preserve-fds", 0, OPTION_NUMBER, &o.preserve_fds, "N",
		"pass N more file descriptors on, from 3"},
	{"process", 'p', OPTION_STRING, &o.process, "FILE",
		"read the process object from FILE, in the place of config.json's"},
	{"process-label", 0, OPTION_STRING, &o.label, "LABEL", "set the SELinux label"},
	TIMELINE_OPTION(timeline_path),
	{"tty", 't', OPTION_FLAG, &o.tty, NULL, "give the process a terminal"},
	{"user", 'u', OPTION_STRING, &o.user, "UID[:GID]", "run as this user"},
	{0},
};

/* The chart is complete then, and nothing else writes to the terminal yet. */
static int start_process(struct cli *cli, hako_container *container,
	const struct hako_exec_options *exec, hako_process **ret)
{
	hako_error *error = NULL;
	int r = hako_exec(container, exec, ret, &error);

	timeline_close(cli, &timeline);
	return r < 0 ? cli_fail(cli, NULL, error) : 0;
}

/* The status of the process, or what hako_exec failed of. */
static int exec_foreground(struct cli *cli, const char *id, hako_container *container,
	struct hako_exec_options *exec, hako_spec *spec)
{
	bool terminal = hako_spec_terminal(spec);
	hako_process *process = NULL;
	struct foreground f;
	int status = 0, failed;

	failed = foreground_begin(&f, cli, id, terminal ? FOREGROUND_TERMINAL : 0u);
	exec->console_fd = f.console_fd;
	foreground_fit(&f, spec);
	if (!failed)
		failed = start_process(cli, container, exec, &process);
	if (!failed)
		failed = foreground_wait(&f, process, &status);
	foreground_end(&f);
	hako_process_free(process);
	return failed ? EXIT_EXEC_FAILED : status;
}

static int exec_detached(
	struct cli *cli, hako_container *container, const struct hako_exec_options *exec)
{
	hako_process *process = NULL;
	int failed = start_process(cli, container, exec, &process);

	hako_process_free(process);
	return failed ? EXIT_EXEC_FAILED : EXIT_SUCCESS;
}

static int exec(struct cli *cli, const char *id, hako_container *container, hako_spec *spec)
{
	struct hako_exec_options exec = HAKO_EXEC_OPTIONS_INIT;

	if (check_terminal(cli, o.console_socket, o.detach, hako_spec_terminal(spec)) != 0 ||
		cli_check_descriptors(cli, o.preserve_fds) != 0)
		return EXIT_EXEC_FAILED;
	exec.spec = spec;
	exec.console_socket = o.console_socket;
	exec.pidfd_socket = o.pidfd_socket;
	exec.pid_file = o.pid_file;
	exec.preserve_fds = o.preserve_fds;
	exec.cgroups = o.cgroups.items;
	exec.cgroup_count = o.cgroups.count;
	exec.ignore_paused = o.ignore_paused;
	exec.timeline = timeline.timeline;
	return o.detach ? exec_detached(cli, container, &exec)
			: exec_foreground(cli, id, container, &exec, spec);
}

static int run(struct cli *cli, int argc, char **argv)
{
	hako_runtime *runtime = cli_runtime(cli);
	hako_container *container = NULL;
	hako_error *error = NULL;
	hako_spec *spec = NULL;
	int status = EXIT_EXEC_FAILED;

	if (!runtime)
		return EXIT_EXEC_FAILED;
	cli->command = "exec failed"; /* the words that clients know */
	if (timeline_open(cli, timeline_path, &timeline) != 0)
		return EXIT_EXEC_FAILED;
	if (o.process && argc > 1)
		(void)cli_refuse(
			cli, "--process has the program already: '%s' is too much", argv[1]);
	else if (!o.process && argc < 2)
		(void)cli_refuse(cli, "process args cannot be empty");
	else if (hako_container_open(runtime, argv[0], &container, &error) < 0)
		(void)cli_fail(cli, NULL, error);
	else if (exec_options_spec(cli, &o, container, argv + 1, &spec) == 0)
		status = exec(cli, argv[0], container, spec);
	timeline_close(cli, &timeline);
	hako_spec_free(spec);
	hako_container_free(container);
	return status;
}

const struct command exec_command = {
	.name = "exec",
	.arguments = "ID [PROGRAM [ARGUMENT...]]",
	.summary = "run another process in a container",
	.options = options,
	.min_arguments = 1,
	.max_arguments = INT_MAX,
	.stop_early = true,
	.run = run,
};
