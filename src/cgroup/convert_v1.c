/* linux.resources -> cgroup v1 files. Zeros that clients write for "not set" are left alone. */
#include "cgroup/settings.h"
#include "base/err.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

#define FOR(controller, property)                                                                  \
	(&(const struct hk_setting_for){controller, HK_RESOURCES property})

static int64_t or_unlimited(int64_t value)
{
	return value < 0 ? -1 : value;
}

static bool asked_i64(struct hk_opt_i64 value)
{
	return value.set && value.value != 0;
}

static bool asked_u64(struct hk_opt_u64 value)
{
	return value.set && value.value != 0;
}

static void put_bytes(struct hk_settings *list, const struct hk_setting_for *where,
	unsigned int flags, const char *file, struct hk_opt_i64 value)
{
	if (asked_i64(value))
		hk_settings_put(list, where, flags, file, "%" PRId64, or_unlimited(value.value));
}

static int convert_memory(
	const struct hk_memory *memory, struct hk_settings *list, struct hk_err *err)
{
	struct hk_opt_i64 swap = memory->swap;
	unsigned int swap_flags = 0;

	if (memory->swappiness.set && memory->swappiness.value > 100) {
		(void)hk_refuse(err, EINVAL, "swappiness %" PRIu64 " is not between 0 and 100",
			memory->swappiness.value);
		(void)hk_err_at(err, HK_RESOURCES "/memory/swappiness");
		return -EINVAL;
	}
	/* Without swap accounting there is no memsw file, and nothing that could limit. */
	if (memory->limit.set && memory->limit.value < 0 && !asked_i64(swap))
		swap = (struct hk_opt_i64){.set = true, .value = -1};
	if (swap.value < 0)
		swap_flags = HK_SETTING_OPTIONAL;

	if (memory->has_use_hierarchy && memory->use_hierarchy)
		hk_settings_put(list, FOR("memory", "/memory/useHierarchy"), 0,
			"memory.use_hierarchy", "1");
	put_bytes(list, FOR("memory", "/memory/limit"), 0, "memory.limit_in_bytes", memory->limit);
	put_bytes(list, FOR("memory", "/memory/swap"), swap_flags, "memory.memsw.limit_in_bytes",
		swap);
	put_bytes(list, FOR("memory", "/memory/reservation"), 0, "memory.soft_limit_in_bytes",
		memory->reservation);
	/* memory.kernel is not written: the kernel gave the limit up in 5.16. */
	put_bytes(list, FOR("memory", "/memory/kernelTCP"), 0, "memory.kmem.tcp.limit_in_bytes",
		memory->kernel_tcp);
	if (memory->swappiness.set)
		hk_settings_put(list, FOR("memory", "/memory/swappiness"), 0, "memory.swappiness",
			"%" PRIu64, memory->swappiness.value);
	if (memory->disable_oom_killer)
		hk_settings_put(list, FOR("memory", "/memory/disableOOMKiller"), 0,
			"memory.oom_control", "1");
	return 0;
}

static int put_shares(const struct hk_cpu *cpu, struct hk_settings *list, struct hk_err *err)
{
	if (!asked_u64(cpu->shares))
		return 0;
	/* The kernel would clamp without a word. */
	if (cpu->shares.value < 2 || cpu->shares.value > 262144) {
		(void)hk_refuse(err, EINVAL, "cpu shares %" PRIu64 " are not between 2 and 262144",
			cpu->shares.value);
		(void)hk_err_at(err, HK_RESOURCES "/cpu/shares");
		return -EINVAL;
	}
	hk_settings_put(
		list, FOR("cpu", "/cpu/shares"), 0, "cpu.shares", "%" PRIu64, cpu->shares.value);
	return 0;
}

static void put_bandwidth(const struct hk_cpu *cpu, struct hk_settings *list)
{
	if (asked_u64(cpu->period))
		hk_settings_put(list, FOR("cpu", "/cpu/period"), 0, "cpu.cfs_period_us", "%" PRIu64,
			cpu->period.value);
	put_bytes(list, FOR("cpu", "/cpu/quota"), 0, "cpu.cfs_quota_us", cpu->quota);
	/* Behind the quota: a burst above it is refused. The file is there since 5.14. */
	if (cpu->burst.set)
		hk_settings_put(list, FOR("cpu", "/cpu/burst"),
			cpu->burst.value ? 0 : HK_SETTING_OPTIONAL, "cpu.cfs_burst_us", "%" PRIu64,
			cpu->burst.value);
}

static int convert_cpu(const struct hk_cpu *cpu, struct hk_settings *list, struct hk_err *err)
{
	bool idle = cpu->idle.set && cpu->idle.value != 0;
	int r;

	/* An idle group has the least weight and refuses shares: idle=0 goes before them. */
	if (cpu->idle.set)
		hk_settings_put(list, FOR("cpu", "/cpu/idle"), idle ? 0 : HK_SETTING_OPTIONAL,
			"cpu.idle", "%" PRId64, cpu->idle.value);
	r = idle ? 0 : put_shares(cpu, list, err);
	if (r < 0)
		return r;
	put_bandwidth(cpu, list);
	if (asked_u64(cpu->realtime_period))
		hk_settings_put(list, FOR("cpu", "/cpu/realtimePeriod"), 0, "cpu.rt_period_us",
			"%" PRIu64, cpu->realtime_period.value);
	put_bytes(list, FOR("cpu", "/cpu/realtimeRuntime"), 0, "cpu.rt_runtime_us",
		cpu->realtime_runtime);
	if (cpu->cpus && *cpu->cpus)
		hk_settings_put(
			list, FOR("cpuset", "/cpu/cpus"), 0, "cpuset.cpus", "%s", cpu->cpus);
	if (cpu->mems && *cpu->mems)
		hk_settings_put(
			list, FOR("cpuset", "/cpu/mems"), 0, "cpuset.mems", "%s", cpu->mems);
	return 0;
}

