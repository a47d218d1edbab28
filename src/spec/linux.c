/* The tables of config.json's linux. */
#include "spec/tables.h"

#include <sys/stat.h>

static const struct hk_property namespace_properties[] = {
	HK_ENUM("type", struct hk_namespace, type, hk_namespace_names, .flags = HK_REQUIRED),
	HK_STRING("path", struct hk_namespace, path, HK_LONGEST(HK_LONGEST_PATH)),
};

static const struct hk_object namespace_object =
	HK_OBJECT_TYPE(struct hk_namespace, namespace_properties);

static const struct hk_property time_offset_properties[] = {
	HK_INT("secs", struct hk_time_offset, seconds),
	HK_UINT("nanosecs", struct hk_time_offset, nanoseconds),
};

static const struct hk_object time_offset_object =
	HK_OBJECT_TYPE(struct hk_time_offset, time_offset_properties);

static const struct hk_property time_offsets_properties[] = {
	HK_STRUCT("monotonic", struct hk_linux, monotonic, &time_offset_object,
		HK_HAS(struct hk_linux, monotonic.set)),
	HK_STRUCT("boottime", struct hk_linux, boottime, &time_offset_object,
		HK_HAS(struct hk_linux, boottime.set)),
};

static const struct hk_object time_offsets_object =
	HK_OBJECT_TYPE(struct hk_linux, time_offsets_properties);

static void device_defaults(void *object)
{
	struct hk_device *device = object;

	device->major = -1; /* none: only a FIFO may do without */
	device->minor = -1;
}

/* podman writes st_mode as it is, file type and all: 16 bits. */
static int read_file_mode(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, void *member)
{
	uint64_t mode;
	int r = hk_bind_uint(binding, place, node, sizeof(uint16_t), &mode);

	if (r < 0)
		return r;
	*(uint32_t *)member = (uint32_t)(mode & ~(uint64_t)S_IFMT & 07777);
	return 0;
}

static const struct hk_property device_properties[] = {
	HK_ENUM("type", struct hk_device, type, hk_device_types, .flags = HK_REQUIRED),
	HK_STRING(
		"path", struct hk_device, path, .flags = HK_REQUIRED, HK_LONGEST(HK_LONGEST_PATH)),
	HK_INT("major", struct hk_device, major),
	HK_INT("minor", struct hk_device, minor),
	HK_CUSTOM("fileMode", struct hk_device, mode, read_file_mode,
		HK_HAS(struct hk_device, has_mode)),
	HK_UINT("uid", struct hk_device, uid, HK_HAS(struct hk_device, has_uid)),
	HK_UINT("gid", struct hk_device, gid, HK_HAS(struct hk_device, has_gid)),
};

static const struct hk_object device_object =
	HK_OBJECT_TYPE(struct hk_device, device_properties, .defaults = device_defaults);

static const struct hk_property net_device_properties[] = {
	HK_STRING("name", struct hk_net_device, name),
};

static const struct hk_object net_device_object =
	HK_OBJECT_TYPE(struct hk_net_device, net_device_properties);

static const struct hk_property intel_rdt_properties[] = {
	HK_STRING("closID", struct hk_intel_rdt, clos_id, HK_LONGEST(NAME_MAX)),
	HK_STRINGS("schemata", struct hk_intel_rdt, schemata),
	HK_STRING("l3CacheSchema", struct hk_intel_rdt, l3_cache_schema),
	HK_STRING("memBwSchema", struct hk_intel_rdt, mem_bw_schema),
	HK_BOOL("enableMonitoring", struct hk_intel_rdt, enable_monitoring),
};

static const struct hk_object intel_rdt_object =
	HK_OBJECT_TYPE(struct hk_intel_rdt, intel_rdt_properties);

static const struct hk_property memory_policy_properties[] = {
	HK_ENUM("mode", struct hk_memory_policy, mode, hk_memory_policy_modes,
		.flags = HK_REQUIRED),
	HK_STRING("nodes", struct hk_memory_policy, nodes),
	HK_FLAGS("flags", struct hk_memory_policy, flags, hk_memory_policy_flags),
};

static const struct hk_object memory_policy_object =
	HK_OBJECT_TYPE(struct hk_memory_policy, memory_policy_properties);

static const struct hk_property personality_properties[] = {
	HK_ENUM("domain", struct hk_personality, domain, hk_personality_domains,
		.flags = HK_REQUIRED),
	HK_STRINGS("flags", struct hk_personality, flags),
};

static const struct hk_object personality_object =
	HK_OBJECT_TYPE(struct hk_personality, personality_properties);

static const struct hk_property linux_properties[] = {
	HK_OBJECTS("namespaces", struct hk_linux, namespaces, namespace_count, &namespace_object),
	HK_OBJECTS("uidMappings", struct hk_linux, uid_mappings.items, uid_mappings.count,
		&hk_id_map_object),
	HK_OBJECTS("gidMappings", struct hk_linux, gid_mappings.items, gid_mappings.count,
		&hk_id_map_object),
	HK_PART("timeOffsets", &time_offsets_object),
	HK_OBJECTS("devices", struct hk_linux, devices, device_count, &device_object),
	HK_KEYED("netDevices", struct hk_linux, net_devices, net_device_count, &net_device_object),
	HK_STRING("cgroupsPath", struct hk_linux, cgroups_path, HK_LONGEST(HK_LONGEST_PATH)),
	HK_OBJECT("resources", struct hk_linux, resources, &hk_resources_object),
	HK_NAME("rootfsPropagation", struct hk_linux, rootfs_propagation, hk_rootfs_propagations),
	HK_STRINGS("maskedPaths", struct hk_linux, masked_paths, HK_LONGEST(HK_LONGEST_PATH)),
	HK_STRINGS("readonlyPaths", struct hk_linux, readonly_paths, HK_LONGEST(HK_LONGEST_PATH)),
	HK_OBJECT("seccomp", struct hk_linux, seccomp, &hk_seccomp_object),
	HK_PAIRS("sysctl", struct hk_linux, sysctl),
	HK_STRING("mountLabel", struct hk_linux, mount_label, HK_LONGEST(HK_LONGEST_PATH)),
	HK_OBJECT("intelRdt", struct hk_linux, intel_rdt, &intel_rdt_object),
	HK_OBJECT("memoryPolicy", struct hk_linux, memory_policy, &memory_policy_object),
	HK_OBJECT("personality", struct hk_linux, personality, &personality_object),
};

const struct hk_object hk_linux_object = HK_OBJECT_TYPE(struct hk_linux, linux_properties);
