/* Names of units and the paths of their cgroups, as systemd makes the second from the first. */
#include "systemd/unit.h"

#include "base/err.h"
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define PREFIX	     "hako-"
#define SCOPE	     ".scope"
#define SLICE	     ".slice"
#define NAME_MAX_LEN 255 /* UNIT_NAME_MAX, and a directory's name */

static int refuse(struct hk_err *err, const char *cgroups_path, const char *why)
{
	char shown[160];

	(void)hk_refuse(err, EINVAL, "cgroup path '%s' %s",
		hk_printable(cgroups_path, shown, sizeof(shown)), why);
	hk_err_hint(err, "with the systemd cgroup manager it is SLICE:PREFIX:NAME, as "
			 "\"system.slice:hako:web\" for hako-web.scope in system.slice");
	return hk_err_at(err, "/linux/cgroupsPath");
}

static bool is_unit_char(char c)
{
	return isalnum((unsigned char)c) || strchr(":-_.\\", c);
}

/* At least one character before the suffix, and those that systemd takes. */
static bool is_unit_name(const char *name, const char *suffix)
{
	size_t len = strlen(name);

	if (len <= strlen(suffix) || len > NAME_MAX_LEN || !hk_ends_with(name, suffix))
		return false;
	for (; *name; name++)
		if (!is_unit_char(*name))
			return false;
	return true;
}

/* "-" separates a slice's name from its parent's: it stands neither first, last nor twice.
 * "-.slice" is the root. */
static bool is_slice_name(const char *name)
{
	size_t len = strlen(name);

	if (!is_unit_name(name, SLICE))
		return false;
	if (strcmp(name, "-" SLICE) == 0)
		return true;
	return name[0] != '-' && name[len - sizeof(SLICE)] != '-' && !strstr(name, "--");
}

/* cg_escape(): what the kernel, or a reader of /proc/PID/cgroup, would take for something else. */
static const char *escape(struct hk_arena *arena, const char *name)
{
	static const char *const taken[] = {
		"cpu.", "cpuacct.", "cpuset.", "io.", "blkio.", "memory.", "devices.", "pids."};
	bool escaped = name[0] == '_' || name[0] == '.' || hk_starts_with(name, "cgroup.");
	const char *suffix = strrchr(name, '.');

	for (size_t i = 0; i < HK_COUNT(taken); i++)
		if (hk_starts_with(name, taken[i]) && name + strlen(taken[i]) - 1 == suffix)
			escaped = true;
	return escaped ? hk_arena_printf(arena, "_%s", name) : name;
}

/* root + "/a.slice/a-b.slice" of "a-b.slice". NULL: memory is out. */
static const char *expand(struct hk_arena *arena, const char *root, const char *slice)
{
	size_t end = strlen(slice) - strlen(SLICE);
	const char *path = strcmp(root, "/") == 0 ? "" : root;

	if (strcmp(slice, "-" SLICE) == 0)
		return path;
	for (size_t len = 1; path && len <= end; len++) {
		const char *name;

		if (len < end && slice[len] != '-')
			continue;
		name = hk_arena_printf(arena, "%.*s" SLICE, (int)len, slice);
		name = name ? escape(arena, name) : NULL;
		path = name ? hk_arena_printf(arena, "%s/%s", path, name) : NULL;
	}
	return path;
}

/* "a-b.slice" is in "a.slice", "a.slice" in "-.slice". */
static const char *parent_of(struct hk_arena *arena, const char *slice)
{
	const char *dash = strrchr(slice, '-');

	return dash ? hk_arena_printf(arena, "%.*s" SLICE, (int)(dash - slice), slice) : "-" SLICE;
}

/* An id may hold '+', which no unit's name does: as systemd-escape(1) has it. */
static const char *default_name(struct hk_arena *arena, const char *id)
{
	struct hk_strbuf name = {0};
	const char *copy;

	hk_strbuf_puts(&name, PREFIX);
	for (; *id; id++) {
		if (is_unit_char(*id) && *id != '\\')
			hk_strbuf_putc(&name, *id);
		else
			hk_strbuf_printf(&name, "\\x%02x", (unsigned int)(unsigned char)*id);
	}
	hk_strbuf_puts(&name, SCOPE);
	copy = name.failed ? NULL : hk_arena_strdup(arena, name.text);
	hk_strbuf_done(&name);
	return copy;
}

