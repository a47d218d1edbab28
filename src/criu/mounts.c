/* Telling a container's own mounts from those of the host's things. */
#include "criu/mounts.h"

#include "base/err.h"
#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (const char *c = text; *c; c++)
		count += *c == '\n';
	return count;
}

int hk_mounts_parse(char *text, struct hk_arena *arena, struct hk_mounts *ret)
{
	struct hk_mounts mounts = {
		.items = hk_arena_array(arena, count_lines(text), sizeof(*mounts.items))};
	char *line;

	if (!mounts.items)
		return -ENOMEM;
	while ((line = strsep(&text, "\n")))
		if (hk_mountinfo_parse(line, &mounts.items[mounts.count]))
			mounts.count++;
	*ret = mounts;
	return 0;
}

int hk_mounts_read(pid_t pid, struct hk_arena *arena, struct hk_mounts *ret, struct hk_err *err)
{
	char path[48] = "/proc/self/mountinfo";
	HK_FREE char *text = NULL;
	char *copy;
	int r;

	if (pid)
		(void)snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	r = hk_read_file(path, &text);
	if (r < 0)
		return hk_fail(err, -r, "read '%s'", path);
	copy = hk_arena_strdup(arena, text);
	r = copy ? hk_mounts_parse(copy, arena, ret) : -ENOMEM;
	return r < 0 ? hk_fail(err, -r, "read '%s'", path) : 0;
}

bool hk_mount_has_flag(const struct hk_mountinfo *mount, const char *flag)
{
	const char *word = mount->flags;

	for (size_t len; *word; word += len + (word[len] == ',')) {
		len = strcspn(word, ",");
		if (len == strlen(flag) && strncmp(word, flag, len) == 0)
			return true;
	}
	return false;
}

static bool is_root(const struct hk_mountinfo *mount)
{
	return strcmp(mount->point, "/") == 0;
}

static bool same_device(const struct hk_mountinfo *a, const struct hk_mountinfo *b)
{
	return strcmp(a->device, b->device) == 0;
}

/* What the kernel mounts anew is the same file system again: there is one, or one for each
 * namespace. */
static bool is_single(const struct hk_mountinfo *mount)
{
	static const char *const types[] = {"proc", "sysfs", "mqueue", "debugfs", "tracefs",
		"securityfs", "fusectl", "pstore", "binfmt_misc"};

	for (size_t i = 0; i < HK_COUNT(types); i++)
		if (strcmp(mount->type, types[i]) == 0)
			return true;
	return false;
}

static bool is_hosts(const struct hk_mountinfo *mount, const struct hk_mounts *host)
{
	for (size_t i = 0; i < host->count; i++)
		if (same_device(mount, &host->items[i]))
			return true;
	return false;
}

/* Can criu bind it from a mount that it makes: of the whole file system, or of the root? */
static bool has_base(const struct hk_mountinfo *mount, const struct hk_mounts *container,
	const struct hk_mounts *host)
{
	bool fresh = is_single(mount) || !is_hosts(mount, host);

	for (size_t i = 0; i < container->count; i++) {
		const struct hk_mountinfo *base = &container->items[i];

		if (!same_device(mount, base))
			continue;
		if (is_root(base) ? hk_path_is_beneath(mount->root, base->root)
				  : fresh && strcmp(base->root, "/") == 0)
			return true;
	}
	return false;
}

/* The same path below a mount of the container and below what that shows: is it that mount's own
 * part? */
static bool is_own_part(const struct hk_mountinfo *mount, const struct hk_mountinfo *whole)
{
	size_t root = strcmp(whole->root, "/") == 0 ? 0 : strlen(whole->root);
	size_t point = strlen(whole->point);

	return hk_path_is_beneath(mount->root, whole->root) &&
	       hk_path_is_beneath(mount->point, whole->point) &&
	       strcmp(mount->root + root, mount->point + point) == 0;
}

/* What lies on a part of a mount from outside, to make it read-only, is bound from there. What
 * config.json mounts elsewhere is not: it has a source of its own. */
static bool is_part(const struct hk_mountinfo *mount, const struct hk_mounts *container)
{
	for (size_t i = 0; i < container->count; i++) {
		const struct hk_mountinfo *whole = &container->items[i];

		if (whole != mount && same_device(mount, whole) && !is_root(whole) &&
			strcmp(mount->root, whole->root) != 0 && is_own_part(mount, whole))
			return true;
	}
	return false;
}

static int check_point(const char *point, struct hk_err *err)
{
	if (!strpbrk(point, "]:\n"))
		return 0;
	return hk_refuse(err, EINVAL,
		"a mount of the host's files on '%s' cannot be checkpointed: criu does not take "
		"']', ':' and newline in its path",
		point);
}

int hk_mounts_external(const struct hk_mounts *container, const struct hk_mounts *host,
	struct hk_arena *arena, struct hk_strings *ret, struct hk_err *err)
{
	struct hk_strings points = {
		.items = hk_arena_array(arena, container->count + 1, sizeof(*points.items))};

	if (!points.items)
		return hk_fail(err, ENOMEM, "list the container's mounts");
	for (size_t i = 0; i < container->count; i++) {
		const struct hk_mountinfo *mount = &container->items[i];
		int r;

		if (is_root(mount) || has_base(mount, container, host) || is_part(mount, container))
			continue;
		r = check_point(mount->point, err);
		if (r < 0)
			return r;
		points.items[points.count++] = mount->point;
	}
	*ret = points;
	return 0;
}
