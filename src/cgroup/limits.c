/* Limits: which file of which hierarchy takes each setting, and writing them. */
#include "cgroup/group.h"
#include "cgroup/host.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* linux.resources in two halves; the cpu object holds what two controllers do. */
struct halves {
	struct hk_resources v1;
	struct hk_resources v2;
	struct hk_cpu cpu_v1;
	struct hk_cpu cpu_v2;
};

static void split_cpu(struct hk_cgroup *cgroup, const struct hk_cpu *cpu, struct halves *h)
{
	const struct hk_cpu sets = {.cpus = cpu->cpus, .mems = cpu->mems};
	bool cpu_v1 = hk_cgroup_find_v1(cgroup, "cpu"),
	     set_v1 = hk_cgroup_find_v1(cgroup, "cpuset");
	struct hk_cpu rest = *cpu;

	rest.cpus = rest.mems = NULL;
	h->cpu_v1 = cpu_v1 ? rest : (struct hk_cpu){0};
	h->cpu_v2 = cpu_v1 ? (struct hk_cpu){0} : rest;
	*(set_v1 ? &h->cpu_v1.cpus : &h->cpu_v2.cpus) = sets.cpus;
	*(set_v1 ? &h->cpu_v1.mems : &h->cpu_v2.mems) = sets.mems;
	h->v1.cpu = &h->cpu_v1;
	h->v2.cpu = &h->cpu_v2;
}

/* A controller is either on v1 or on v2: what has no v1 hierarchy goes to v2. */
static void split(struct hk_cgroup *cgroup, const struct hk_resources *resources, struct halves *h)
{
	struct hk_resources *v1 = &h->v1, *v2 = &h->v2;

	*v1 = *resources;
	*v2 = (struct hk_resources){.unified = resources->unified};
	v1->unified = (struct hk_pairs){0};
	if (resources->cpu)
		split_cpu(cgroup, resources->cpu, h);
	if (!hk_cgroup_find_v1(cgroup, "memory")) {
		v2->memory = v1->memory;
		v1->memory = NULL;
	}
	if (!hk_cgroup_find_v1(cgroup, "pids")) {
		v2->pids_limit = v1->pids_limit;
		v1->pids_limit.set = false;
	}
	if (!hk_cgroup_find_v1(cgroup, "blkio")) {
		v2->block_io = v1->block_io;
		v1->block_io = NULL;
	}
	if (!hk_cgroup_find_v1(cgroup, "hugetlb")) {
		v2->hugepage_limits = v1->hugepage_limits;
		v2->hugepage_limit_count = v1->hugepage_limit_count;
		v1->hugepage_limit_count = 0;
	}
	if (!hk_cgroup_find_v1(cgroup, "rdma")) {
		v2->rdma = v1->rdma;
		v2->rdma_count = v1->rdma_count;
		v1->rdma_count = 0;
	}
}

/* Every controller must be somewhere; on v2 that shows when the file is written. */
static int check_mounted(
	struct hk_cgroup *cgroup, const struct hk_cgroup_limits *limits, struct hk_err *err)
{
	const struct hk_cgroup_setting *missing = NULL;

	for (size_t i = 0; i < limits->v1_count && !missing; i++)
		if (!hk_cgroup_find_v1(cgroup, limits->v1[i].controller))
			missing = &limits->v1[i];
	if (!missing && limits->v2_count && !hk_cgroup_find_v2(cgroup))
		missing = &limits->v2[0];
	if (!missing)
		return 0;
	if (cgroup->count == 0)
		(void)hk_refuse(err, ENOTSUP, "the container has no cgroup of its own");
	else
		(void)hk_refuse(err, ENOTSUP, "cgroup controller %s is not mounted on this host",
			missing->controller ? missing->controller : "files of v2");
	(void)hk_err_at(err, "%s", missing->property);
	return -ENOTSUP;
}

int hk_cgroup_limits_convert(struct hk_cgroup *cgroup, const struct hk_resources *resources,
	struct hk_arena *arena, struct hk_cgroup_limits *ret, struct hk_err *err)
{
	struct hk_cgroup_limits limits = {0};
	struct halves h = {0};
	int r;

	if (!resources) {
		*ret = limits;
		return 0;
	}
	/* One version alone answers for everything, also for what it cannot do. */
	if (!hk_cgroup_find_v2(cgroup))
		h.v1 = *resources;
	else if (cgroup->count == 1)
		h.v2 = *resources;
	else
		split(cgroup, resources, &h);
	r = hk_cgroup_convert(&h.v1, false, arena, &limits.v1, &limits.v1_count, err);
	if (r == 0)
		r = hk_cgroup_convert(&h.v2, true, arena, &limits.v2, &limits.v2_count, err);
	if (r == 0)
		r = check_mounted(cgroup, &limits, err);
	if (r == 0)
		*ret = limits;
	return r;
}

