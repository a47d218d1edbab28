/* hako_kill: signals to a container's init, or to all of its processes. */
#include "lib/container.h"

#include "base/sys.h"
#include "lib/errors.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

static int kill_init(struct hk_loaded *loaded, int signal, struct hk_err *err)
{
	int r;

	if (loaded->pidfd < 0)
		return hk_refuse(err, ESRCH, "container not running");
	r = hk_sys_pidfd_send_signal(loaded->pidfd, signal);
	if (r == -ESRCH)
		return hk_refuse(err, ESRCH, "container not running");
	if (r < 0)
		return hk_fail(err, -r, "send signal %d to the container's init", signal);
	return 0;
}

/* With init or without: in a pid namespace that they share, what it has left behind lives on. */
static int kill_cgroup(struct hk_loaded *loaded, int signal, bool all, struct hk_err *err)
{
	HK_FREE pid_t *pids = NULL;
	size_t count = 0;
	int r = 0;

	if (loaded->pidfd < 0 && !all) {
		r = hk_cgroup_pids(loaded->cgroup, &pids, &count, err);
		if (r == 0 && count == 0)
			r = hk_refuse(err, ESRCH, "container not running");
	}
	return r < 0 ? r : hk_cgroup_kill(loaded->cgroup, signal, err);
}

static int kill_container(
	struct hako_container *container, int signal, bool all, struct hk_err *err)
{
	HK_LOADED loaded = HK_LOADED_INIT;
	bool whole;
	int r;

	if (signal < 0 || signal > SIGRTMAX)
		return hk_refuse(err, EINVAL, "unknown signal \"%d\"", signal);
	r = hk_container_load(container->root, container->id, false, &loaded, err);
	if (r < 0)
		return r;
	/* Init's end takes a pid namespace of its own down with it, but none that it shares. */
	whole = all || (signal == SIGKILL && !loaded.state.private_pid_namespace);
	/* Without a cgroup of the container's own, init is all that we know of. */
	whole = whole && hk_cgroup_path_count(loaded.cgroup) > 0;
	if (whole && !hk_loaded_has_ended(&loaded))
		return kill_cgroup(&loaded, signal, all, err);
	r = kill_init(&loaded, signal, err);
	if (r == -ESRCH && all) /* there is nobody left, which is no error with runc's --all */
		return 0;
	if (r == 0 && signal == SIGKILL) /* what is frozen would not end, and init with it */
		hk_cgroup_thaw_all(loaded.cgroup);
	return r;
}

int hako_kill(hako_container *container, int signal, bool all, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(kill_container(container, signal, all, &e), &e, err);
}
