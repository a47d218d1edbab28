/* The builder: linux of config.json. */
#include "lib/spec.h"
#include "spec/tables.h"

#include <errno.h>
#include <string.h>

int hako_spec_add_namespace(hako_spec *spec, const char *type, const char *path)
{
	struct hk_linux *linux = &spec->spec.linux;
	struct hk_namespace *items;
	int t = 0;

	if (spec->err.code)
		return -spec->err.code;
	while (t < HK_NS_COUNT && strcmp(hk_ns_infos[t].name, type) != 0)
		t++;
	if (t == HK_NS_COUNT)
		return hk_refuse(&spec->err, EINVAL, "unknown namespace type '%s'", type);
	items = hk_builder_grow(spec, linux->namespaces, linux->namespace_count, sizeof(*items));
	if (!items)
		return hk_builder_no_memory(spec);
	linux->namespaces = items;
	items[linux->namespace_count].type = (enum hk_ns_type)t;
	if (!hk_builder_copy(spec, path, &items[linux->namespace_count].path))
		return hk_builder_no_memory(spec);
	linux->namespace_count++;
	return 0;
}

static int add_mapping(struct hako_spec *handle, struct hk_id_maps *maps, struct hk_id_map map)
{
	struct hk_id_map *items;

	if (handle->err.code)
		return -handle->err.code;
	items = hk_builder_grow(handle, maps->items, maps->count, sizeof(*items));
	if (!items)
		return hk_builder_no_memory(handle);
	items[maps->count++] = map;
	maps->items = items;
	return 0;
}

int hako_spec_add_uid_mapping(
	hako_spec *spec, uint32_t container_id, uint32_t host_id, uint32_t size)
{
	return add_mapping(spec, &spec->spec.linux.uid_mappings,
		(struct hk_id_map){container_id, host_id, size});
}

int hako_spec_add_gid_mapping(
	hako_spec *spec, uint32_t container_id, uint32_t host_id, uint32_t size)
{
	return add_mapping(spec, &spec->spec.linux.gid_mappings,
		(struct hk_id_map){container_id, host_id, size});
}

static int add_string(struct hako_spec *handle, struct hk_strings *list, const char *s)
{
	if (handle->err.code)
		return -handle->err.code;
	return hk_builder_append(handle, list, s) ? 0 : hk_builder_no_memory(handle);
}

int hako_spec_add_masked_path(hako_spec *spec, const char *path)
{
	return add_string(spec, &spec->spec.linux.masked_paths, path);
}

int hako_spec_add_readonly_path(hako_spec *spec, const char *path)
{
	return add_string(spec, &spec->spec.linux.readonly_paths, path);
}

int hako_spec_add_sysctl(hako_spec *spec, const char *key, const char *value)
{
	if (spec->err.code)
		return -spec->err.code;
	if (!hk_builder_pair(spec, &spec->spec.linux.sysctl, key, value))
		return hk_builder_no_memory(spec);
	return 0;
}

int hako_spec_set_cgroups_path(hako_spec *spec, const char *path)
{
	if (spec->err.code)
		return -spec->err.code;
	if (!hk_builder_copy(spec, path, &spec->spec.linux.cgroups_path))
		return hk_builder_no_memory(spec);
	return 0;
}

int hako_spec_add_device(
	hako_spec *spec, const char *path, char type, int64_t major, int64_t minor, uint32_t mode)
{
	struct hk_linux *linux = &spec->spec.linux;
	struct hk_device *items, *device;

	if (spec->err.code)
		return -spec->err.code;
	if (!hk_enum_find(hk_device_types, (const char[]){type, '\0'}))
		return hk_refuse(&spec->err, EINVAL, "unknown device type '%c'", type);
	items = hk_builder_grow(spec, linux->devices, linux->device_count, sizeof(*items));
	if (!items)
		return hk_builder_no_memory(spec);
	linux->devices = items;
	device = &items[linux->device_count];
	if (!hk_builder_copy(spec, path, &device->path))
		return hk_builder_no_memory(spec);
	device->type = type;
	device->major = major;
	device->minor = minor;
	device->has_mode = true;
	device->mode = mode & 07777;
	linux->device_count++;
	return 0;
}
