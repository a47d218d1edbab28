/* hako_delete: the end of a container, whole or half-made. */
#include "lib/container.h"

#include "base/fd.h"
#include "base/sys.h"
#include "lib/dynamic.h"
#include "lib/errors.h"
#include "lib/rootfs_mount.h"
#include "lib/unit.h"
#include "rdt/rdt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#define KILL_WAIT_MS 10000
#define LOCK_WAIT_MS 10000

int hk_kill_and_wait(int pidfd, struct hk_err *err)
{
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
	int r;

	r = hk_sys_pidfd_send_signal(pidfd, SIGKILL);
	if (r < 0 && r != -ESRCH)
		return hk_fail(err, -r, "kill the container's init");
	do
		r = poll(&poll_fd, 1, KILL_WAIT_MS);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return hk_fail(err, errno, "wait for the container's init");
	if (r == 0)
		return hk_refuse(err, EBUSY, "container init still running");
	return 0;
}

static int kill_all(struct hk_loaded *loaded, bool everything, struct hk_err *err)
{
	int r;

	if (everything) {
		r = hk_cgroup_kill(loaded->cgroup, SIGKILL, err);
		if (r < 0)
			return r;
	}
	if (loaded->pidfd < 0)
		return 0;
	if (!everything) /* a frozen init would not die */
		hk_cgroup_thaw_all(loaded->cgroup);
	return hk_kill_and_wait(loaded->pidfd, err);
}

/* A unit goes with its last process, and another container may have taken its name since. Whoever
 * kills everything has killed that as well by now. */
static int end_unit(
	struct hako_runtime *runtime, struct hk_loaded *loaded, bool everything, struct hk_err *err)
{
	HK_FREE pid_t *pids = NULL;
	size_t count = 0;
	int r = 0;

	if (!loaded->state.systemd_unit)
		return 0;
	/* `start` has failed, behind which no other program can begin anew: the unit goes with its
	 * last process */
	if (runtime->dynamic_form)
		return 0;
	if (!everything)
		r = hk_cgroup_pids(loaded->cgroup, &pids, &count, err);
	if (r == 0 && count)
		return hk_refuse(err, EBUSY,
			"the unit '%s' holds processes that are not this container's",
			loaded->state.systemd_unit);
	return r < 0 ? r : hk_unit_end(&loaded->state, &runtime->log, err);
}

int hk_container_destroy(struct hako_runtime *runtime, int root, struct hk_loaded *loaded,
	bool everything, struct hk_err *err)
{
	struct hk_hook_state state = hk_loaded_hook_state(loaded);
	int r;

	r = kill_all(loaded, everything, err);
	if (r < 0)
		return r;
	r = end_unit(runtime, loaded, everything, err);
	if (r == 0)
		r = hk_cgroup_destroy(loaded->cgroup, err);
	if (r == 0)
		r = hk_rootfs_mount_remove(&loaded->state, err);
	if (r == 0)
		r = hk_rdt_remove(loaded->state.intel_rdt_monitor,
			loaded->state.intel_rdt_owned ? loaded->state.intel_rdt_path : NULL, err);
	if (r < 0)
		return r;
	r = hk_state_dir_remove(root, loaded->state.id, err);
	if (r < 0)
		return r;
	hk_hooks_run_all(&loaded->state.hooks, HK_HOOK_POSTSTOP, &state, "stopped", &runtime->log);
	return 0;
}

/* Those that are in the cgroup of a container that has ended even --force must not kill, but for a
 * process of `exec` on its way into the pid namespace: that is waited for, and ends when it finds
 * it gone. The cgroup and the unit are the others' now. */
static int leave_to_others(struct hk_loaded *loaded, const struct hk_log *log, struct hk_err *err)
{
	bool theirs = false;
	int r = hk_cgroup_disown_occupied(loaded->cgroup, &theirs, err);

	if (r < 0 || !theirs)
		return r;
	hk_logf(log, HK_LOG_WARNING,
		"the cgroup of container %s stays: it holds processes of another one",
		loaded->state.id);
	loaded->state.systemd_unit = NULL;
	return 0;
}

