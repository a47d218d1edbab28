/* The processes of a cgroup: listing and signalling them. */
#include "cgroup/group.h"
#include "cgroup/walk.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* pidfds held at a time: below every usual RLIMIT_NOFILE */
#define BATCH 64

struct pid_list {
	pid_t *items;
	size_t count;
	size_t cap;
};

static int add(struct pid_list *list, pid_t pid)
{
	if (list->count == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 64;
		pid_t *items = reallocarray(list->items, cap, sizeof(*items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->cap = cap;
	}
	list->items[list->count++] = pid;
	return 0;
}

/* Decimal numbers, one a line. A number may be cut by the end of a chunk: *pid carries it over. */
static int parse_chunk(struct pid_list *list, const char *text, size_t len, int64_t *pid)
{
	for (size_t i = 0; i < len; i++) {
		int r;

		if (text[i] >= '0' && text[i] <= '9') {
			*pid = (*pid < 0 ? 0 : *pid) * 10 + (text[i] - '0');
			if (*pid > INT32_MAX)
				return -EBADMSG;
			continue;
		}
		if (text[i] != '\n' || *pid < 0)
			return -EBADMSG;
		/* 0 stands for a process outside of our pid namespace */
		r = *pid > 0 ? add(list, (pid_t)*pid) : 0;
		if (r < 0)
			return r;
		*pid = -1;
	}
	return 0;
}

static int visit_procs(int dirfd, void *userdata)
{
	HK_FD int fd = openat(dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	int64_t pid = -1;
	char chunk[4096];

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		/* threaded ones list nothing: their processes are listed above; ENODEV: gone */
		if (n < 0)
			return errno == EOPNOTSUPP || errno == ENODEV ? 0 : -errno;
		if (n == 0)
			return pid < 0 ? 0 : -EBADMSG;
		r = parse_chunk(userdata, chunk, (size_t)n, &pid);
		if (r < 0)
			return r;
	}
}

static int compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static void sort_unique(struct pid_list *list)
{
	size_t kept = 0;

	if (list->count == 0)
		return;
	qsort(list->items, list->count, sizeof(*list->items), compare);
	for (size_t i = 1; i < list->count; i++)
		if (list->items[i] != list->items[kept])
			list->items[++kept] = list->items[i];
	list->count = kept + 1;
}

static int list_dir(struct hk_cgroup_dir *dir, struct pid_list *list)
{
	int fd = hk_cgroup_dir_fd(dir);
	int r = fd < 0 ? fd : hk_cgroup_walk(fd, visit_procs, list);

	return r == -ENOENT || r == -ENODEV ? 0 : r; /* gone: empty */
}

int hk_cgroup_dir_pids(struct hk_cgroup_dir *dir, pid_t **ret, size_t *ret_count)
{
	struct pid_list list = {0};
	int r = list_dir(dir, &list);

	if (r < 0) {
		free(list.items);
		return r;
	}
	sort_unique(&list);
	*ret = list.items;
	*ret_count = list.count;
	return 0;
}

/* A pid that is in the list again, after its pidfd was opened, was not handed on to a stranger in
 * between: the pidfd is of a process of this cgroup. */
static int signal_batch(struct hk_cgroup_dir *dir, int sig, const pid_t *pids, size_t count)
{
	HK_FREE pid_t *now = NULL;
	size_t now_count = 0;
	int fds[BATCH], r;

	for (size_t i = 0; i < count; i++)
		fds[i] = hk_sys_pidfd_open(pids[i]); /* negative: it has ended */
	r = hk_cgroup_dir_pids(dir, &now, &now_count);
	for (size_t i = 0; i < count; i++) {
		if (fds[i] >= 0 && now_count &&
			bsearch(&pids[i], now, now_count, sizeof(*now), compare)) {
			int sent = hk_sys_pidfd_send_signal(fds[i], sig);

			if (sent < 0 && sent != -ESRCH && r == 0)
				r = sent;
		} else if (fds[i] < 0 && fds[i] != -ESRCH && fds[i] != -EINVAL && r == 0) {
			r = fds[i];
		}
		if (fds[i] >= 0)
			(void)close(fds[i]);
	}
	return r;
}

int hk_cgroup_signal_dir(struct hk_cgroup_dir *dir, int sig, size_t *ret_seen)
{
	HK_FREE pid_t *pids = NULL;
	size_t count = 0;
	int r = hk_cgroup_dir_pids(dir, &pids, &count);

	for (size_t i = 0; r == 0 && i < count; i += BATCH)
		r = signal_batch(dir, sig, pids + i, count - i < BATCH ? count - i : BATCH);
	if (r == 0)
		*ret_seen = count;
	return r;
}

/* A process may be in the v2 directory only (CLONE_INTO_CGROUP before it joined), or in v1's only
 * (moved there by hand): both are asked. All v1 directories hold the same, so one of them does. */
size_t hk_cgroup_process_dirs(struct hk_cgroup *cgroup, struct hk_cgroup_dir *ret[2])
{
	static const char *const preferred[] = {"freezer", "devices", "pids", "memory", "cpu"};
	struct hk_cgroup_dir *v1 = NULL, *v2 = hk_cgroup_find_v2(cgroup);
	size_t count = 0;

	for (size_t i = 0; i < HK_COUNT(preferred) && !v1; i++)
		v1 = hk_cgroup_find_v1(cgroup, preferred[i]);
	for (size_t i = 0; i < cgroup->count && !v1; i++)
		if (!hk_cgroup_dir_is_v2(&cgroup->dirs[i]))
			v1 = &cgroup->dirs[i];
	if (v2)
		ret[count++] = v2;
	if (v1)
		ret[count++] = v1;
	return count;
}

int hk_cgroup_pids(struct hk_cgroup *cgroup, pid_t **ret, size_t *ret_count, struct hk_err *err)
{
	struct hk_cgroup_dir *dirs[2];
	size_t n = hk_cgroup_process_dirs(cgroup, dirs);
	struct pid_list list = {0};

	for (size_t i = 0; i < n; i++) {
		int r = list_dir(dirs[i], &list);

		if (r < 0) {
			free(list.items);
			return hk_fail(err, -r, "list the processes of cgroup '%s'", dirs[i]->path);
		}
	}
	sort_unique(&list);
	*ret = list.items;
	*ret_count = list.count;
	return 0;
}

/* How many processes stay, as long as *budget_ms lasts. */
static int count_those_that_stay(struct hk_cgroup_dir *dir, int *budget_ms, size_t *ret)
{
	for (int wait_ms = 1;; wait_ms = wait_ms < 64 ? wait_ms * 2 : wait_ms) {
		struct timespec pause = {.tv_nsec = wait_ms * 1000000L};
		HK_FREE pid_t *pids = NULL;
		int r = hk_cgroup_dir_pids(dir, &pids, ret);

		if (r < 0 || *ret == 0 || *budget_ms <= 0)
			return r;
		*budget_ms -= wait_ms;
		(void)nanosleep(&pause, NULL); /* EINTR: the budget bounds the rest */
	}
}

int hk_cgroup_disown_occupied(struct hk_cgroup *cgroup, bool *ret, struct hk_err *err)
{
	int budget_ms = HK_CGROUP_REMOVE_BUDGET_MS;

	for (size_t i = 0; i < cgroup->count;) {
		struct hk_cgroup_dir *dir = &cgroup->dirs[i];
		size_t count = 0;
		int r = count_those_that_stay(dir, &budget_ms, &count);

		if (r < 0)
			return hk_fail(err, -r, "list the processes of cgroup '%s'", dir->path);
		if (count == 0) {
			i++;
			continue;
		}
		hk_close(&dir->fd);
		hk_close(&dir->leaf_fd);
		*dir = cgroup->dirs[--cgroup->count];
		*ret = true;
	}
	return 0;
}
