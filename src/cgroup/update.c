/* Changing the limits of a container that runs. */
#include "cgroup/saved.h"
#include "base/err.h"
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* The first word of a v2 file that holds a number or "max" (-1). -ENOENT, -EBADMSG. */
static int read_number(struct hk_cgroup_dir *dir, const char *file, int64_t *ret)
{
	char text[64];
	int fd = hk_cgroup_dir_fd(dir);
	ssize_t n = fd < 0 ? fd : hk_cgroup_read(fd, file, text, sizeof(text));

	if (n < 0)
		return (int)n;
	text[strcspn(text, " ")] = '\0';
	if (strcmp(text, "max") == 0) {
		*ret = -1;
		return 0;
	}
	return hk_parse_i64(text, ret) < 0 ? -EBADMSG : 0;
}

/* cpu.max takes quota and period together: a period alone keeps the quota in force. */
static int keep_quota(struct hk_cgroup_dir *dir, struct hk_cpu *cpu)
{
	int64_t quota = 0;
	int r;

	if (!cpu->period.set || cpu->period.value == 0 || (cpu->quota.set && cpu->quota.value != 0))
		return 0;
	r = read_number(dir, "cpu.max", &quota);
	if (r == 0)
		cpu->quota = (struct hk_opt_i64){.set = true, .value = quota};
	return r == -ENOENT ? 0 : r; /* the write says it better */
}

/* memory.swap.max is what config.json's sum leaves: it needs the limit in force. */
static int keep_limit(struct hk_cgroup_dir *dir, struct hk_memory *memory)
{
	int64_t limit = 0;
	int r;

	if (!memory->swap.set || memory->swap.value <= 0 ||
		(memory->limit.set && memory->limit.value != 0))
		return 0;
	r = read_number(dir, "memory.max", &limit);
	if (r == 0)
		memory->limit = (struct hk_opt_i64){.set = true, .value = limit};
	return r == -ENOENT ? 0 : r;
}

static int check_usage(
	struct hk_cgroup *cgroup, const struct hk_resources *resources, struct hk_err *err)
{
	struct hk_cgroup_dir *dir = hk_cgroup_find_v2(cgroup);
	const struct hk_memory *memory = resources->memory;
	int64_t usage = 0;

	if (!dir || hk_cgroup_find_v1(cgroup, "memory"))
		return 0;
	if (!memory || !memory->check_before_update || !memory->limit.set ||
		memory->limit.value <= 0)
		return 0;
	if (read_number(dir, "memory.current", &usage) < 0 || usage <= memory->limit.value)
		return 0;
	(void)hk_refuse(err, EBUSY,
		"memory limit %" PRId64 " is below the current usage of %" PRId64 " bytes",
		memory->limit.value, usage);
	(void)hk_err_at(err, "/linux/resources/memory/limit");
	return -EBUSY;
}

static int update_v2(struct hk_cgroup *cgroup, struct hk_cgroup_dir *dir,
	struct hk_resources *resources, struct hk_err *err)
{
	int r = 0;

	if (resources->cpu && !hk_cgroup_find_v1(cgroup, "cpu"))
		r = keep_quota(dir, resources->cpu);
	if (r == 0 && resources->memory && !hk_cgroup_find_v1(cgroup, "memory"))
		r = keep_limit(dir, resources->memory);
	if (r < 0)
		return hk_fail(err, -r, "read the limits of cgroup '%s'", dir->path);
	return check_usage(cgroup, resources, err);
}

static bool is_gone(struct hk_cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->count; i++)
		if (hk_cgroup_dir_fd(&cgroup->dirs[i]) != -ENOENT)
			return false;
	return true;
}

/* Copies of what update_v2 completes. */
struct whole {
	struct hk_resources resources;
	struct hk_memory memory;
	struct hk_cpu cpu;
};

static void copy(const struct hk_resources *resources, struct whole *ret)
{
	ret->resources = *resources;
	if (resources->memory) {
		ret->memory = *resources->memory;
		ret->resources.memory = &ret->memory;
	}
	if (resources->cpu) {
		ret->cpu = *resources->cpu;
		ret->resources.cpu = &ret->cpu;
	}
}

/* All in one arena. */
struct hk_cgroup_change {
	struct hk_cgroup *cgroup;
	struct whole whole;
	struct hk_cgroup_limits limits;
	struct hk_cgroup_saved *saved;
};

static int prepare(struct hk_cgroup_change *change, const struct hk_resources *resources,
	struct hk_arena *arena, struct hk_err *err)
{
	struct hk_cgroup *cgroup = change->cgroup;
	const struct hk_cgroup_limits *limits = &change->limits;
	struct hk_cgroup_dir *v2 = hk_cgroup_find_v2(cgroup);
	struct hk_resources *whole = &change->whole.resources;
	int r = 0;

	copy(resources, &change->whole);
	if (v2)
		r = update_v2(cgroup, v2, whole, err);
	if (r == 0)
		r = hk_cgroup_limits_convert(cgroup, whole, arena, &change->limits, err);
	if (r < 0)
		return r;
	if (is_gone(cgroup) && limits->v1_count + limits->v2_count > 0)
		return hk_refuse(err, ENOENT, "the container has no cgroup to update");
	r = hk_cgroup_save(cgroup, limits, arena, &change->saved);
	return r < 0 ? hk_fail(err, -r, "read the limits in force") : 0;
}

int hk_cgroup_change_prepare(struct hk_cgroup *cgroup, const struct hk_resources *resources,
	struct hk_arena *arena, struct hk_cgroup_change **ret, struct hk_err *err)
{
	struct hk_cgroup_change *change = hk_arena_array(arena, 1, sizeof(*change));
	int r;

	if (!change)
		return hk_fail(err, ENOMEM, "change the limits");
	change->cgroup = cgroup;
	r = prepare(change, resources, arena, err);
	if (r == 0)
		*ret = change;
	return r;
}

int hk_cgroup_change_apply(struct hk_cgroup_change *change, struct hk_err *err)
{
	int r = hk_cgroup_limits_apply(change->cgroup, &change->limits, err);

	if (r < 0)
		hk_cgroup_change_undo(change);
	return r;
}

void hk_cgroup_change_undo(const struct hk_cgroup_change *change)
{
	hk_cgroup_restore(change->saved);
}
