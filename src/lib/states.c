/* hako_states: the states of all containers, with as few system calls for each as there can be, and
 * by a few threads where there are many. */
#include "lib/container.h"

#include "base/fd.h"
#include "base/proc.h"
#include "lib/errors.h"
#include "lib/handshake.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_WORKERS  4
#define WORTH_A_WORK 64 /* containers: reading them costs more than a thread */

/* A part of the containers: every workers-th one from first on. */
struct worker {
	int root;
	char *const *ids;
	size_t count;
	size_t first, workers;
	struct hako_state *states; /* of all; id NULL: could not be read */
	hako_error **errors;
	struct hk_arena *arena;
	pthread_t thread;
	bool started;
};

/* What hako_states gives out, the states, is the end of one of these. */
struct all_states {
	struct hk_arena arenas[MAX_WORKERS];
	struct hako_state states[];
};

/* One that is being created, or was not to its end: the locks have to tell. */
static int status_of_unfinished(int root, const char *id, enum hako_status *ret, struct hk_err *err)
{
	HK_LOADED loaded = HK_LOADED_INIT;
	int r = hk_container_load(root, id, false, &loaded, err);

	if (r == 0)
		*ret = hk_loaded_status(&loaded);
	return r;
}

/* As hk_loaded_status, without a pidfd: nothing is done to the process. */
static int find_status(
	int root, const struct hk_state *state, enum hako_status *ret, struct hk_err *err)
{
	char fifo[HK_ID_MAX + sizeof("/" HK_START_FIFO)];
	bool alive;
	int r;

	if (!state->created)
		return status_of_unfinished(root, state->id, ret, err);
	r = hk_proc_is_alive(state->init_pid, state->init_start_time, &alive);
	if (r < 0)
		return hk_fail(err, -r, "find the container's init");
	(void)snprintf(fifo, sizeof(fifo), "%s/" HK_START_FIFO, state->id); /* an id has a limit */
	if (!alive)
		*ret = HAKO_STOPPED;
	else if (hk_cgroup_paths_frozen(&state->cgroup_paths))
		*ret = HAKO_PAUSED;
	else if (faccessat(root, fifo, F_OK, 0) == 0)
		*ret = HAKO_CREATED;
	else
		*ret = HAKO_RUNNING;
	return 0;
}

static int read_state(int root, const char *id, struct hk_arena *scratch, struct hk_arena *arena,
	struct hako_state *ret, struct hk_err *err)
{
	enum hako_status status = HAKO_STOPPED;
	struct hk_state state;
	int r = hk_state_load_brief(root, id, scratch, &state, err);

	if (r == 0)
		r = find_status(root, &state, &status, err);
	return r < 0 ? r : hk_state_show(&state, status, arena, ret, err);
}

static void *work(void *userdata)
{
	struct worker *w = userdata;
	struct hk_arena scratch = {0};

	for (size_t i = w->first; i < w->count; i += w->workers) {
		struct hk_err e = {0};
		int r = read_state(w->root, w->ids[i], &scratch, w->arena, &w->states[i], &e);

		if (r < 0)
			(void)hk_give(r, &e, &w->errors[i]);
		hk_arena_clear(&scratch);
	}
	hk_arena_done(&scratch);
	return NULL;
}

static size_t worth_workers(size_t count)
{
	size_t most = count / WORTH_A_WORK;
	cpu_set_t cpus;
	size_t have = 1;

	/* fails on a machine of more than 1024 CPUs: one has to do */
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		have = (size_t)CPU_COUNT(&cpus);
	most = most < have ? most : have;
	most = most < MAX_WORKERS ? most : MAX_WORKERS;
	return most ? most : 1;
}

/* No signal of our caller's goes to a thread that it does not know. What cannot be started is done
 * here. */
static void run_workers(struct worker *workers, size_t count)
{
	sigset_t all, old;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old); /* cannot fail with these arguments */
	for (size_t i = 1; i < count; i++)
		workers[i].started =
			pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)work(&workers[0]);
	for (size_t i = 1; i < count; i++) {
		if (workers[i].started)
			(void)pthread_join(workers[i].thread, NULL);
		else
			(void)work(&workers[i]);
	}
}

/* Those that could be read move together, in their order. */
static size_t collect(
	const struct worker *w, char *const ids[], hako_broken_fn *broken, void *userdata)
{
	size_t good = 0;

	for (size_t i = 0; i < w->count; i++) {
		if (w->states[i].id)
			w->states[good++] = w->states[i];
		else if (broken)
			broken(userdata, ids[i], w->errors[i]);
		else
			hako_error_free(w->errors[i]);
	}
	return good;
}

static int read_all(int root, char *const ids[], size_t count, struct all_states **ret,
	size_t *ret_count, hako_broken_fn *broken, void *userdata)
{
	struct all_states *all = calloc(1, sizeof(*all) + (count + 1) * sizeof(all->states[0]));
	HK_FREE hako_error **errors = calloc(count + 1, sizeof(hako_error *));
	struct worker workers[MAX_WORKERS];
	size_t worker_count = worth_workers(count);

	if (!all || !errors) {
		free(all);
		return -ENOMEM;
	}
	for (size_t i = 0; i < worker_count; i++)
		workers[i] = (struct worker){.root = root,
			.ids = ids,
			.count = count,
			.first = i,
			.workers = worker_count,
			.states = all->states,
			.errors = errors,
			.arena = &all->arenas[i]};
	run_workers(workers, worker_count);
	*ret_count = collect(&workers[0], ids, broken, userdata);
	*ret = all;
	return 0;
}

static int states(hako_runtime *runtime, struct hako_state **ret, size_t *ret_count,
	hako_broken_fn *broken, void *userdata, struct hk_err *err)
{
	HK_FD int root = hk_state_root_open(runtime->root, 0, err);
	struct all_states *all = NULL;
	char **ids = NULL;
	size_t count = 0;
	int r = root;

	*ret = NULL;
	*ret_count = 0;
	if (root == -ENOENT && runtime->default_root)
		return 0; /* nothing was ever made here */
	if (r >= 0)
		r = hk_state_list(root, &ids, &count, err);
	if (r < 0)
		return r;
	r = read_all(root, ids, count, &all, ret_count, broken, userdata);
	hako_ids_free(ids, count);
	if (r < 0)
		return hk_fail(err, -r, "list the containers");
	*ret = all->states;
	return 0;
}

int hako_states(hako_runtime *runtime, struct hako_state **ret, size_t *ret_count,
	hako_broken_fn *broken, void *userdata, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(states(runtime, ret, ret_count, broken, userdata, &e), &e, err);
}

void hako_states_free(struct hako_state *given)
{
	struct all_states *all;

	if (!given)
		return;
	all = (void *)((char *)given - offsetof(struct all_states, states));
	for (size_t i = 0; i < MAX_WORKERS; i++)
		hk_arena_done(&all->arenas[i]);
	free(all);
}
