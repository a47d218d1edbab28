/* hako_start: the user's program of a created container. */
#include "lib/container.h"

#include "base/fd.h"
#include "lib/errors.h"
#include "lib/handshake.h"
#include "plan/plan.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The start FIFO's absence says "running". */
static int remove_fifos(int dir, struct hk_err *err)
{
	if (unlinkat(dir, HK_START_FIFO, 0) < 0 && errno != ENOENT)
		return hk_fail(err, errno, "remove %s", HK_START_FIFO);
	(void)unlinkat(dir, HK_RESULT_FIFO, 0); /* delete takes it too */
	return 0;
}

static int refuse_running(const struct hk_loaded *loaded, struct hk_err *err)
{
	struct hk_err e = {0};

	(void)remove_fifos(
		loaded->dir, &e); /* left by a `start` that was killed; it runs without too */
	return hk_refuse(err, EINVAL, "cannot start an already running container");
}

static int check_status(const struct hk_loaded *loaded, struct hk_err *err)
{
	switch (hk_loaded_status(loaded)) {
	case HAKO_CREATED:
		return 0;
	case HAKO_RUNNING:
		return refuse_running(loaded, err);
	case HAKO_STOPPED:
		return hk_refuse(err, EINVAL, "cannot start a container that has stopped");
	case HAKO_PAUSED:
		return hk_refuse(err, EINVAL, "cannot start a container in the paused state");
	case HAKO_CREATING:
		return hk_refuse(err, EINVAL, "cannot start a container in the creating state");
	}
	return hk_refuse(err, EINVAL, "cannot start a container in an unknown state");
}

static bool is_same(const struct hk_loaded *a, const struct hk_loaded *b)
{
	return a->state.init_pid == b->state.init_pid &&
	       a->state.init_start_time == b->state.init_start_time;
}

static void destroy(struct hako_container *container, struct hk_loaded *loaded)
{
	struct hk_err e = {0};

	if (hk_container_destroy(container->runtime, container->root, loaded, true, &e) < 0)
		hk_logf(&container->runtime->log, HK_LOG_WARNING, "%s", e.message);
}

/* As it is now: a hook may have changed it, or deleted it and made another one of that name. */
static void destroy_started(struct hako_container *container, const struct hk_loaded *started)
{
	HK_LOADED now = HK_LOADED_INIT;
	struct hk_err e = {0};
	int r = hk_container_load(container->root, container->id, true, &now, &e);

	if (r == -ENOENT || (r == 0 && !is_same(&now, started)))
		return;
	if (r == 0)
		destroy(container, &now);
	else
		hk_logf(&container->runtime->log, HK_LOG_WARNING, "%s", e.message);
}

static int poststart(struct hako_container *container, struct hk_loaded *loaded, struct hk_err *err)
{
	struct hk_hook_state state = hk_loaded_hook_state(loaded);
	int r;

	hk_state_dir_unlock(loaded->dir); /* for commands that a hook calls */
	r = hk_hooks_run(&loaded->state.hooks, HK_HOOK_POSTSTART, &state, "running",
		loaded->state.init_pid, err);
	if (r < 0) /* runtime-spec, lifecycle: it is stopped and goes on to its deletion */
		destroy_started(container, loaded);
	return r;
}

/* The sockets of its readiness, before anything is started that would speak to them. */
static int open_notify(const struct hk_loaded *loaded, struct hk_notify **ret, struct hk_err *err)
{
	int r;

	if (!loaded->state.notify_socket)
		return 0;
	r = hk_notify_open(loaded->dir, loaded->state.notify_socket, ret, err);
	return r < 0 ? r : hk_notify_set_init(*ret, loaded->state.init_pid, loaded->pidfd, err);
}

/* The init stage runs no others between `start` and the program than startContainer's. */
static bool is_of_a_hook(const struct hk_err *err)
{
	return strcmp(err->step, hk_step_infos[HK_STEP_HOOK].name) == 0;
}

static int start_program(
	struct hako_container *container, struct hk_loaded *loaded, struct hk_err *err)
{
	int r = hk_handshake_start(loaded->dir, loaded->pidfd, err);

	if (r < 0 && is_of_a_hook(err)) /* runtime-spec, lifecycle: as behind poststart */
		destroy(container, loaded);
	if (r == 0)
		r = remove_fifos(loaded->dir, err);
	return r < 0 ? r : poststart(container, loaded, err);
}

static int start(struct hako_container *container, struct hk_err *err)
{
	HK_LOADED loaded = HK_LOADED_INIT;
	struct hk_notify *notify = NULL;
	int r;

	r = hk_container_load(container->root, container->id, true, &loaded, err);
	if (r == 0)
		r = check_status(&loaded, err);
	if (r == 0)
		r = open_notify(&loaded, &notify, err);
	if (r == 0)
		r = start_program(container, &loaded, err);
	if (r < 0) {
		hk_notify_free(notify);
		return r;
	}
	container->notify = notify;
	return 0;
}

int hako_start(hako_container *container, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(start(container, &e), &e, err);
}
