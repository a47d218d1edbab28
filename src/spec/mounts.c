/* The tables of config.json's mounts and of id mappings, and what a mount is. */
#include "spec/tables.h"

#include <string.h>

static const struct hk_property id_map_properties[] = {
	HK_UINT("containerID", struct hk_id_map, container_id, .flags = HK_REQUIRED),
	HK_UINT("hostID", struct hk_id_map, host_id, .flags = HK_REQUIRED),
	HK_UINT("size", struct hk_id_map, size, .flags = HK_REQUIRED),
};

const struct hk_object hk_id_map_object = HK_OBJECT_TYPE(struct hk_id_map, id_map_properties);

static const struct hk_property mount_properties[] = {
	HK_STRING("destination", struct hk_mount, destination, .flags = HK_REQUIRED,
		HK_LONGEST(HK_LONGEST_PATH)),
	HK_STRING("type", struct hk_mount, type, HK_LONGEST(HK_LONGEST_PATH)),
	HK_STRING("source", struct hk_mount, source, HK_LONGEST(HK_LONGEST_PATH)),
	HK_STRINGS("options", struct hk_mount, options, HK_LONGEST(HK_LONGEST_PATH)),
	HK_OBJECTS("uidMappings", struct hk_mount, uid_mappings.items, uid_mappings.count,
		&hk_id_map_object),
	HK_OBJECTS("gidMappings", struct hk_mount, gid_mappings.items, gid_mappings.count,
		&hk_id_map_object),
};

const struct hk_object hk_mount_object = HK_OBJECT_TYPE(struct hk_mount, mount_properties);

static const struct hk_property mount_list_properties[] = {
	HK_OBJECTS("mounts", struct hk_spec, mounts, mount_count, &hk_mount_object),
};

const struct hk_object hk_mount_list_object = HK_OBJECT_TYPE(struct hk_spec, mount_list_properties);

bool hk_mount_has_option(const struct hk_mount *mount, const char *option)
{
	for (size_t i = 0; i < mount->options.count; i++)
		if (strcmp(mount->options.items[i], option) == 0)
			return true;
	return false;
}

bool hk_mount_is_bind(const struct hk_mount *mount)
{
	return hk_mount_has_option(mount, "bind") || hk_mount_has_option(mount, "rbind") ||
	       (mount->type && strcmp(mount->type, "bind") == 0);
}
