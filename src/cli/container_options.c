/* From the flags of create and run to the library's options. */
#include "container_options.h"

#include <stdlib.h>
#include <unistd.h>

/* systemd's protocol: LISTEN_FDS descriptors from 3 on, if LISTEN_PID is us. */
static unsigned int listen_fds(void)
{
	const char *pid_text = getenv("LISTEN_PID"), *fds_text = getenv("LISTEN_FDS");
	unsigned int pid, fds;

	if (!pid_text || !fds_text || !parse_number(pid_text, &pid) ||
		!parse_number(fds_text, &fds))
		return 0;
	return pid == (unsigned int)getpid() ? fds : 0;
}

const char *seccomp_receiver(void)
{
	const char *path = getenv("RUN_OCI_SECCOMP_RECEIVER");

	return path && path[0] ? path : NULL;
}

int check_terminal(struct cli *cli, const char *console_socket, bool detach, bool terminal)
{
	if (detach && terminal && !console_socket)
		return cli_refuse(cli,
			"cannot allocate tty if hako will detach without setting console socket");
	if ((!detach || !terminal) && console_socket)
		return cli_refuse(
			cli, "cannot use console socket if hako will not detach or allocate tty");
	return 0;
}

int container_options_read(struct cli *cli, const char *id, const struct container_options *given,
	bool detach, struct hako_create_options *ret, hako_spec **ret_spec)
{
	const char *notify_socket = getenv("NOTIFY_SOCKET");
	hako_error *error = NULL;
	hako_spec *spec = NULL;
	int r;

	if (hako_spec_load(given->bundle ? given->bundle : ".", given->config, &spec, &error) < 0)
		return cli_fail(cli, id, error);
	r = check_terminal(cli, given->console_socket, detach, hako_spec_terminal(spec));
	if (r == 0)
		r = cli_check_descriptors(cli, given->preserve_fds + listen_fds());
	if (r != 0) {
		hako_spec_free(spec);
		return r;
	}
	*ret = (struct hako_create_options)HAKO_CREATE_OPTIONS_INIT;
	ret->bundle = given->bundle;
	ret->spec = spec;
	ret->console_socket = given->console_socket;
	ret->pidfd_socket = given->pidfd_socket;
	ret->pid_file = given->pid_file;
	ret->notify_socket = notify_socket && notify_socket[0] ? notify_socket : NULL;
	ret->seccomp_receiver = seccomp_receiver();
	ret->preserve_fds = given->preserve_fds;
	ret->listen_fds = listen_fds();
	ret->listen_fdnames = getenv("LISTEN_FDNAMES");
	ret->no_pivot = given->no_pivot;
	ret->no_new_keyring = given->no_new_keyring;
	*ret_spec = spec;
	return 0;
}