/* The three parts; of what follows the second colon, all is NAME. */
static bool split(struct hk_arena *arena, const char *cgroups_path, const char *ret[3])
{
	const char *first = strchr(cgroups_path, ':');
	const char *second = first ? strchr(first + 1, ':') : NULL;

	if (!second)
		return false;
	ret[0] = hk_arena_strndup(arena, cgroups_path, (size_t)(first - cgroups_path));
	ret[1] = hk_arena_strndup(arena, first + 1, (size_t)(second - first - 1));
	ret[2] = second + 1;
	return true;
}

static int decide_slice(struct hk_unit *unit, const char *given, const char *cgroups_path,
	const char *root, struct hk_arena *arena, struct hk_err *err)
{
	unit->is_slice = true;
	if (!is_slice_name(unit->name) || strcmp(unit->name, "-" SLICE) == 0)
		return refuse(err, cgroups_path, "gives a slice an invalid name");
	unit->slice = parent_of(arena, unit->name);
	if (unit->slice && *given && strcmp(given, unit->slice) != 0)
		return refuse(err, cgroups_path, "puts a slice elsewhere than its own name says");
	unit->path = expand(arena, root, unit->name);
	return unit->slice && unit->path ? 0 : hk_fail(err, ENOMEM, "name the unit");
}

static int decide_scope(struct hk_unit *unit, const char *cgroups_path, const char *root,
	struct hk_arena *arena, struct hk_err *err)
{
	const char *above, *name;

	if (!is_slice_name(unit->slice))
		return refuse(err, cgroups_path, "names no slice before the first colon");
	if (!is_unit_name(unit->name, SCOPE))
		return refuse(err, cgroups_path,
			"gives no valid name for a unit: at most 255 letters, digits and ':-_.\\'");
	above = expand(arena, root, unit->slice);
	name = escape(arena, unit->name);
	unit->path = above && name ? hk_arena_printf(arena, "%s/%s", above, name) : NULL;
	return unit->path ? 0 : hk_fail(err, ENOMEM, "name the unit");
}

int hk_unit_decide(const char *cgroups_path, const char *id, const char *default_slice,
	const char *root, struct hk_arena *arena, struct hk_unit *ret, struct hk_err *err)
{
	const char *parts[3] = {"", "", ""};
	struct hk_unit unit = {0};
	int r;

	if (cgroups_path && *cgroups_path) {
		if (!split(arena, cgroups_path, parts))
			return refuse(err, cgroups_path, "has not the form SLICE:PREFIX:NAME");
		if (!parts[0] || !parts[1])
			return hk_fail(err, ENOMEM, "name the unit");
		if (!*parts[2])
			return refuse(err, cgroups_path, "has no name behind the second colon");
		if (hk_ends_with(parts[2], SLICE))
			unit.name = hk_arena_strdup(arena, parts[2]);
		else
			unit.name = hk_arena_printf(
				arena, "%s%s%s" SCOPE, parts[1], *parts[1] ? "-" : "", parts[2]);
	} else {
		cgroups_path = id;
		unit.name = default_name(arena, id);
	}
	unit.slice = *parts[0] ? parts[0] : default_slice;
	if (!unit.name)
		return hk_fail(err, ENOMEM, "name the unit");
	r = hk_ends_with(unit.name, SLICE)
		    ? decide_slice(&unit, parts[0], cgroups_path, root, arena, err)
		    : decide_scope(&unit, cgroups_path, root, arena, err);
	if (r == 0)
		*ret = unit;
	return r;
}

const char *hk_unit_below(const char *path, const char *name)
{
	size_t len = strlen(name);

	while ((path = strchr(path, '/'))) {
		path++;
		if (*path == '_' && strncmp(path + 1, name, len) == 0) /* see escape() */
			path++;
		if (strncmp(path, name, len) == 0 && (path[len] == '/' || !path[len]))
			return path + len;
	}
	return NULL;
}
