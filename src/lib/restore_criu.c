/* criu's work on a container that comes back, and our part at its action script points. */
#include "lib/restoration.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/sys.h"
#include "criu/talk.h"
#include "stage/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/* It is our child, and not reaped: that pid is that process. */
static int note_init(struct hk_restoration *r, pid_t pid, struct hk_err *err)
{
	struct hk_creation *c = &r->creation;
	int e;

	if (c->process.pidfd >= 0)
		return 0;
	c->process.pid = pid;
	c->process.pidfd = hk_sys_pidfd_open(pid);
	if (c->process.pidfd < 0)
		return hk_fail(err, -c->process.pidfd, "open the container's init");
	e = hk_proc_start_time(pid, &c->process.start_time);
	if (e < 0)
		return hk_fail(err, -e, "find the container's init");
	return hk_creation_note_init(c, pid, c->process.start_time, err);
}

static int move_net_devices(struct hk_restoration *r, pid_t pid, struct hk_err *err)
{
	struct hk_net_devices *devices = r->creation.net_devices;
	char path[32];
	int netns;

	if (!devices)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	netns = open(path, O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return hk_fail(err, errno, "open the container's network namespace");
	return hk_net_devices_enter(devices, netns, err);
}

/* Its namespaces are there, and nothing in them yet. */
static int on_namespaces(struct hk_restoration *r, pid_t pid, int fd, struct hk_err *err)
{
	int e = note_init(r, pid, err);

	(void)fd;
	if (e == 0)
		e = move_net_devices(r, pid, err);
	return e < 0 ? e : hk_creation_run_hooks(&r->creation, pid, err);
}

/* All is there, and stands still until we have answered. */
static int on_restored(struct hk_restoration *r, pid_t pid, int fd, struct hk_err *err)
{
	int e = note_init(r, pid, err);

	(void)fd;
	if (e == 0)
		e = hk_restoration_check_mounts(r, pid, err);
	if (e == 0)
		e = hk_creation_announce(&r->creation, pid, err);
	r->restored = e == 0;
	return e;
}

/* The terminal's other end. */
static int on_terminal(struct hk_restoration *r, pid_t pid, int fd, struct hk_err *err)
{
	int sock = r->creation.slots[HK_SLOT_CONSOLE];
	unsigned int number = 0;
	char name[24];

	(void)pid;
	if (fd < 0)
		return hk_refuse(err, EPROTO, "criu sent no terminal");
	if (sock < 0) {
		(void)hk_refuse(err, EINVAL, "the image has a terminal, process.terminal is false");
		return hk_err_at(err, "/process/terminal");
	}
	if (ioctl(fd, TIOCGPTN, &number) < 0)
		return hk_fail(err, errno, "read the number of the terminal");
	(void)snprintf(name, sizeof(name), "/dev/pts/%u", number);
	return hk_socket_send_fd(sock, name, fd, err);
}

static const struct {
	const char *script;
	int (*handle)(struct hk_restoration *r, pid_t pid, int fd, struct hk_err *err);
} handlers[] = {
	{"setup-namespaces", on_namespaces},
	{"post-restore", on_restored},
	{"orphan-pts-master", on_terminal},
};

static int on_notify(void *userdata, const char *script, pid_t pid, int fd, struct hk_err *err)
{
	struct hk_restoration *r = userdata;

	for (size_t i = 0; i < HK_COUNT(handlers); i++)
		if (strcmp(handlers[i].script, script) == 0)
			return handlers[i].handle(r, pid, fd, err);
	hk_logf(&r->creation.runtime->log, HK_LOG_DEBUG, "criu: %s", script);
	return 0;
}

int hk_restoration_run(struct hk_creation *c, struct hk_err *err)
{
	struct hk_restoration *r = (struct hk_restoration *)c;
	struct hk_criu_task task = {
		.type = HK_CRIU_RESTORE,
		.opts = &r->opts,
		.features = {.lazy_pages = r->options.criu.lazy_pages},
		.notify = on_notify,
		.userdata = r,
	};
	int e = hk_criu_run(&r->place, &task, err);

	if (e == 0 && !r->restored)
		e = hk_refuse(err, EPROTO, "criu has restored no process");
	if (e == 0)
		return 0;
	hk_criu_dirs_hint(&r->dirs, err);
	if (c->process.pidfd >= 0)
		hk_creation_kill_init(c);
	return e;
}
