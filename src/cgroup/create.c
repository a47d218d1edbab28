/* Making a container's cgroup, all of it or nothing. */
#include "cgroup/devices.h"
#include "cgroup/group.h"
#include "base/err.h"
#include "base/fd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_permission(int r)
{
	return r == -EACCES || r == -EPERM || r == -EROFS;
}

/* "cpu io " from the settings: on a hybrid host only these are handed down on v2, for v1 cannot
 * mount a controller that v2 uses. */
static int wanted_controllers(const struct hk_cgroup_limits *limits, char *ret, size_t cap)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < limits->v2_count; i++) {
		const char *name = limits->v2[i].controller;
		size_t len = name ? strlen(name) : 0;

		if (!name || (i > 0 && limits->v2[i - 1].controller &&
				     strcmp(name, limits->v2[i - 1].controller) == 0))
			continue;
		if (used + len + 2 > cap)
			return -ENOSPC;
		memcpy(ret + used, name, len);
		used += len;
		ret[used++] = ' ';
		ret[used] = '\0';
	}
	return 0;
}

static int move_into(struct hk_cgroup_dir *dir, pid_t pid, struct hk_err *err)
{
	int r, fd = hk_cgroup_dir_fd(dir);
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	r = fd < 0 ? fd : hk_write_file_at(fd, "cgroup.procs", text);
	return r < 0 ? hk_fail(err, -r, "move a process into cgroup '%s'", dir->path) : 0;
}

static int make_dir(struct hk_cgroup *cgroup, struct hk_cgroup_dir *dir,
	const struct hk_cgroup_request *request, const struct hk_cgroup_limits *limits,
	struct hk_err *err)
{
	bool pure_v2 = cgroup->count == 1 && hk_cgroup_dir_is_v2(dir);
	char wanted[512];
	int r = hk_cgroup_dir_make(dir, err);

	if (r == 0 && dir->existed) /* in the unit's there is who keeps it */
		r = request->unit_path ? hk_cgroup_dir_check_thawed(dir, err)
				       : hk_cgroup_dir_check_unused(dir, err);
	/* out of the unit's own cgroup, which can hand its controllers down then */
	if (r == 0 && request->holder && pure_v2)
		r = move_into(dir, request->holder, err);
	if (r < 0)
		return r;
	if (wanted_controllers(limits, wanted, sizeof(wanted)) < 0)
		return hk_refuse(err, E2BIG, "too many cgroup controllers");
	return dir->version->prepare(dir, pure_v2 ? NULL : wanted, err);
}

static bool is_there(const struct hk_cgroup_dir *dir, const char *unit_path)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s%s", dir->mountpoint, unit_path);
	return access(path, F_OK) == 0;
}

/* Has systemd made the unit's cgroup, in one of the two hierarchies that it may know its units by?
 * Where it has another place for the unit, what is made here would be in none. */
static int check_unit(
	struct hk_cgroup *cgroup, const struct hk_cgroup_request *request, struct hk_err *err)
{
	const struct hk_cgroup_dir *v2 = hk_cgroup_find_v2(cgroup);
	const struct hk_cgroup_dir *v1 = hk_cgroup_find_v1(cgroup, "name=systemd");

	if (!request->unit_path || (v2 && is_there(v2, request->unit_path)) ||
		(v1 && is_there(v1, request->unit_path)))
		return 0;
	(void)hk_refuse(err, ENOENT, "the unit that systemd has started has no cgroup '%s'",
		request->unit_path);
	hk_err_hint(err,
		"is it moved by an annotation, org.systemd.property.Slice? Its slice is the "
		"first part of linux.cgroupsPath");
	(void)hk_err_at(err, "/linux/cgroupsPath");
	return -ENOENT;
}

static int make_all(struct hk_cgroup *cgroup, const struct hk_cgroup_request *request,
	const struct hk_cgroup_limits *limits, struct hk_err *err)
{
	for (size_t i = 0; i < cgroup->count; i++) {
		int r = make_dir(cgroup, &cgroup->dirs[i], request, limits, err);

		if (r < 0) {
			hk_cgroup_explain_unmade(request, limits, r, err);
			return r;
		}
	}
	return 0;
}

static bool only_allows_all(const struct hk_device_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!rules[i].allow || rules[i].type != 'a' || !rules[i].read || !rules[i].write ||
			!rules[i].mknod)
			return false;
	return true;
}

