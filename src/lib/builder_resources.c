/* The builder: linux.resources of config.json. */
#include "lib/spec.h"

#include <errno.h>
#include <string.h>

/* The resources object, made where missing; NULL after an error or when memory is out. */
static struct hk_resources *resources(struct hako_spec *handle)
{
	struct hk_linux *linux = &handle->spec.linux;

	if (handle->err.code)
		return NULL;
	if (!linux->resources)
		linux->resources = hk_arena_alloc(&handle->spec.arena, sizeof(*linux->resources));
	if (!linux->resources)
		(void)hk_builder_no_memory(handle); /* remembered in the handle */
	return linux->resources;
}

int hako_spec_set_memory_limit(hako_spec *spec, int64_t bytes)
{
	struct hk_resources *r = resources(spec);

	if (!r)
		return -spec->err.code;
	if (!r->memory)
		r->memory = hk_arena_alloc(&spec->spec.arena, sizeof(*r->memory));
	if (!r->memory)
		return hk_builder_no_memory(spec);
	r->memory->limit = (struct hk_opt_i64){true, bytes};
	return 0;
}

int hako_spec_set_cpu_quota(hako_spec *spec, int64_t quota, uint64_t period)
{
	struct hk_resources *r = resources(spec);

	if (!r)
		return -spec->err.code;
	if (!r->cpu)
		r->cpu = hk_arena_alloc(&spec->spec.arena, sizeof(*r->cpu));
	if (!r->cpu)
		return hk_builder_no_memory(spec);
	r->cpu->quota = (struct hk_opt_i64){true, quota};
	r->cpu->period = (struct hk_opt_u64){true, period};
	return 0;
}

int hako_spec_set_pids_limit(hako_spec *spec, int64_t limit)
{
	struct hk_resources *r = resources(spec);

	if (!r)
		return -spec->err.code;
	r->pids_limit = (struct hk_opt_i64){true, limit};
	return 0;
}

static int read_access(struct hako_spec *handle, const char *access, struct hk_device_rule *ret)
{
	for (const char *c = access; *c; c++) {
		if (*c == 'r')
			ret->read = true;
		else if (*c == 'w')
			ret->write = true;
		else if (*c == 'm')
			ret->mknod = true;
		else
			return hk_refuse(&handle->err, EINVAL,
				"device access '%s' is not of \"rwm\"", access);
	}
	return 0;
}

int hako_spec_add_device_rule(
	hako_spec *spec, bool allow, char type, int64_t major, int64_t minor, const char *access)
{
	struct hk_device_rule rule = {
		.allow = allow,
		.type = type,
		.major = major < 0 ? -1 : major,
		.minor = minor < 0 ? -1 : minor,
	};
	struct hk_resources *r = resources(spec);
	struct hk_device_rule *items;

	if (!r)
		return -spec->err.code;
	if (type != 'a' && type != 'b' && type != 'c')
		return hk_refuse(&spec->err, EINVAL, "unknown device type '%c'", type);
	if (read_access(spec, access, &rule) < 0)
		return -spec->err.code;
	items = hk_builder_grow(spec, r->devices, r->device_count, sizeof(*items));
	if (!items)
		return hk_builder_no_memory(spec);
	r->devices = items;
	items[r->device_count++] = rule;
	return 0;
}

int hako_spec_allow_default_devices(hako_spec *spec)
{
	/* The allowed ones are always appended behind the caller's rules, by the cgroup code. */
	return hako_spec_add_device_rule(spec, false, 'a', -1, -1, "rwm");
}
