/* Signalling and freezing a whole cgroup. */
#include "cgroup/group.h"
#include "base/err.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#define KILL_ROUNDS	 100
#define FREEZE_TIMEOUT_S 10

/* The directory that freezes: v1's freezer on v1 and hybrid hosts, where other programs look. */
static struct hk_cgroup_dir *freezer(struct hk_cgroup *cgroup)
{
	struct hk_cgroup_dir *v1 = hk_cgroup_find_v1(cgroup, "freezer");

	return v1 ? v1 : hk_cgroup_find_v2(cgroup);
}

/* v1 gives up after a fraction of a second, which is right before a kill. Processes that sleep
 * undisturbed, in a slow read say, freeze when they wake up: whoever pauses can wait for that. */
static int freeze_patiently(struct hk_cgroup_dir *dir, struct hk_err *err)
{
	struct timespec now, end;
	int r;

	(void)clock_gettime(CLOCK_MONOTONIC, &end); /* cannot fail */
	end.tv_sec += FREEZE_TIMEOUT_S;
	do {
		r = dir->version->freeze(dir, true, err);
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
	} while (r == -ETIMEDOUT && now.tv_sec < end.tv_sec);
	return r;
}

int hk_cgroup_freeze(struct hk_cgroup *cgroup, bool frozen, struct hk_err *err)
{
	struct hk_cgroup_dir *dir = freezer(cgroup);
	int r;

	if (!dir)
		return hk_refuse(
			err, EOPNOTSUPP, "the container has no cgroup that could be frozen");
	r = hk_cgroup_dir_fd(dir);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return hk_fail(err, -r, "open cgroup '%s'", dir->path);
	return frozen ? freeze_patiently(dir, err) : dir->version->freeze(dir, false, err);
}

bool hk_cgroup_is_frozen(struct hk_cgroup *cgroup)
{
	struct hk_cgroup_dir *dir = freezer(cgroup);

	return dir && dir->version->is_frozen(dir);
}

void hk_cgroup_thaw_all(struct hk_cgroup *cgroup)
{
	struct hk_cgroup_dir *dir = freezer(cgroup);

	if (dir)
		dir->version->thaw_all(dir);
}

static int signal_all(struct hk_cgroup *cgroup, int sig, size_t *ret_seen, struct hk_err *err)
{
	struct hk_cgroup_dir *dirs[2];
	size_t n = hk_cgroup_process_dirs(cgroup, dirs), total = 0;

	for (size_t i = 0; i < n; i++) {
		size_t seen = 0;
		int r = hk_cgroup_signal_dir(dirs[i], sig, &seen);

		if (r < 0)
			return hk_fail(
				err, -r, "signal the processes of cgroup '%s'", dirs[i]->path);
		total += seen;
	}
	*ret_seen = total;
	return 0;
}

/* Without a freezer a fork may slip through each round; it cannot once its parent is gone. */
static int kill_in_rounds(struct hk_cgroup *cgroup, struct hk_err *err)
{
	for (int i = 0; i < KILL_ROUNDS; i++) {
		struct timespec pause = {.tv_nsec = 1000000};
		size_t seen = 0;
		int r = signal_all(cgroup, SIGKILL, &seen, err);

		if (r < 0 || seen == 0)
			return r;
		(void)nanosleep(&pause, NULL); /* EINTR: only an earlier round */
	}
	return 0; /* killed, and slow to end: that is for the caller to await */
}

/* Frozen, nothing can fork away: one pass gets all. Thawed again so that they can die. */
static int kill_frozen(struct hk_cgroup *cgroup, struct hk_cgroup_dir *dir, struct hk_err *err)
{
	size_t seen;
	int r = signal_all(cgroup, SIGKILL, &seen, err);

	dir->version->thaw_all(dir);
	return r;
}

static int kill_all(struct hk_cgroup *cgroup, struct hk_err *err)
{
	struct hk_cgroup_dir *dir = freezer(cgroup), *v2 = hk_cgroup_find_v2(cgroup);
	bool killed = v2 && v2->version->kill(v2) == 0;
	size_t seen;
	int r;

	if (killed && cgroup->count == 1)
		return 0;
	/* Hybrid: whoever is in v1's directories alone was not met; who was, may be frozen there.
	 */
	if (killed) {
		r = signal_all(cgroup, SIGKILL, &seen, err);
		if (dir)
			dir->version->thaw_all(dir);
		return r;
	}
	if (dir && hk_cgroup_dir_fd(dir) >= 0 && dir->version->freeze(dir, true, NULL) == 0)
		return kill_frozen(cgroup, dir, err);
	r = kill_in_rounds(cgroup, err);
	if (dir)
		dir->version->thaw_all(dir);
	return r;
}

int hk_cgroup_kill(struct hk_cgroup *cgroup, int sig, struct hk_err *err)
{
	size_t seen;

	return sig == SIGKILL ? kill_all(cgroup, err) : signal_all(cgroup, sig, &seen, err);
}
