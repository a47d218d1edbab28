/* The tables of linux.resources. */
#include "spec/tables.h"

/* ---- device rules ---- */

static void device_rule_defaults(void *object)
{
	struct hk_device_rule *rule = object;

	rule->type = 'a';
	rule->major = -1;
	rule->minor = -1;
}

/* Docker writes -1, others other negative numbers, where they mean any. */
static int read_rule_number(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, void *member)
{
	int64_t number;
	int r = hk_bind_int(binding, place, node, sizeof(number), &number);

	if (r < 0)
		return r;
	*(int64_t *)member = number < 0 ? -1 : number;
	return 0;
}

/* Any of the letters, in any order. */
static int read_access(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, void *member)
{
	struct hk_device_rule *rule = member;
	int r = hk_bind_expect(binding, place, node, HK_NODE_STRING);

	if (r < 0)
		return r;
	for (const char *s = node->text; *s; s++) {
		if (*s == 'r')
			rule->read = true;
		else if (*s == 'w')
			rule->write = true;
		else if (*s == 'm')
			rule->mknod = true;
		else
			return hk_bind_refuse(binding, place, node,
				"expected the letters r, w and m, found '%.40s'", node->text);
	}
	return 0;
}

static const struct hk_property device_rule_properties[] = {
	HK_BOOL("allow", struct hk_device_rule, allow, .flags = HK_REQUIRED),
	HK_ENUM("type", struct hk_device_rule, type, hk_device_rule_types),
	HK_CUSTOM("major", struct hk_device_rule, major, read_rule_number),
	HK_CUSTOM("minor", struct hk_device_rule, minor, read_rule_number),
	{.name = "access", .type = HK_PROPERTY_CUSTOM, .read = read_access},
};

static const struct hk_object device_rule_object = HK_OBJECT_TYPE(
	struct hk_device_rule, device_rule_properties, .defaults = device_rule_defaults);

/* ---- memory, cpu, pids ---- */

static const struct hk_property memory_properties[] = {
	HK_OPT_INT("limit", struct hk_memory, limit),
	HK_OPT_INT("reservation", struct hk_memory, reservation),
	HK_OPT_INT("swap", struct hk_memory, swap),
	HK_OPT_INT("kernel", struct hk_memory, kernel),
	HK_OPT_INT("kernelTCP", struct hk_memory, kernel_tcp),
	HK_OPT_UINT("swappiness", struct hk_memory, swappiness),
	HK_BOOL("disableOOMKiller", struct hk_memory, disable_oom_killer,
		HK_HAS(struct hk_memory, has_disable_oom_killer)),
	HK_BOOL("useHierarchy", struct hk_memory, use_hierarchy,
		HK_HAS(struct hk_memory, has_use_hierarchy)),
	HK_BOOL("checkBeforeUpdate", struct hk_memory, check_before_update),
};

static const struct hk_object memory_object = HK_OBJECT_TYPE(struct hk_memory, memory_properties);

static const struct hk_property cpu_properties[] = {
	HK_OPT_UINT("shares", struct hk_cpu, shares),
	HK_OPT_INT("quota", struct hk_cpu, quota),
	HK_OPT_UINT("burst", struct hk_cpu, burst),
	HK_OPT_UINT("period", struct hk_cpu, period),
	HK_OPT_INT("realtimeRuntime", struct hk_cpu, realtime_runtime),
	HK_OPT_UINT("realtimePeriod", struct hk_cpu, realtime_period),
	HK_STRING("cpus", struct hk_cpu, cpus, HK_LONGEST(HK_LONGEST_PATH)),
	HK_STRING("mems", struct hk_cpu, mems, HK_LONGEST(HK_LONGEST_PATH)),
	HK_OPT_INT("idle", struct hk_cpu, idle),
};

static const struct hk_object cpu_object = HK_OBJECT_TYPE(struct hk_cpu, cpu_properties);

static const struct hk_property pids_properties[] = {
	HK_OPT_INT("limit", struct hk_resources, pids_limit),
};

static const struct hk_object pids_object = HK_OBJECT_TYPE(struct hk_resources, pids_properties);

/* ---- blockIO ---- */

static const struct hk_property weight_device_properties[] = {
	HK_INT("major", struct hk_blkio_device, major, .flags = HK_REQUIRED),
	HK_INT("minor", struct hk_blkio_device, minor, .flags = HK_REQUIRED),
	HK_OPT_UINT("weight", struct hk_blkio_device, weight),
	HK_OPT_UINT("leafWeight", struct hk_blkio_device, leaf_weight),
};

static const struct hk_object weight_device_object =
	HK_OBJECT_TYPE(struct hk_blkio_device, weight_device_properties);

