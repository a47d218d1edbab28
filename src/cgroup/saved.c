/* Undoing an update: the old contents of each file, as something that can be written to it. */
#include "cgroup/saved.h"

#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

#define FILE_MAX 65536 /* io.max has a line for each disk */

struct saved_file {
	struct hk_cgroup_dir *dir;
	const char *file;
	const char *value;
	bool again; /* not before the others */
};

struct hk_cgroup_saved {
	struct saved_file *files;
	size_t count;
};

/* Files of one line for each device: how one is taken back to nothing. */
static const struct {
	const char *file;
	const char *nothing;
} per_device[] = {
	{"io.max", "rbps=max wbps=max riops=max wiops=max"},
	{"io.weight", "default"},
	{"io.bfq.weight", "default"},
	{"io.latency", "target=0"},
	{"blkio.weight_device", "0"},
	{"blkio.bfq.weight_device", "0"},
	{"blkio.leaf_weight_device", "0"},
	{"blkio.throttle.read_bps_device", "0"},
	{"blkio.throttle.write_bps_device", "0"},
	{"blkio.throttle.read_iops_device", "0"},
	{"blkio.throttle.write_iops_device", "0"},
};

static const char *first_line(struct hk_arena *arena, const char *text)
{
	size_t len = strcspn(text, "\n");

	/* what clears a list of CPUs; no write at all would not */
	return len ? hk_arena_strndup(arena, text, len) : "\n";
}

/* The line that begins with the same word as value. */
static const char *line_of(struct hk_arena *arena, const char *text, const char *value)
{
	size_t key = strcspn(value, " ");

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (strncmp(text, value, key) == 0 && text[key] == ' ')
			return hk_arena_strndup(arena, text, len);
		text += len + (text[len] == '\n');
	}
	return NULL;
}

const char *hk_cgroup_old_value(
	const char *file, const char *text, const char *value, struct hk_arena *arena)
{
	size_t key = strcspn(value, " ");
	const char *line = value[key] ? line_of(arena, text, value) : NULL;

	if (line)
		return line;
	if (strcmp(file, "memory.oom_control") == 0)
		return hk_starts_with(text, "oom_kill_disable 1") ? "1" : "0";
	for (size_t i = 0; value[key] && i < HK_COUNT(per_device); i++)
		if (strcmp(file, per_device[i].file) == 0)
			return hk_arena_printf(
				arena, "%.*s %s", (int)key, value, per_device[i].nothing);
	return first_line(arena, text);
}

static int save_file(struct hk_cgroup_saved *saved, struct hk_cgroup_dir *dir, const char *file,
	const char *value, struct hk_arena *arena)
{
	int fd = hk_cgroup_dir_fd(dir);
	HK_FREE char *text = malloc(FILE_MAX);
	const char *old;

	if (!text)
		return -ENOMEM;
	if (fd < 0 || hk_cgroup_read(fd, file, text, FILE_MAX) < 0)
		return 0; /* then it cannot be written either */
	old = hk_cgroup_old_value(file, text, value, arena);
	if (!old)
		return -ENOMEM;
	saved->files[saved->count++] = (struct saved_file){.dir = dir, .file = file, .value = old};
	return 0;
}

static int save(struct hk_cgroup *cgroup, const struct hk_cgroup_setting *settings, size_t count,
	bool v2, struct hk_arena *arena, struct hk_cgroup_saved *saved)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct hk_cgroup_setting *s = &settings[i];
		struct hk_cgroup_dir *dir =
			v2 ? hk_cgroup_find_v2(cgroup) : hk_cgroup_find_v1(cgroup, s->controller);

		/* The kernel forgets the weight of a group that becomes idle. */
		if (strcmp(s->file, "cpu.idle") == 0)
			r = save_file(saved, dir, v2 ? "cpu.weight" : "cpu.shares", "", arena);
		if (r == 0)
			r = save_file(saved, dir, s->file, s->value, arena);
	}
	return r;
}

int hk_cgroup_save(struct hk_cgroup *cgroup, const struct hk_cgroup_limits *limits,
	struct hk_arena *arena, struct hk_cgroup_saved **ret)
{
	struct hk_cgroup_saved *saved = hk_arena_alloc(arena, sizeof(*saved));
	int r;

	if (!saved)
		return -ENOMEM;
	/* twice as many, for what is saved beside */
	saved->files = hk_arena_array(
		arena, 2 * (limits->v1_count + limits->v2_count) + 1, sizeof(*saved->files));
	if (!saved->files)
		return -ENOMEM;
	r = save(cgroup, limits->v1, limits->v1_count, false, arena, saved);
	if (r == 0)
		r = save(cgroup, limits->v2, limits->v2_count, true, arena, saved);
	if (r == 0)
		*ret = saved;
	return r;
}

/* Newest first. What another value stands in the way of is written once more. */
void hk_cgroup_restore(const struct hk_cgroup_saved *saved)
{
	for (size_t i = saved->count; i > 0; i--) {
		struct saved_file *f = &saved->files[i - 1];
		int fd = hk_cgroup_dir_fd(f->dir);

		f->again = fd < 0 || hk_write_file_at(fd, f->file, f->value) < 0;
	}
	for (size_t i = saved->count; i > 0; i--) {
		struct saved_file *f = &saved->files[i - 1];
		int fd = f->again ? hk_cgroup_dir_fd(f->dir) : -1;

		if (fd >= 0)
			(void)hk_write_file_at(fd, f->file, f->value); /* best effort */
	}
}
