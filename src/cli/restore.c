/* hako restore */
#include "attend.h"
#include "cli.h"
#include "container_options.h"
#include "criu_options.h"
#include "foreground.h"

#include <stdlib.h>

static struct hako_restore_options o = HAKO_RESTORE_OPTIONS_INIT;
static bool detach, keep, no_pivot, no_subreaper;

static const struct option options[] = {
	{"bundle", 'b', OPTION_STRING, &o.bundle, "DIR",
		"the bundle (default: the working directory)"},
	{"console-socket", 0, OPTION_STRING, &o.console_socket, "SOCKET",
		"send the terminal's master to this socket"},
	CRIU_OPTIONS(o.criu),
	{"detach", 'd', OPTION_FLAG, &detach, NULL, "do not wait for the container's end"},
	{"keep", 0, OPTION_FLAG, &keep, NULL, "do not delete the container at its end"},
	{"lsm-mount-context", 0, OPTION_STRING, &o.lsm_mount_context, "CONTEXT",
		"SELinux context for mounts that have one in the image"},
	{"lsm-profile", 0, OPTION_STRING, &o.lsm_profile, "TYPE:NAME",
		"LSM profile of the processes: apparmor:NAME or selinux:LABEL"},
	{"no-pivot", 0, OPTION_FLAG, &no_pivot, NULL,
		"accepted, and without effect: criu enters the root file system in its own way"},
	{"no-subreaper", 0, OPTION_FLAG, &no_subreaper, NULL,
		"do not adopt the container's orphans"},
	{"pid-file", 0, OPTION_STRING, &o.pid_file, "FILE",
		"write the pid of the container's init"},
	{"tcp-close", 0, OPTION_FLAG, &o.tcp_close, NULL,
		"close the established TCP connections of the image"},
	{0},
};

static int restore_detached(struct cli *cli, hako_runtime *runtime, const char *id)
{
	hako_container *container = NULL;
	hako_error *error = NULL;

	if (hako_restore(runtime, id, &o, &container, &error) < 0)
		return cli_fail(cli, id, error);
	hako_container_free(container);
	return EXIT_SUCCESS;
}

static int restore_foreground(struct cli *cli, hako_runtime *runtime, const char *id)
{
	hako_container *container = NULL;
	hako_error *error = NULL;
	struct foreground f;
	int status;

	status = foreground_begin(&f, cli, id,
		(hako_spec_terminal(o.spec) ? FOREGROUND_TERMINAL : 0u) |
			(no_subreaper ? 0u : FOREGROUND_SUBREAPER));
	o.console_fd = f.console_fd;
	if (status == 0 && hako_restore(runtime, id, &o, &container, &error) < 0)
		status = cli_fail(cli, id, error);
	else if (status == 0)
		status = attend(&f, container, keep);
	foreground_end(&f);
	hako_container_free(container);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	const char *notify_socket = getenv("NOTIFY_SOCKET");
	hako_error *error = NULL;
	hako_runtime *runtime;
	hako_spec *spec = NULL;
	int status;

	(void)argc; /* exactly one */
	runtime = cli_runtime(cli);
	if (!runtime)
		return EXIT_FAILURE;
	if (hako_spec_load(o.bundle ? o.bundle : ".", NULL, &spec, &error) < 0)
		return cli_fail(cli, argv[0], error);
	status = check_terminal(cli, o.console_socket, detach, hako_spec_terminal(spec));
	o.spec = spec;
	o.notify_socket = notify_socket && notify_socket[0] ? notify_socket : NULL;
	if (status == 0)
		status = detach ? restore_detached(cli, runtime, argv[0])
				: restore_foreground(cli, runtime, argv[0]);
	hako_spec_free(spec);
	return status;
}

const struct command restore_command = {
	.name = "restore",
	.arguments = "ID",
	.summary = "make a container of a checkpoint's image files, with criu",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