static const struct hk_property throttle_device_properties[] = {
	HK_INT("major", struct hk_blkio_device, major, .flags = HK_REQUIRED),
	HK_INT("minor", struct hk_blkio_device, minor, .flags = HK_REQUIRED),
	HK_UINT("rate", struct hk_blkio_device, rate, .flags = HK_REQUIRED),
};

static const struct hk_object throttle_device_object =
	HK_OBJECT_TYPE(struct hk_blkio_device, throttle_device_properties);

#define BLKIO_DEVICES(json, member, type)                                                          \
	HK_OBJECTS(json, struct hk_blkio, member.items, member.count, type)

static const struct hk_property blkio_properties[] = {
	HK_OPT_UINT("weight", struct hk_blkio, weight),
	HK_OPT_UINT("leafWeight", struct hk_blkio, leaf_weight),
	BLKIO_DEVICES("weightDevice", weight_device, &weight_device_object),
	BLKIO_DEVICES("throttleReadBpsDevice", throttle_read_bps, &throttle_device_object),
	BLKIO_DEVICES("throttleWriteBpsDevice", throttle_write_bps, &throttle_device_object),
	BLKIO_DEVICES("throttleReadIOPSDevice", throttle_read_iops, &throttle_device_object),
	BLKIO_DEVICES("throttleWriteIOPSDevice", throttle_write_iops, &throttle_device_object),
};

static const struct hk_object blkio_object = HK_OBJECT_TYPE(struct hk_blkio, blkio_properties);

/* ---- hugepageLimits, network, rdma ---- */

static const struct hk_property hugepage_properties[] = {
	HK_STRING("pageSize", struct hk_hugepage_limit, page_size, .flags = HK_REQUIRED),
	HK_UINT("limit", struct hk_hugepage_limit, limit, .flags = HK_REQUIRED),
};

static const struct hk_object hugepage_object =
	HK_OBJECT_TYPE(struct hk_hugepage_limit, hugepage_properties);

static const struct hk_property network_priority_properties[] = {
	HK_STRING("name", struct hk_network_priority, name, .flags = HK_REQUIRED),
	HK_UINT("priority", struct hk_network_priority, priority, .flags = HK_REQUIRED),
};

static const struct hk_object network_priority_object =
	HK_OBJECT_TYPE(struct hk_network_priority, network_priority_properties);

/* The kernel's class id has 32 bits. */
static int read_class_id(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, void *member)
{
	return hk_bind_uint(binding, place, node, sizeof(uint32_t), member);
}

static const struct hk_property network_properties[] = {
	HK_CUSTOM("classID", struct hk_network, class_id.value, read_class_id,
		HK_HAS(struct hk_network, class_id.set)),
	HK_OBJECTS("priorities", struct hk_network, priorities, priority_count,
		&network_priority_object),
};

static const struct hk_object network_object =
	HK_OBJECT_TYPE(struct hk_network, network_properties);

static int read_rdma_limit(struct hk_binding *binding, const struct hk_place *place,
	const struct hk_node *node, void *member)
{
	return hk_bind_uint(binding, place, node, sizeof(uint32_t), member);
}

static const struct hk_property rdma_properties[] = {
	HK_CUSTOM("hcaHandles", struct hk_rdma_limit, hca_handles.value, read_rdma_limit,
		HK_HAS(struct hk_rdma_limit, hca_handles.set)),
	HK_CUSTOM("hcaObjects", struct hk_rdma_limit, hca_objects.value, read_rdma_limit,
		HK_HAS(struct hk_rdma_limit, hca_objects.set)),
};

static const struct hk_object rdma_object = HK_OBJECT_TYPE(struct hk_rdma_limit, rdma_properties);

/* ---- all ---- */

static const struct hk_property resources_properties[] = {
	HK_OBJECTS("devices", struct hk_resources, devices, device_count, &device_rule_object),
	HK_OBJECT("memory", struct hk_resources, memory, &memory_object),
	HK_OBJECT("cpu", struct hk_resources, cpu, &cpu_object),
	HK_PART("pids", &pids_object),
	HK_OBJECT("blockIO", struct hk_resources, block_io, &blkio_object),
	HK_OBJECTS("hugepageLimits", struct hk_resources, hugepage_limits, hugepage_limit_count,
		&hugepage_object),
	HK_OBJECT("network", struct hk_resources, network, &network_object),
	HK_KEYED("rdma", struct hk_resources, rdma, rdma_count, &rdma_object),
	HK_PAIRS("unified", struct hk_resources, unified),
};

const struct hk_object hk_resources_object =
	HK_OBJECT_TYPE(struct hk_resources, resources_properties);