static int apply_devices(
	struct hk_cgroup *cgroup, const struct hk_cgroup_request *request, struct hk_err *err)
{
	struct hk_cgroup_dir *dir = hk_cgroup_find_v1(cgroup, "devices");
	const struct hk_resources *resources = request->resources;
	struct hk_arena arena = {0};
	struct hk_device_rule *rules;
	size_t count;
	int r;

	if (!dir)
		dir = hk_cgroup_find_v2(cgroup);
	if (!dir) {
		/* Nothing to enforce with. That is an error only where enforcing was asked for. */
		if (!resources || request->rootless || cgroup->count == 0 ||
			only_allows_all(resources->devices, resources->device_count))
			return 0;
		(void)hk_refuse(
			err, ENOTSUP, "cgroup controller devices is not mounted on this host");
		(void)hk_err_at(err, "/linux/resources/devices");
		return -ENOTSUP;
	}
	r = hk_cgroup_device_rules(resources, &arena, &rules, &count);
	if (r < 0)
		(void)hk_fail(err, -r, "compile the device rules");
	else
		r = dir->version->devices(dir, rules, count, err);
	hk_arena_done(&arena);
	/* Without privileges no device can be made or reached that these rules would deny. */
	if (is_permission(r) && request->rootless)
		return 0;
	if (r < 0 && err && !err->property[0])
		(void)hk_err_at(err, "/linux/resources/devices");
	return r;
}

static int delegate(
	struct hk_cgroup *cgroup, const struct hk_cgroup_request *request, struct hk_err *err)
{
	struct hk_cgroup_dir *dir = hk_cgroup_find_v2(cgroup);
	int r;

	/* with a leaf the container's own cgroup, and its limits, stay the runtime's */
	if (dir && dir->leaf) {
		r = dir->version->make_leaf(dir, request->leaf_uid, err);
		return r < 0 ? hk_err_at(err, HK_CGROUP_LEAF_PROPERTY) : 0;
	}
	if (!request->own_namespaces_writable || !dir || cgroup->count != 1)
		return 0;
	r = dir->version->delegate(dir, request->owner_uid, err);
	/* An ordinary user can give nothing away, and the specification only allows it. */
	return is_permission(r) && request->rootless ? 0 : r;
}

static int fill(struct hk_cgroup *cgroup, const struct hk_cgroup_request *request,
	const struct hk_cgroup_limits *limits, struct hk_err *err)
{
	struct hk_cgroup_dir *v2;
	int r;

	r = check_unit(cgroup, request, err);
	if (r == 0)
		r = make_all(cgroup, request, limits, err);
	if (r == 0)
		r = hk_cgroup_limits_apply(cgroup, limits, err);
	if (r == 0)
		r = apply_devices(cgroup, request, err);
	if (r == 0)
		r = delegate(cgroup, request, err);
	if (r < 0)
		return r;
	v2 = hk_cgroup_find_v2(cgroup);
	r = v2 ? hk_cgroup_dir_fd(v2) : 0;
	return r < 0 ? hk_fail(err, -r, "open cgroup '%s'", v2->path) : 0;
}

int hk_cgroup_create(
	struct hk_cgroup *cgroup, const struct hk_cgroup_request *request, struct hk_err *err)
{
	struct hk_cgroup_limits limits;
	struct hk_arena arena = {0};
	int r;

	if (request->manager == HK_CGROUP_MANAGER_DISABLED)
		return 0;
	r = hk_cgroup_limits_convert(cgroup, request->resources, &arena, &limits, err);
	if (r == 0)
		r = fill(cgroup, request, &limits, err);
	for (size_t i = cgroup->count; r < 0 && i > 0; i--)
		hk_cgroup_dir_unmake(&cgroup->dirs[i - 1]);
	hk_arena_done(&arena);
	return r;
}

int hk_cgroup_track(struct hk_cgroup *cgroup, pid_t pid, struct hk_err *err)
{
	struct hk_cgroup_dir *dir = hk_cgroup_find_v1(cgroup, "name=systemd");
	const struct hk_cgroup_dir *v2 = hk_cgroup_find_v2(cgroup);

	/* who else has mounted v2 beside v1, has no unit in it: we had to make its directory */
	return dir && !(v2 && v2->existed) ? move_into(dir, pid, err) : 0;
}