static void put_weight_devices(const struct hk_blkio *blkio, struct hk_settings *list)
{
	for (size_t i = 0; i < blkio->weight_device.count; i++) {
		const struct hk_blkio_device *d = &blkio->weight_device.items[i];
		struct hk_setting_for where = {
			"blkio", hk_settings_property(list, "/blockIO/weightDevice/%zu", i)};

		if (asked_u64(d->weight)) {
			hk_settings_put(list, &where, HK_SETTING_OPTIONAL, "blkio.weight_device",
				"%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor,
				d->weight.value);
			hk_settings_put(list, &where, HK_SETTING_ELSE, "blkio.bfq.weight_device",
				"%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor,
				d->weight.value);
		}
		if (asked_u64(d->leaf_weight))
			hk_settings_put(list, &where, 0, "blkio.leaf_weight_device",
				"%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor,
				d->leaf_weight.value);
	}
}

static const struct throttle {
	size_t offset;
	const char *file;
	const char *name;
} throttles[] = {
	{offsetof(struct hk_blkio, throttle_read_bps), "blkio.throttle.read_bps_device",
		"throttleReadBpsDevice"},
	{offsetof(struct hk_blkio, throttle_write_bps), "blkio.throttle.write_bps_device",
		"throttleWriteBpsDevice"},
	{offsetof(struct hk_blkio, throttle_read_iops), "blkio.throttle.read_iops_device",
		"throttleReadIOPSDevice"},
	{offsetof(struct hk_blkio, throttle_write_iops), "blkio.throttle.write_iops_device",
		"throttleWriteIOPSDevice"},
};

static void put_throttle(
	const struct hk_blkio *blkio, const struct throttle *throttle, struct hk_settings *list)
{
	const struct hk_blkio_devices *devices =
		(const void *)((const char *)blkio + throttle->offset);

	for (size_t i = 0; i < devices->count; i++) {
		const struct hk_blkio_device *d = &devices->items[i];
		struct hk_setting_for where = {
			"blkio", hk_settings_property(list, "/blockIO/%s/%zu", throttle->name, i)};

		hk_settings_put(list, &where, 0, throttle->file, "%" PRId64 ":%" PRId64 " %" PRIu64,
			d->major, d->minor, d->rate);
	}
}

static void convert_blkio(const struct hk_blkio *blkio, struct hk_settings *list)
{
	if (asked_u64(blkio->weight)) {
		/* CFQ's file up to 4.20, BFQ's where that scheduler is built in */
		hk_settings_put(list, FOR("blkio", "/blockIO/weight"), HK_SETTING_OPTIONAL,
			"blkio.weight", "%" PRIu64, blkio->weight.value);
		hk_settings_put(list, FOR("blkio", "/blockIO/weight"), HK_SETTING_ELSE,
			"blkio.bfq.weight", "%" PRIu64, blkio->weight.value);
	}
	if (asked_u64(blkio->leaf_weight))
		hk_settings_put(list, FOR("blkio", "/blockIO/leafWeight"), 0, "blkio.leaf_weight",
			"%" PRIu64, blkio->leaf_weight.value);
	put_weight_devices(blkio, list);
	for (size_t i = 0; i < HK_COUNT(throttles); i++)
		put_throttle(blkio, &throttles[i], list);
}

static int convert_network(
	const struct hk_network *network, struct hk_settings *list, struct hk_err *err)
{
	if (asked_u64(network->class_id))
		hk_settings_put(list, FOR("net_cls", "/network/classID"), 0, "net_cls.classid",
			"%" PRIu64, network->class_id.value);
	for (size_t i = 0; i < network->priority_count; i++) {
		const struct hk_network_priority *priority = &network->priorities[i];
		struct hk_setting_for where = {
			"net_prio", hk_settings_property(list, "/network/priorities/%zu", i)};

		if (!hk_settings_is_word(priority->name)) {
			(void)hk_refuse(err, EINVAL, "'%s' is no name of a network device",
				priority->name ? priority->name : "");
			(void)hk_err_at(err, HK_RESOURCES "/network/priorities/%zu/name", i);
			return -EINVAL;
		}
		hk_settings_put(list, &where, 0, "net_prio.ifpriomap", "%s %" PRIu32,
			priority->name, priority->priority);
	}
	return 0;
}

static int refuse_unified(struct hk_err *err)
{
	(void)hk_refuse(err, EINVAL, "unified resources need cgroup v2, and this host has v1");
	(void)hk_err_at(err, HK_RESOURCES "/unified");
	return -EINVAL;
}

int hk_convert_v1(
	const struct hk_resources *resources, struct hk_settings *list, struct hk_err *err)
{
	int r = 0;

	if (resources->unified.count)
		return refuse_unified(err);
	if (resources->memory)
		r = convert_memory(resources->memory, list, err);
	if (r == 0 && resources->cpu)
		r = convert_cpu(resources->cpu, list, err);
	if (r < 0)
		return r;
	if (resources->pids_limit.set && resources->pids_limit.value < 0)
		hk_settings_put(list, FOR("pids", "/pids/limit"), 0, "pids.max", "max");
	else if (resources->pids_limit.set)
		hk_settings_put(list, FOR("pids", "/pids/limit"), 0, "pids.max", "%" PRId64,
			resources->pids_limit.value);
	if (resources->block_io)
		convert_blkio(resources->block_io, list);
	r = hk_convert_hugepages(resources, "limit_in_bytes", list, err);
	if (r == 0 && resources->network)
		r = convert_network(resources->network, list, err);
	if (r == 0)
		r = hk_convert_rdma(resources, list, err);
	return r;
}
