/* A container's stdio, which is not the container's own: criu has to be told what it was, and given
 * others in its place. */
#include "criu/image.h"
#include "criu/mounts.h"

#include "base/err.h"
#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The id of the mount that an open file is on, from /proc/PID/fdinfo. */
static int read_mount_id(pid_t pid, int fd, uint32_t *ret)
{
	HK_FREE char *text = NULL;
	char path[48], *rest, *line;
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	r = hk_read_file(path, &text);
	rest = text;
	while (r == 0 && (line = strsep(&rest, "\n")))
		if (hk_starts_with(line, "mnt_id:\t"))
			return hk_parse_u32(line + strlen("mnt_id:\t"), ret);
	return r < 0 ? r : -EINVAL;
}

static bool has_mount(const struct hk_mounts *mounts, uint32_t id)
{
	uint32_t one;

	for (size_t i = 0; i < mounts->count; i++)
		if (hk_parse_u32(mounts->items[i].id, &one) == 0 && one == id)
			return true;
	return false;
}

/* The key of a regular file or a device, a terminal, of the host's; NULL in *ret: it is something
 * else, or the container's own. */
static int find_key(pid_t pid, int fd, const char *link, const struct hk_mounts *mounts,
	struct hk_arena *arena, const char **ret)
{
	uint32_t mount = 0;
	struct stat st;
	int r;

	*ret = NULL;
	if (stat(link, &st) < 0)
		return errno == ENOENT ? 0 : -errno; /* a socket: not to be opened */
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		return 0;
	r = read_mount_id(pid, fd, &mount);
	if (r < 0 || has_mount(mounts, mount))
		return r;
	if (S_ISREG(st.st_mode))
		*ret = hk_arena_printf(
			arena, "file[%" PRIx32 ":%" PRIx64 "]", mount, (uint64_t)st.st_ino);
	else
		*ret = hk_arena_printf(
			arena, "tty[%x:%x]", (unsigned int)st.st_rdev, (unsigned int)st.st_dev);
	return *ret ? 0 : -ENOMEM;
}

static int describe(pid_t pid, int fd, const struct hk_mounts *mounts, struct hk_arena *arena,
	const char **ret, const char **ret_key)
{
	char link[48], target[PATH_MAX];
	ssize_t n;
	int r;

	*ret_key = NULL;
	(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, fd);
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0 && errno != ENOENT)
		return -errno;
	target[n < 0 ? 0 : n] = '\0';
	r = n < 0 ? 0 : find_key(pid, fd, link, mounts, arena, ret_key);
	if (r < 0)
		return r;
	*ret = *ret_key ? *ret_key : hk_arena_strdup(arena, target);
	return *ret ? 0 : -ENOMEM;
}

int hk_stdio_describe(pid_t pid, const struct hk_mounts *mounts, struct hk_arena *arena,
	struct hk_strings *ret, struct hk_strings *ret_external, struct hk_err *err)
{
	const size_t count = 3;
	const char *key;

	ret->items = hk_arena_array(arena, count, sizeof(*ret->items));
	ret_external->items = hk_arena_array(arena, count, sizeof(*ret_external->items));
	if (!ret->items || !ret_external->items)
		return hk_fail(err, ENOMEM, "look at the container's stdio");
	for (size_t i = 0; i < count; i++) {
		int r = describe(pid, (int)i, mounts, arena, &ret->items[i], &key);

		if (r < 0)
			return hk_fail(err, -r, "look at the container's stdio");
		if (key)
			ret_external->items[ret_external->count++] = key;
		ret->count++;
	}
	return 0;
}

static bool skip(const char **text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*text, prefix, len) != 0)
		return false;
	*text += len;
	return true;
}

static bool skip_digits(const char **text, const char *digits)
{
	size_t len = strspn(*text, digits);

	*text += len;
	return len > 0 && len <= 20;
}

bool hk_stdio_is_terminal(const char *key)
{
	return hk_starts_with(key, "tty[");
}

bool hk_stdio_is_key(const char *text)
{
	const char *hex = "0123456789abcdef";

	if (skip(&text, "pipe:["))
		return skip_digits(&text, "0123456789") && strcmp(text, "]") == 0;
	if (!skip(&text, "file[") && !skip(&text, "tty["))
		return false;
	return skip_digits(&text, hex) && skip(&text, ":") && skip_digits(&text, hex) &&
	       strcmp(text, "]") == 0;
}
