/* hako_events: samples and OOM kills of a container, as an fd to poll. */
#include <hako/events.h>

#include "base/fd.h"
#include "cgroup/oom.h"
#include "lib/errors.h"
#include "lib/sized.h"
#include "lib/stats.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NS_PER_S 1000000000ull

struct hako_events {
	struct hk_loaded loaded;
	struct hk_cgroup_watch watch;
	int epoll;
	int timer; /* -1: no samples */
	bool ended;
};

static int add(const struct hako_events *events, int fd, uint32_t wanted)
{
	struct epoll_event event = {.events = wanted, .data.fd = fd};

	if (fd < 0)
		return 0;
	return epoll_ctl(events->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int start_timer(struct hako_events *events, uint64_t interval)
{
	const struct timespec every = {(time_t)(interval / NS_PER_S), (long)(interval % NS_PER_S)};
	const struct itimerspec spec = {.it_interval = every, .it_value = every};

	if (interval == 0)
		return 0;
	events->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (events->timer < 0 || timerfd_settime(events->timer, 0, &spec, NULL) < 0)
		return -errno;
	return add(events, events->timer, EPOLLIN);
}

static int listen_to(struct hako_events *events, uint64_t interval)
{
	int r;

	events->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (events->epoll < 0)
		return -errno;
	r = add(events, events->watch.oom, hk_cgroup_watch_epoll());
	if (r == 0)
		r = add(events, events->watch.populated, hk_cgroup_watch_epoll());
	/* Level-triggered: once it has ended, next is called until it says so too. */
	if (r == 0)
		r = add(events, events->loaded.pidfd, EPOLLIN);
	return r < 0 ? r : start_timer(events, interval);
}

static int open_events(const struct hako_container *container, uint64_t interval,
	struct hako_events *events, struct hk_err *err)
{
	int r;

	r = hk_container_load(container->root, container->id, false, &events->loaded, err);
	if (r < 0)
		return r;
	if (events->loaded.pidfd < 0)
		return hk_not_running(container->id, err);
	r = hk_cgroup_watch_open(events->loaded.cgroup, &events->watch, err);
	if (r < 0)
		return r;
	r = listen_to(events, interval);
	return r < 0 ? hk_fail(err, -r, "listen to container '%s'", container->id) : 0;
}

static int events_new(const struct hako_container *container,
	const struct hako_events_options *options, struct hako_events **ret, struct hk_err *err)
{
	struct hako_events_options ours = {.size = sizeof(ours)};
	struct hako_events *events;
	int r = options ? hk_sized_copy(&ours, sizeof(ours), options, err) : 0;

	if (r < 0)
		return r;
	events = calloc(1, sizeof(*events));
	if (!events)
		return hk_fail(err, ENOMEM, "listen to container '%s'", container->id);
	events->loaded = (struct hk_loaded)HK_LOADED_INIT;
	events->watch = (struct hk_cgroup_watch)HK_CGROUP_WATCH_INIT;
	events->epoll = events->timer = -1;
	r = open_events(container, ours.interval, events, err);
	if (r < 0)
		hako_events_free(events);
	else
		*ret = events;
	return r;
}

int hako_events_open(hako_container *container, const struct hako_events_options *options,
	hako_events **ret, hako_error **err)
{
	struct hk_err e = {0};

	return hk_give(events_new(container, options, ret, &e), &e, err);
}

void hako_events_free(hako_events *events)
{
	if (!events)
		return;
	hk_close(&events->timer);
	hk_close(&events->epoll);
	hk_cgroup_watch_done(&events->watch);
	hk_loaded_done(&events->loaded);
	free(events);
}

int hako_events_fd(const hako_events *events)
{
	return events->epoll;
}

/* Edge-triggered ones must be taken off the epoll, or its fd stays readable. */
static void take_ready(const struct hako_events *events)
{
	struct epoll_event ready[8];

	(void)epoll_wait(events->epoll, ready, 8, 0); /* what it is each source says itself */
}

/* Init has ended and, where others outlive it, they have too. */
static bool has_ended(struct hako_events *events)
{
	struct pollfd init = {.fd = events->loaded.pidfd, .events = POLLIN};
	HK_FREE pid_t *pids = NULL;
	size_t count = 0;

	if (poll(&init, 1, 0) <= 0)
		return false;
	if (events->loaded.state.private_pid_namespace || hk_cgroup_watch_empty(&events->watch))
		return true;
	/* With the others there is nothing to be told of init any more. */
	(void)epoll_ctl(events->epoll, EPOLL_CTL_DEL, events->loaded.pidfd, NULL);
	return hk_cgroup_pids(events->loaded.cgroup, &pids, &count, NULL) < 0 || count == 0;
}

static bool timer_has_run(const struct hako_events *events)
{
	uint64_t times;

	return events->timer >= 0 &&
	       read(events->timer, &times, sizeof(times)) == (ssize_t)sizeof(times);
}

static int next(struct hako_events *events, char **ret, struct hk_err *err)
{
	bool ended;
	int r;

	*ret = NULL;
	if (events->ended)
		return -ENODATA;
	take_ready(events);
	/* Asked before the kills are counted: one that ended it is not to be missed. */
	ended = has_ended(events);
	if (hk_cgroup_watch_oom(&events->watch)) {
		r = hk_oom_event(events->loaded.state.id, ret, err);
		return r < 0 ? r : 1;
	}
	if (!ended && timer_has_run(events)) {
		r = hk_stats_event(&events->loaded, ret, err);
		if (r == 0)
			return 1;
		if (r != -ESRCH)
			return r;
		ended = true;
	}
	events->ended = ended;
	return ended ? -ENODATA : 0;
}

int hako_events_next(hako_events *events, char **ret, hako_error **err)
{
	struct hk_err e = {0};
	int r = next(events, ret, &e);

	return r == -ENODATA ? r : hk_give(r, &e, err);
}
