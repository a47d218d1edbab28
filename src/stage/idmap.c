/* uid_map, gid_map and setgroups of a process that has just made its user namespace. */
#include "stage/stage.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct map_kind {
	const char *file;
	const char *helper;
	const char *subordinate;
	const char *property;
};

static const struct map_kind uid_kind = {
	"uid_map", "newuidmap", "/etc/subuid", "/linux/uidMappings"};
static const struct map_kind gid_kind = {
	"gid_map", "newgidmap", "/etc/subgid", "/linux/gidMappings"};

/* The kernel takes all lines in one write, and takes one write only. */
static char *map_text(const struct hk_id_maps *maps)
{
	struct hk_strbuf text = {0};

	for (size_t i = 0; i < maps->count; i++)
		hk_strbuf_printf(&text, "%u %u %u\n", maps->items[i].container_id,
			maps->items[i].host_id, maps->items[i].size);
	return hk_strbuf_take(&text);
}

static int write_proc(pid_t pid, const char *file, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return hk_write_file_at(-1, path, text);
}

/* {helper, pid, container, host, size, ...}: numbers lie behind the pointers in one block. */
static char **helper_argv(const char *helper, pid_t pid, const struct hk_id_maps *maps)
{
	enum { DIGITS = 12 };
	size_t count = 2 + 3 * maps->count;
	char **argv = calloc(1, (count + 1) * sizeof(*argv) + count * DIGITS);
	char *text;

	if (!argv)
		return NULL;
	text = (char *)(argv + count + 1);
	argv[0] = (char *)helper;
	for (size_t i = 1; i < count; i++)
		argv[i] = text + i * DIGITS;
	(void)snprintf(argv[1], DIGITS, "%d", (int)pid);
	for (size_t i = 0; i < maps->count; i++) {
		(void)snprintf(argv[2 + 3 * i], DIGITS, "%u", maps->items[i].container_id);
		(void)snprintf(argv[3 + 3 * i], DIGITS, "%u", maps->items[i].host_id);
		(void)snprintf(argv[4 + 3 * i], DIGITS, "%u", maps->items[i].size);
	}
	return argv;
}

/* Never by PATH: the helper is setuid root, and PATH is the caller's. */
const char *hk_idmap_find_helper(const char *name, char *ret, size_t cap)
{
	static const char *const dirs[] = {
		"/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin", "/sbin"};

	for (size_t i = 0; i < HK_COUNT(dirs); i++) {
		(void)snprintf(ret, cap, "%s/%s", dirs[i], name);
		if (access(ret, X_OK) == 0)
			return ret;
	}
	return NULL;
}

const char *hk_idmap_missing_helper(void)
{
	char path[64];

	if (!hk_idmap_find_helper(uid_kind.helper, path, sizeof(path)))
		return uid_kind.helper;
	return hk_idmap_find_helper(gid_kind.helper, path, sizeof(path)) ? NULL : gid_kind.helper;
}

static int run_helper(
	const struct map_kind *kind, pid_t pid, const struct hk_id_maps *maps, struct hk_err *err)
{
	HK_FREE char **argv = helper_argv(kind->helper, pid, maps);
	struct hk_child_result result;
	char buf[64], why[640];
	const char *path = hk_idmap_find_helper(kind->helper, buf, sizeof(buf));
	struct hk_child child = {.path = path, .argv = argv};
	int r;

	if (!argv)
		return hk_fail(err, ENOMEM, "write %s", kind->file);
	if (!path) {
		(void)hk_fail(err, EPERM, "write %s of the user namespace", kind->file);
		hk_err_hint(err,
			"without privileges more than one's own id is mapped by %s, which is "
			"not installed (package uidmap or shadow)",
			kind->helper);
		return -EPERM;
	}
	r = hk_child_run(&child, &result, err);
	if (r < 0)
		return r;
	if (WIFEXITED(result.status) && WEXITSTATUS(result.status) == 0)
		return 0;
	(void)hk_refuse(
		err, EPERM, "%s: %s", path, hk_child_describe(&result, 0, why, sizeof(why)));
	hk_err_hint(err, "the host ids must be the user's own or in %s", kind->subordinate);
	return -EPERM;
}

/* May this map be written without any privilege, once setgroups is given up? */
static bool is_own_group(const struct hk_id_maps *gids)
{
	return gids->count == 1 && gids->items[0].size == 1 && gids->items[0].host_id == getegid();
}

static int write_text(const struct map_kind *kind, pid_t pid, const struct hk_id_maps *maps,
	const char *text, struct hk_err *err)
{
	int r = write_proc(pid, kind->file, text);

	if (r == -EPERM && kind == &gid_kind && is_own_group(maps)) {
		/* Linux 3.19: otherwise a group that takes access away could be dropped */
		r = write_proc(pid, "setgroups", "deny");
		if (r < 0)
			return hk_fail(err, -r, "deny setgroups in the user namespace");
		r = write_proc(pid, kind->file, text);
	}
	if (r == -EPERM)
		return run_helper(kind, pid, maps, err);
	if (r == 0)
		return 0;
	(void)hk_fail(err, -r, "write %s of the user namespace", kind->file);
	if (r == -EINVAL && (long)strlen(text) >= sysconf(_SC_PAGESIZE))
		hk_err_hint(err, "the kernel takes less than a page of text: use fewer or shorter "
				 "mappings");
	return r;
}

static int write_map(
	const struct map_kind *kind, pid_t pid, const struct hk_id_maps *maps, struct hk_err *err)
{
	HK_FREE char *text = map_text(maps);
	int r;

	if (!text)
		return hk_fail(err, ENOMEM, "write %s", kind->file);
	r = write_text(kind, pid, maps, text, err);
	if (r < 0)
		(void)hk_err_at(err, "%s", kind->property);
	return r;
}

int hk_idmap_write(
	pid_t pid, const struct hk_id_maps *uids, const struct hk_id_maps *gids, struct hk_err *err)
{
	int r = write_map(&uid_kind, pid, uids, err);

	return r < 0 ? r : write_map(&gid_kind, pid, gids, err);
}
