/* Starting, changing and stopping the unit that a container's cgroup is. */
#include "systemd/scope.h"

#include "base/err.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

int hk_scope_properties(const struct hk_scope_request *request, pid_t pid, unsigned int version,
	struct hk_unit_properties *ret, struct hk_err *err)
{
	int r;

	hk_unit_put_base(ret, request->unit, request->id, request->v2, pid);
	hk_unit_put_limits(ret, request->writes, request->write_count, version);
	if (!request->v2)
		hk_unit_put_devices(ret, request->devices, request->device_count);
	r = hk_unit_put_annotations(ret, request->annotations, err);
	if (r == 0 && ret->failed)
		r = hk_fail(err, ENOMEM, "list the properties of the unit");
	return r;
}

/* 0: it does not count, or it is the oldest. */
static int find_version(struct hk_bus *bus, const struct hk_cgroup_write *writes, size_t count,
	struct hk_arena *arena, unsigned int *ret, struct hk_err *err)
{
	const char *text;
	int r;

	*ret = 0;
	if (!hk_unit_limits_need_version(writes, count))
		return 0;
	r = hk_bus_get(bus, "Version", arena, &text, err);
	if (r == 0)
		*ret = hk_unit_version(text);
	return r;
}

/* A value of another type than the property has makes systemd complain of the message alone; ours
 * are of the right one. */
static void locate_type(const struct hk_unit_properties *list, struct hk_err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *property = list->items[i].property;

		if (!property || !hk_starts_with(property, "/annotations/"))
			continue;
		(void)hk_err_at(err, "%s", err->property[0] ? "/annotations" : property);
		hk_err_hint(err, "is it of the property's type? `busctl introspect "
				 "org.freedesktop.systemd1 UNIT` shows which that is");
	}
}

/* systemd says "Cannot set property Abc, or unknown property.", or what is wrong with the value of
 * Abc. */
static void locate(const struct hk_unit_properties *list, struct hk_err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct hk_unit_property *p = &list->items[i];

		if (p->property && strstr(err->message, p->name)) {
			(void)hk_err_at(err, "%s", p->property);
			return;
		}
	}
	if (strstr(err->message, "message contents"))
		locate_type(list, err);
}

static int start(struct hk_bus *bus, const struct hk_unit *unit,
	const struct hk_unit_properties *list, struct hk_err *err)
{
	int r = hk_bus_start_unit(bus, unit->name, list, err);

	/* one that has failed, of somebody who does not have it collected */
	if (r == -EEXIST && hk_bus_reset_failed_unit(bus, unit->name, NULL) == 0)
		r = hk_bus_start_unit(bus, unit->name, list, err);
	if (r == -EEXIST) {
		(void)hk_err_at(err, "/linux/cgroupsPath");
		hk_err_hint(err,
			"`systemctl status %s` shows whose it is; another linux.cgroupsPath gives "
			"the container's another name",
			unit->name);
	}
	return r;
}

int hk_scope_list(struct hk_bus *bus, const struct hk_scope_request *request, pid_t pid,
	struct hk_unit_properties *ret, struct hk_err *err)
{
	unsigned int version;
	int r = find_version(bus, request->writes, request->write_count, ret->arena, &version, err);

	return r < 0 ? r : hk_scope_properties(request, pid, version, ret, err);
}

int hk_scope_start(struct hk_bus *bus, const struct hk_scope_request *request, pid_t pid,
	struct hk_arena *arena, struct hk_err *err)
{
	struct hk_unit_properties list = {.arena = arena};
	struct hk_err ours = {0};
	int r;

	if (!err)
		err = &ours;
	r = hk_scope_list(bus, request, pid, &list, err);
	if (r < 0)
		return r;
	r = start(bus, request->unit, &list, err);
	if (r < 0 && !err->property[0])
		locate(&list, err);
	return r;
}

int hk_scope_change(struct hk_bus *bus, const char *unit, const struct hk_cgroup_write *before,
	size_t before_count, const struct hk_cgroup_write *after, size_t after_count,
	struct hk_arena *arena, struct hk_err *err)
{
	struct hk_unit_properties old = {.arena = arena}, new = {.arena = arena};
	struct hk_unit_properties difference = {.arena = arena};
	unsigned int version;
	int r;

	r = find_version(bus, before, before_count, arena, &version, err);
	if (r == 0 && version == 0)
		r = find_version(bus, after, after_count, arena, &version, err);
	if (r < 0)
		return r;
	hk_unit_put_limits(&old, before, before_count, version);
	hk_unit_put_limits(&new, after, after_count, version);
	hk_unit_put_difference(&difference, &old, &new);
	if (old.failed || new.failed || difference.failed)
		return hk_fail(err, ENOMEM, "list the properties of the unit");
	if (difference.count == 0)
		return 0;
	r = hk_bus_set_properties(bus, unit, &difference, err);
	if (r < 0 && err)
		locate(&difference, err);
	return r;
}

int hk_scope_attach(
	struct hk_bus *bus, const char *unit, const char *path, pid_t pid, struct hk_err *err)
{
	const char *below = hk_unit_below(path, unit);

	if (!below)
		return hk_refuse(err, EXDEV, "the cgroup '%s' is not of the unit '%s'", path, unit);
	return hk_bus_attach_process(bus, unit, below, pid, err);
}

int hk_scope_stop(struct hk_bus *bus, const char *unit, struct hk_err *err)
{
	int r = hk_bus_stop_unit(bus, unit, err);

	return r == -ENOENT ? 0 : r; /* a scope goes with its last process */
}
