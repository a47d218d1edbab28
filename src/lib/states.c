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
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_WORKERS  4
#define WORTH_A_WORK 64 /* containers: reading them costs more than a thread */

/* What the workers share. Each takes the next container that nobody has: shares that are given out
 * beforehand would all wait for the thread whose CPU is the slowest to come. */
struct job {
	int root;
	char *const *ids;
	size_t count;
	atomic_size_t next;
	struct hako_state *states; /* of all; id NULL: could not be read */
	hako_error **errors;
};

struct worker {
	struct job *job;
	struct hk_arena *arena;
	pthread_t thread;
	bool started;
};

/* What hako_states gives out, the states, is the end of one of these. */
struct all_states {
	struct hk_arena arenas[MAX_WORKERS];
	struct hako_state states[];
};

/* One that is being created or started, or was not to its end: the locks have to tell. */
static int status_by_lock(int root, const char *id, enum hako_status *ret, struct hk_err *err)
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
		return status_by_lock(root, state->id, ret, err);
	r = hk_proc_is_alive(state->init_pid, state->init_start_time, &alive);
	if (r < 0)
		return hk_fail(err, -r, "find the container's init");
	*ret = alive ? HAKO_RUNNING : HAKO_STOPPED;
	if (alive && hk_cgroup_paths_frozen(&state->cgroup_paths))
		*ret = HAKO_PAUSED;
	if (*ret != HAKO_RUNNING)
		return 0;
	(void)snprintf(fifo, sizeof(fifo), "%s/" HK_START_FIFO, state->id); /* an id has a limit */
	switch (hk_handshake_phase(root, fifo)) {
	case HK_START_AWAITED:
		*ret = HAKO_CREATED;
		break;
	case HK_START_SAID:
		return status_by_lock(root, state->id, ret, err);
	case HK_START_DONE:
		break;
	}
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
	struct job *job = w->job;
	struct hk_arena scratch = {0};
	size_t i;

	while ((i = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed)) < job->count) {
		struct hk_err e = {0};
		int r = read_state(job->root, job->ids[i], &scratch, w->arena, &job->states[i], &e);

		if (r < 0)
			(void)hk_give(r, &e, &job->errors[i]);
		hk_arena_clear(&scratch);
	}
	hk_arena_done(&scratch);
	return NULL;
}

static size_t worth_workers(size_t count, const cpu_set_t *cpus)
{
	size_t most = count / WORTH_A_WORK, have = (size_t)CPU_COUNT(cpus);

	most = most < have ? most : have;
	most = most < MAX_WORKERS ? most : MAX_WORKERS;
	return most ? most : 1;
}

/* Not where the caller runs: there the kernel often begins, and takes longer to notice than all of
 * the work does. */
static void start_thread(struct worker *worker, const cpu_set_t *elsewhere)
{
	worker->started = pthread_create(&worker->thread, NULL, work, worker) == 0;
	if (worker->started) /* refused, it is where it is */
		(void)pthread_setaffinity_np(worker->thread, sizeof(*elsewhere), elsewhere);
}

/* No signal of our caller's goes to a thread that it does not know. The caller's own is the first.
 */
static void run_workers(struct worker *workers, size_t count, cpu_set_t *cpus)
{
	sigset_t all, old;

	CPU_CLR(sched_getcpu(), cpus);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old); /* cannot fail with these arguments */
	for (size_t i = 1; i < count; i++)
		start_thread(&workers[i], cpus);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)work(&workers[0]);
	for (size_t i = 1; i < count; i++)
		if (workers[i].started)
			(void)pthread_join(workers[i].thread, NULL);
}

/* Those that could be read move together, in their order. */
static size_t collect(const struct job *job, hako_broken_fn *broken, void *userdata)
{
	size_t good = 0;

	for (size_t i = 0; i < job->count; i++) {
		if (job->states[i].id)
			job->states[good++] = job->states[i];
		else if (broken)
			broken(userdata, job->ids[i], job->errors[i]);
		else
			hako_error_free(job->errors[i]);
	}
	return good;
}

static int read_all(int root, char *const ids[], size_t count, struct all_states **ret,
	size_t *ret_count, hako_broken_fn *broken, void *userdata)
{
	struct all_states *all = calloc(1, sizeof(*all) + (count + 1) * sizeof(all->states[0]));
	HK_FREE hako_error **errors = calloc(count + 1, sizeof(hako_error *));
	struct worker workers[MAX_WORKERS];
	cpu_set_t cpus;
	size_t worker_count;
	struct job job = {.root = root, .ids = ids, .count = count, .errors = errors};

	if (!all || !errors) {
		free(all);
		return -ENOMEM;
	}
	job.states = all->states;
	CPU_ZERO(&cpus);
	/* fails on a machine of more than 1024 CPUs: one worker has to do */
	(void)sched_getaffinity(0, sizeof(cpus), &cpus);
	worker_count = worth_workers(count, &cpus);
	for (size_t i = 0; i < worker_count; i++)
		workers[i] = (struct worker){.job = &job, .arena = &all->arenas[i]};
	run_workers(workers, worker_count, &cpus);
	*ret_count = collect(&job, broken, userdata);
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
