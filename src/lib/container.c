/* hako_container: opening one, and finding out how it is. */
#include "lib/container.h"

#include "base/fd.h"
#include "base/proc.h"
#include "lib/errors.h"
#include "lib/handshake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

int hk_container_new(struct hako_runtime *runtime, const char *id, struct hako_container **ret,
	struct hk_err *err)
{
	struct hako_container *container = calloc(1, sizeof(*container));
	int r;

	if (!container)
		return hk_fail(err, ENOMEM, "open container '%s'", id);
	container->root = container->pidfd = -1;
	container->runtime = runtime;
	container->id = strdup(id);
	r = container->id ? hk_state_root_open(runtime->root, 0, err)
			  : hk_fail(err, ENOMEM, "open container '%s'", id);
	if (r < 0) {
		hako_container_free(container);
		return r;
	}
	container->root = r;
	*ret = container;
	return 0;
}

void hako_container_free(hako_container *container)
{
	if (!container)
		return;
	hk_notify_free(container->notify);
	hk_close(&container->pidfd);
	hk_close(&container->root);
	free(container->id);
	free(container);
}

static int open_container(struct hako_runtime *runtime, const char *id, struct hako_container **ret,
	struct hk_err *err)
{
	struct hako_container *container;
	HK_FD int dir = -1;
	int r;

	r = hk_id_check(id, err);
	if (r < 0)
		return r;
	r = hk_container_new(runtime, id, &container, err);
	if (r == -ENOENT) /* no state root, no container */
		return hk_refuse(err, ENOENT, "container does not exist");
	if (r < 0)
		return r;
	dir = hk_state_dir_open(container->root, id, false, err);
	if (dir < 0) {
		r = dir;
		hako_container_free(container);
		return r;
	}
	*ret = container;
	return 0;
}

int hako_container_open(
	hako_runtime *runtime, const char *id, hako_container **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(open_container(runtime, id, ret, &e), &e, err);
}

void hk_loaded_done(struct hk_loaded *loaded)
{
	hk_cgroup_free(loaded->cgroup);
	hk_state_done(&loaded->state);
	hk_close(&loaded->pidfd);
	hk_close(&loaded->dir);
}

/* From ret->dir. */
static int load(const char *id, struct hk_loaded *ret, struct hk_err *err)
{
	int r;

	r = hk_state_load(ret->dir, id, &ret->state, err);
	if (r < 0)
		return r;
	r = hk_cgroup_open(&ret->state.cgroup_paths, &ret->cgroup, err);
	if (r < 0)
		return r;
	if (ret->state.init_pid == 0)
		return 0;
	r = hk_proc_open(ret->state.init_pid, ret->state.init_start_time);
	if (r < 0 && r != -ESRCH)
		return hk_fail(err, -r, "find the container's init");
	ret->pidfd = r < 0 ? -1 : r;
	return 0;
}

int hk_container_load(
	int root, const char *id, bool lock, struct hk_loaded *ret, struct hk_err *err)
{
	ret->dir = hk_state_dir_open(root, id, lock, err);
	ret->locked = lock;
	return ret->dir < 0 ? ret->dir : load(id, ret, err);
}

int hk_container_try_load(int root, const char *id, struct hk_loaded *ret, struct hk_err *err)
{
	ret->dir = hk_state_dir_try_open(root, id, err);
	ret->locked = true;
	return ret->dir < 0 ? ret->dir : load(id, ret, err);
}

/* create and start hold the directory's lock to their end: where we have it, neither is at work. */
static bool is_locked_by_another(const struct hk_loaded *loaded)
{
	if (loaded->locked)
		return false;
	if (flock(loaded->dir, LOCK_SH | LOCK_NB) < 0)
		return true;
	(void)flock(loaded->dir, LOCK_UN); /* cannot fail: it was ours */
	return false;
}

static enum hako_status status_by_start(const struct hk_loaded *loaded)
{
	switch (hk_handshake_phase(loaded->dir, HK_START_FIFO)) {
	case HK_START_AWAITED:
		return HAKO_CREATED;
	case HK_START_SAID: /* a `start` that was killed cannot be taken back */
		return is_locked_by_another(loaded) ? HAKO_CREATED : HAKO_RUNNING;
	case HK_START_DONE:
		break;
	}
	return HAKO_RUNNING;
}

enum hako_status hk_loaded_status(const struct hk_loaded *loaded)
{
	if (!loaded->state.created) {
		if (loaded->pidfd >= 0 || is_locked_by_another(loaded))
			return HAKO_CREATING;
		return HAKO_STOPPED; /* its creator was killed */
	}
	if (loaded->pidfd < 0)
		return HAKO_STOPPED;
	if (hk_cgroup_is_frozen(loaded->cgroup))
		return HAKO_PAUSED;
	return status_by_start(loaded);
}

bool hk_loaded_has_ended(const struct hk_loaded *loaded)
{
	return loaded->state.created && loaded->state.private_pid_namespace && loaded->pidfd < 0;
}

struct hk_hook_state hk_loaded_hook_state(const struct hk_loaded *loaded)
{
	return (struct hk_hook_state){
		.id = loaded->state.id,
		.bundle = loaded->state.bundle,
		.annotations = &loaded->state.annotations,
	};
}

const char *hako_status_name(enum hako_status status)
{
	static const char *const names[] = {
		[HAKO_CREATING] = "creating",
		[HAKO_CREATED] = "created",
		[HAKO_RUNNING] = "running",
		[HAKO_PAUSED] = "paused",
		[HAKO_STOPPED] = "stopped",
	};

	return names[status];
}
