/* The statistics of a container's cgroup: which hierarchy is asked for what. */
#include "cgroup/group.h"
#include "cgroup/stats_source.h"
#include "base/err.h"

#include <errno.h>

static void read_pids(struct hk_stats_source *source, struct hk_stats *ret)
{
	ret->pids.current = hk_source_number(source, "pids.current");
	ret->pids.limit = hk_source_number(source, "pids.max");
	if (ret->pids.limit == HK_STATS_UNLIMITED)
		ret->pids.limit = 0;
}

/* Beside v1 hierarchies as well: PSI is in every directory of v2. */
static void read_psi(struct hk_stats_source *source, struct hk_stats *ret)
{
	hk_source_psi(source, "cpu.pressure", &ret->cpu.psi);
	hk_source_psi(source, "memory.pressure", &ret->memory.psi);
	hk_source_psi(source, "io.pressure", &ret->blkio.psi);
}

/* v1 where it has the controller, else v2. */
static const struct reader {
	const char *controller;
	void (*v1)(struct hk_stats_source *source, struct hk_stats *ret);
	void (*v2)(struct hk_stats_source *source, struct hk_stats *ret);
} readers[] = {
	{"cpuacct", hk_stats_v1_usage, hk_stats_v2_usage},
	{"cpu", hk_stats_v1_throttling, hk_stats_v2_throttling},
	{"cpuset", hk_stats_v1_cpuset, hk_stats_v2_cpuset},
	{"memory", hk_stats_v1_memory, hk_stats_v2_memory},
	{"pids", read_pids, read_pids},
	{"blkio", hk_stats_v1_blkio, hk_stats_v2_io},
	{"hugetlb", hk_stats_v1_hugetlb, hk_stats_v2_hugetlb},
	{NULL, NULL, read_psi},
};

static int read_one(struct hk_cgroup *cgroup, const struct reader *reader, struct hk_arena *arena,
	struct hk_stats *ret, struct hk_err *err)
{
	struct hk_cgroup_dir *v1 = hk_cgroup_find_v1(cgroup, reader->controller);
	struct hk_cgroup_dir *dir = v1 ? v1 : hk_cgroup_find_v2(cgroup);
	struct hk_stats_source source = {.arena = arena};

	if (!dir)
		return 0;
	source.dir = hk_cgroup_dir_fd(dir);
	if (source.dir < 0)
		return hk_fail(err, -source.dir, "open cgroup '%s'", dir->path);
	if (v1)
		reader->v1(&source, ret);
	else
		reader->v2(&source, ret);
	if (source.r == -ENODEV) /* a directory that is open and removed */
		source.r = -ENOENT;
	if (source.r < 0)
		return hk_fail(err, -source.r, "read %s of cgroup '%s'", source.file, dir->path);
	return 0;
}

/* Where no pids controller counts, the processes can be counted. */
static int count_processes(struct hk_cgroup *cgroup, struct hk_stats *ret, struct hk_err *err)
{
	HK_FREE pid_t *pids = NULL;
	size_t count = 0;
	int r = hk_cgroup_pids(cgroup, &pids, &count, err);

	if (r == 0)
		ret->pids.current = count;
	return r;
}

int hk_cgroup_stats(
	struct hk_cgroup *cgroup, struct hk_arena *arena, struct hk_stats *ret, struct hk_err *err)
{
	struct hk_stats stats = {0};

	if (cgroup->count == 0)
		return hk_refuse(err, ENOENT, "the container has no cgroup of its own");
	for (size_t i = 0; i < HK_COUNT(readers); i++) {
		int r = read_one(cgroup, &readers[i], arena, &stats, err);

		if (r < 0)
			return r;
	}
	if (stats.pids.current == 0) {
		int r = count_processes(cgroup, &stats, err);

		if (r < 0)
			return r;
	}
	*ret = stats;
	return 0;
}