/* A directory without a state: its creator was killed before there was anything else. A state that
 * cannot be read, of a newer version say, is not forgotten even by force: what it names may be
 * running. */
static int delete_broken(const struct hako_runtime *runtime, int root, const char *id, int why,
	bool force, struct hk_err *err)
{
	struct hk_err e = {0};
	int r;

	if (why == -EINVAL)
		hk_err_hint(err,
			"a program that can read it can delete the container; without one, end its "
			"processes, remove its cgroups, and then '%s/%s'",
			runtime->root, id);
	if (why != -ENOENT)
		return why;
	r = hk_state_dir_remove(root, id, &e);
	if (r < 0) {
		*err = e;
		return r;
	}
	return force ? 0 : hk_refuse(err, ENOENT, "container does not exist");
}

/* Whoever holds the lock may wait for a hook, which is given up when init has ended. */
static void kill_locked_init(int root, const char *id)
{
	HK_LOADED loaded = HK_LOADED_INIT;

	/* what cannot be read now, half-made or gone, is read again with the lock */
	if (hk_container_load(root, id, false, &loaded, NULL) < 0 || loaded.pidfd < 0)
		return;
	(void)hk_sys_pidfd_send_signal(loaded.pidfd, SIGKILL); /* gone is as good */
	hk_cgroup_thaw_all(loaded.cgroup);
}

static int load_by_force(int root, const char *id, struct hk_loaded *ret, struct hk_err *err)
{
	int budget_ms = LOCK_WAIT_MS;

	for (int wait_ms = 1;; wait_ms = wait_ms < 64 ? wait_ms * 2 : wait_ms) {
		struct timespec pause = {.tv_nsec = wait_ms * 1000000L};
		int r = hk_container_try_load(root, id, ret, err);

		if (r != -EWOULDBLOCK)
			return r;
		if (budget_ms <= 0)
			return hk_refuse(err, EBUSY,
				"another command works on the container, and does not end");
		kill_locked_init(root, id);
		budget_ms -= wait_ms;
		(void)nanosleep(&pause, NULL); /* EINTR: the budget bounds the rest */
	}
}

static int delete_at(
	struct hako_runtime *runtime, int root, const char *id, bool force, struct hk_err *err)
{
	HK_LOADED loaded = HK_LOADED_INIT;
	enum hako_status status;
	bool everything;
	int r;

	r = force ? load_by_force(root, id, &loaded, err)
		  : hk_container_load(root, id, true, &loaded, err);
	if (loaded.dir < 0)
		return r == -ENOENT && force ? 0 : r;
	if (r < 0 && !loaded.state.id)
		return delete_broken(runtime, root, id, r, force, err);
	if (r < 0)
		return r;
	status = hk_loaded_status(&loaded);
	if ((status == HAKO_RUNNING || status == HAKO_PAUSED) && !force)
		return hk_refuse(err, EBUSY, "cannot delete container %s that is not stopped: %s",
			id, hako_status_name(status));
	r = hk_dynamic_want_bus(runtime, &loaded.state, err);
	if (r == 0 && force && hk_loaded_has_ended(&loaded))
		r = leave_to_others(&loaded, &runtime->log, err);
	if (r < 0)
		return r;
	everything =
		!hk_loaded_has_ended(&loaded) && (force || !loaded.state.private_pid_namespace);
	return hk_container_destroy(runtime, root, &loaded, everything, err);
}

int hako_delete(hako_container *container, bool force, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(
		delete_at(container->runtime, container->root, container->id, force, &e), &e, err);
}

static int delete_id(hako_runtime *runtime, const char *id, bool force, struct hk_err *err)
{
	HK_FD int root = -1;
	int r;

	r = hk_id_check(id, err);
	if (r < 0)
		return r;
	root = hk_state_root_open(runtime->root, 0, err);
	if (root == -ENOENT)
		return force ? 0 : hk_refuse(err, ENOENT, "container does not exist");
	if (root < 0)
		return root;
	return delete_at(runtime, root, id, force, err);
}

int hako_delete_id(hako_runtime *runtime, const char *id, bool force, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(delete_id(runtime, id, force, &e), &e, err);
}
