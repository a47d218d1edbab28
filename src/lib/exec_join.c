/* Finding out, through /proc/PID of its init, what of a container a further process has to enter.
 *
 * A pid may become another process's between two looks. The pidfd cannot: as long as the process
 * that it names has not ended, the pid is its own, and so was all that was read under it before. */
#include "lib/exec.h"

#include "base/err.h"
#include "base/fd.h"
#include "spec/annotations.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINK_SIZE 64 /* of /proc/PID/ns/TYPE: a word and a number */

int hk_exec_check_alive(const struct hk_execution *x, struct hk_err *err)
{
	struct pollfd init = {.fd = x->container.pidfd, .events = POLLIN};
	int r;

	do
		r = poll(&init, 1, 0);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return hk_fail(err, errno, "look for the container's init");
	return r == 0 ? 0 : hk_refuse(err, ESRCH, "cannot exec in a stopped container");
}

static int refused(const char *what, int errnum, struct hk_err *err)
{
	(void)hk_fail(err, errnum, "look at the %s of the container's init", what);
	if (errnum == EACCES || errnum == EPERM)
		hk_err_hint(err, "to look at another user's process takes CAP_SYS_PTRACE");
	return -errnum;
}

static int open_of_init(const struct hk_execution *x, const char *name, struct hk_err *err)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)x->container.state.init_pid, name);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ESRCH)
		return hk_refuse(err, ESRCH, "cannot exec in a stopped container");
	return refused(name, errno, err);
}

/* "mnt:[4026531841]", which names a namespace. To read it is half of what fstatat costs: the kernel
 * makes no inode. */
static int read_link(int dir, const char *name, char ret[static LINK_SIZE])
{
	ssize_t n = readlinkat(dir, name, ret, LINK_SIZE - 1);

	if (n < 0)
		return -errno;
	ret[n] = '\0';
	return 0;
}

/* 1: init's namespace of that type is not ours; 0: it is, or this kernel has none such. */
static int differs(int theirs, int ours, const char *name, struct hk_err *err)
{
	char a[LINK_SIZE], b[LINK_SIZE];
	int r = read_link(ours, name, b);

	if (r < 0)
		return r == -ENOENT ? 0 : hk_fail(err, -r, "look at our own namespaces");
	r = read_link(theirs, name, a);
	if (r == -ENOENT || r == -ESRCH)
		return hk_refuse(err, ESRCH, "cannot exec in a stopped container");
	return r < 0 ? refused("namespaces", -r, err) : strcmp(a, b) != 0;
}

static int find_namespaces(struct hk_execution *x, struct hk_err *err)
{
	HK_FD int theirs = open_of_init(x, "ns", err);
	HK_FD int ours = open("/proc/self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct hk_linux *linux = &x->spec.linux;

	if (theirs < 0)
		return theirs;
	if (ours < 0)
		return hk_fail(err, errno, "look at our own namespaces");
	linux->namespaces = hk_arena_array(&x->arena, HK_NS_COUNT, sizeof(*linux->namespaces));
	if (!linux->namespaces)
		return hk_fail(err, ENOMEM, "list the container's namespaces");
	for (enum hk_ns_type type = 0; type < HK_NS_COUNT; type++) {
		int r = differs(theirs, ours, hk_ns_infos[type].proc_name, err);

		if (r < 0)
			return r;
		if (r == 0)
			continue;
		linux->namespaces[linux->namespace_count++] =
			(struct hk_namespace){.type = type, .path = "init"};
		x->joined.namespaces |= hk_ns_infos[type].clone_flag;
	}
	return 0;
}

int hk_exec_find_container(struct hk_execution *x, struct hk_err *err)
{
	int r = find_namespaces(x, err);

	if (r < 0)
		return r;
	if (!(x->joined.namespaces & HK_CLONE_NEWNS)) {
		x->slots[HK_SLOT_ROOT] = open_of_init(x, "root", err);
		if (x->slots[HK_SLOT_ROOT] < 0)
			return x->slots[HK_SLOT_ROOT];
	}
	if (x->joined.namespaces) {
		x->slots[HK_SLOT_INIT] = fcntl(x->container.pidfd, F_DUPFD_CLOEXEC, 3);
		if (x->slots[HK_SLOT_INIT] < 0)
			return hk_fail(err, errno, "open the container's init");
	}
	x->joined.init_pid = (uint32_t)x->container.state.init_pid;
	return hk_exec_check_alive(x, err);
}

/* Behind the opening, as all that is read by pid. */
int hk_exec_open_current_cgroup(struct hk_execution *x, struct hk_err *err)
{
	HK_FD int fd =
		hk_cgroup_open_current(x->container.cgroup, x->container.state.init_pid, err);
	int r = fd < 0 ? fd : hk_exec_check_alive(x, err);

	return r < 0 ? r : hk_take_fd(&fd);
}

int hk_exec_place_in_cgroup(struct hk_execution *x, struct hk_err *err)
{
	struct hk_cgroup *cgroup = x->container.cgroup;
	const struct hk_pairs *annotations = &x->container.state.annotations;
	bool delegated;

	if (x->options.cgroup_count)
		return hk_cgroup_descend(cgroup, x->options.cgroups, x->options.cgroup_count, err);
	/* where it is delegated, the one that state.json names is not for processes; and one that
	 * is gone must not leave the process in ours */
	delegated = hk_annotation_get(annotations, HK_ANNOTATION_DELEGATE_CGROUP);
	if (!delegated && (!hk_cgroup_has_v2(cgroup) || hk_cgroup_v2_fd(cgroup) >= 0))
		return 0;
	x->cgroup = hk_exec_open_current_cgroup(x, err);
	return x->cgroup < 0 ? x->cgroup : 0;
}