static struct hk_cgroup_dir *dir_of(
	struct hk_cgroup *cgroup, const struct hk_cgroup_setting *s, bool v2)
{
	return v2 ? hk_cgroup_find_v2(cgroup) : hk_cgroup_find_v1(cgroup, s->controller);
}

static void list_writes(struct hk_cgroup *cgroup, const struct hk_cgroup_setting *settings,
	size_t count, bool v2, struct hk_cgroup_write *ret, size_t *n)
{
	for (size_t i = 0; i < count; i++) {
		const struct hk_cgroup_setting *s = &settings[i];

		if (!(s->flags & HK_SETTING_ELSE))
			ret[(*n)++] = (struct hk_cgroup_write){
				dir_of(cgroup, s, v2)->path, s->file, s->value, s->property};
	}
}

int hk_cgroup_writes(struct hk_cgroup *cgroup, const struct hk_resources *resources,
	struct hk_arena *arena, struct hk_cgroup_write **ret, size_t *ret_count, struct hk_err *err)
{
	struct hk_cgroup_limits limits;
	size_t n = 0;
	int r;

	r = hk_cgroup_limits_convert(cgroup, resources, arena, &limits, err);
	if (r < 0)
		return r;
	*ret = hk_arena_array(arena, limits.v1_count + limits.v2_count + 1, sizeof(**ret));
	if (!*ret)
		return hk_fail(err, ENOMEM, "list the limits");
	list_writes(cgroup, limits.v1, limits.v1_count, false, *ret, &n);
	list_writes(cgroup, limits.v2, limits.v2_count, true, *ret, &n);
	*ret_count = n;
	return 0;
}

static int write_setting(struct hk_cgroup_dir *dir, const struct hk_cgroup_setting *s)
{
	int fd = hk_cgroup_dir_fd(dir);

	return fd < 0 ? fd : hk_write_file_at(fd, s->file, s->value);
}

static bool is_idle(struct hk_cgroup_dir *dir, const char *file)
{
	char text[16];
	int fd = hk_cgroup_dir_fd(dir);

	return (strcmp(file, "cpu.shares") == 0 || strcmp(file, "cpu.weight") == 0) && fd >= 0 &&
	       hk_cgroup_read(fd, "cpu.idle", text, sizeof(text)) == 1 && text[0] == '1';
}

static int explain(
	struct hk_cgroup_dir *dir, const struct hk_cgroup_setting *s, int r, struct hk_err *err)
{
	char shown[128];

	if (r != -ENOENT || !hk_cgroup_explain_controller(dir, s, err))
		(void)hk_fail(err, -r, "write '%s' to %s of cgroup '%s'",
			hk_printable(s->value, shown, sizeof(shown)), s->file, dir->path);
	(void)hk_err_at(err, "%s", s->property);
	if (r == -EINVAL && is_idle(dir, s->file))
		hk_err_hint(err, "the container is idle and has no weight until cpu.idle is 0");
	if (r == -EBUSY && strcmp(s->file, "memory.limit_in_bytes") == 0)
		hk_err_hint(err, "the processes in it use more memory than the new limit");
	return r;
}

/* EINVAL may only mean "not before the other": a memory limit above the one of memory and swap, a
 * quota too large for the old period, a burst above the old quota. Such a value is written again
 * when the rest is there. */
static int apply(struct hk_cgroup *cgroup, const struct hk_cgroup_setting *settings, size_t count,
	bool v2, bool *again, struct hk_err *err)
{
	bool no_file = false;

	for (size_t i = 0; i < count; i++) {
		const struct hk_cgroup_setting *s = &settings[i];
		struct hk_cgroup_dir *dir = dir_of(cgroup, s, v2);
		int r;

		if ((s->flags & HK_SETTING_ELSE) && !no_file)
			continue;
		r = write_setting(dir, s);
		no_file = r == -ENOENT && (s->flags & HK_SETTING_OPTIONAL);
		again[i] = r == -EINVAL;
		if (r < 0 && !again[i] && !no_file)
			return explain(dir, s, r, err);
	}
	for (size_t i = 0; i < count; i++) {
		struct hk_cgroup_dir *dir = dir_of(cgroup, &settings[i], v2);
		int r = again[i] ? write_setting(dir, &settings[i]) : 0;

		if (r < 0)
			return explain(dir, &settings[i], r, err);
	}
	return 0;
}

int hk_cgroup_limits_apply(
	struct hk_cgroup *cgroup, const struct hk_cgroup_limits *limits, struct hk_err *err)
{
	size_t most = limits->v1_count > limits->v2_count ? limits->v1_count : limits->v2_count;
	HK_FREE bool *again = calloc(most + 1, sizeof(*again));
	int r;

	if (!again)
		return hk_fail(err, ENOMEM, "apply the resources");
	r = apply(cgroup, limits->v1, limits->v1_count, false, again, err);
	if (r == 0)
		r = apply(cgroup, limits->v2, limits->v2_count, true, again, err);
	return r;
}
