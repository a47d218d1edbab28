/* linux.resources -> cgroup2 files. Zeros that clients write for "not set" are left alone; what
 * cgroup2 has no file for is an error, for the specification forbids to ignore it. */
#include "cgroup/settings.h"
#include "base/err.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define FOR(controller, property)                                                                  \
	(&(const struct hk_setting_for){controller, HK_RESOURCES property})

static bool asked_i64(struct hk_opt_i64 value)
{
	return value.set && value.value != 0;
}

static bool asked_u64(struct hk_opt_u64 value)
{
	return value.set && value.value != 0;
}

static int refuse(struct hk_err *err, const char *property, const char *message)
{
	(void)hk_refuse(err, EINVAL, "%s", message);
	(void)hk_err_at(err, HK_RESOURCES "%s", property);
	return -EINVAL;
}

static void put_or_max(struct hk_settings *list, const struct hk_setting_for *where,
	unsigned int flags, const char *file, int64_t value)
{
	if (value < 0)
		hk_settings_put(list, where, flags, file, "max");
	else
		hk_settings_put(list, where, flags, file, "%" PRId64, value);
}

/* config.json counts memory and swap together, cgroup2 swap alone. */
static int put_swap(const struct hk_memory *memory, struct hk_settings *list, struct hk_err *err)
{
	const struct hk_setting_for *where = FOR("memory", "/memory/swap");
	int64_t limit = memory->limit.set ? memory->limit.value : 0;
	int64_t swap = memory->swap.set ? memory->swap.value : 0;

	/* No limit on memory and none asked for swap: both unlimited, as on v1. */
	if (limit < 0 && swap == 0)
		swap = -1;
	if (swap == 0)
		return 0;
	if (swap > 0 && limit == 0)
		return refuse(err, "/memory/swap", "a swap limit needs a memory limit");
	if (swap > 0 && limit > 0 && swap < limit)
		return refuse(err, "/memory/swap",
			"the limit of memory and swap is below that of memory");
	if (swap > 0 && limit > 0)
		swap -= limit;
	/* A kernel without swap has no such file: there nothing is left to limit. */
	put_or_max(list, where, swap <= 0 ? HK_SETTING_OPTIONAL : 0, "memory.swap.max", swap);
	return 0;
}

static int convert_memory(
	const struct hk_memory *memory, struct hk_settings *list, struct hk_err *err)
{
	int r;

	if (memory->swappiness.set)
		return refuse(err, "/memory/swappiness", "cgroup v2 has no swappiness");
	if (memory->disable_oom_killer)
		return refuse(
			err, "/memory/disableOOMKiller", "cgroup v2 cannot disable the OOM killer");
	if (memory->kernel_tcp.set && memory->kernel_tcp.value > 0)
		return refuse(
			err, "/memory/kernelTCP", "cgroup v2 has no limit for TCP buffers alone");
	r = put_swap(memory, list, err);
	if (r < 0)
		return r;
	if (asked_i64(memory->limit))
		put_or_max(
			list, FOR("memory", "/memory/limit"), 0, "memory.max", memory->limit.value);
	if (asked_i64(memory->reservation))
		put_or_max(list, FOR("memory", "/memory/reservation"), 0, "memory.low",
			memory->reservation.value);
	return 0;
}

static void put_bandwidth(const struct hk_cpu *cpu, struct hk_settings *list)
{
	const struct hk_setting_for *where =
		asked_i64(cpu->quota) ? FOR("cpu", "/cpu/quota") : FOR("cpu", "/cpu/period");
	char quota[24] = "max", period[24] = "";

	if (asked_i64(cpu->quota) && cpu->quota.value > 0)
		(void)snprintf(quota, sizeof(quota), "%" PRId64, cpu->quota.value);
	if (asked_u64(cpu->period))
		(void)snprintf(period, sizeof(period), " %" PRIu64, cpu->period.value);
	/* A quota alone leaves the period as it is. */
	if (asked_i64(cpu->quota) || period[0])
		hk_settings_put(list, where, 0, "cpu.max", "%s%s", quota, period);
	/* Behind the quota: a burst above it is refused. The file is there since 5.14. */
	if (cpu->burst.set)
		hk_settings_put(list, FOR("cpu", "/cpu/burst"),
			cpu->burst.value ? 0 : HK_SETTING_OPTIONAL, "cpu.max.burst", "%" PRIu64,
			cpu->burst.value);
}

static int convert_cpu(const struct hk_cpu *cpu, struct hk_settings *list, struct hk_err *err)
{
	bool idle = cpu->idle.set && cpu->idle.value != 0;

	if (asked_u64(cpu->realtime_period))
		return refuse(err, "/cpu/realtimePeriod", "cgroup v2 has no realtime limits");
	if (asked_i64(cpu->realtime_runtime))
		return refuse(err, "/cpu/realtimeRuntime", "cgroup v2 has no realtime limits");
	/* An idle group has the least weight and refuses another: idle=0 goes before it. */
	if (cpu->idle.set)
		hk_settings_put(list, FOR("cpu", "/cpu/idle"), idle ? 0 : HK_SETTING_OPTIONAL,
			"cpu.idle", "%" PRId64, cpu->idle.value);
	if (asked_u64(cpu->shares) && !idle)
		hk_settings_put(list, FOR("cpu", "/cpu/shares"), 0, "cpu.weight", "%" PRIu64,
			hk_convert_shares(cpu->shares.value));
	put_bandwidth(cpu, list);
	if (cpu->cpus && *cpu->cpus)
		hk_settings_put(
			list, FOR("cpuset", "/cpu/cpus"), 0, "cpuset.cpus", "%s", cpu->cpus);
	if (cpu->mems && *cpu->mems)
		hk_settings_put(
			list, FOR("cpuset", "/cpu/mems"), 0, "cpuset.mems", "%s", cpu->mems);
	return 0;
}

/* Weights: BFQ takes v1's numbers; io.weight (iocost) has a range of its own. */
static int put_weight(struct hk_settings *list, const struct hk_setting_for *where,
	const char *device, uint64_t weight, struct hk_err *err)
{
	if (weight < 10 || weight > 1000) {
		(void)hk_refuse(
			err, EINVAL, "weight %" PRIu64 " is not between 10 and 1000", weight);
		(void)hk_err_at(err, "%s", where->property ? where->property : HK_RESOURCES);
		return -EINVAL;
	}
	hk_settings_put(
		list, where, HK_SETTING_OPTIONAL, "io.bfq.weight", "%s%" PRIu64, device, weight);
	hk_settings_put(list, where, HK_SETTING_ELSE, "io.weight", "%s%" PRIu64, device,
		hk_convert_blkio_weight(weight));
	return 0;
}

static int put_weight_devices(
	const struct hk_blkio *blkio, struct hk_settings *list, struct hk_err *err)
{
	for (size_t i = 0; i < blkio->weight_device.count; i++) {
		const struct hk_blkio_device *d = &blkio->weight_device.items[i];
		struct hk_setting_for where = {
			"io", hk_settings_property(list, "/blockIO/weightDevice/%zu", i)};
		char device[48];
		int r;

		if (asked_u64(d->leaf_weight))
			return refuse(err, "/blockIO/weightDevice", "cgroup v2 has no leaf weight");
		if (!asked_u64(d->weight))
			continue;
		(void)snprintf(
			device, sizeof(device), "%" PRId64 ":%" PRId64 " ", d->major, d->minor);
		r = put_weight(list, &where, device, d->weight.value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static const struct throttle {
	size_t offset;
	const char *key;
	const char *name;
} throttles[] = {
	{offsetof(struct hk_blkio, throttle_read_bps), "rbps", "throttleReadBpsDevice"},
	{offsetof(struct hk_blkio, throttle_write_bps), "wbps", "throttleWriteBpsDevice"},
	{offsetof(struct hk_blkio, throttle_read_iops), "riops", "throttleReadIOPSDevice"},
	{offsetof(struct hk_blkio, throttle_write_iops), "wiops", "throttleWriteIOPSDevice"},
};

static void put_throttle(
	const struct hk_blkio *blkio, const struct throttle *throttle, struct hk_settings *list)
{
	const struct hk_blkio_devices *devices =
		(const void *)((const char *)blkio + throttle->offset);

	for (size_t i = 0; i < devices->count; i++) {
		const struct hk_blkio_device *d = &devices->items[i];
		struct hk_setting_for where = {
			"io", hk_settings_property(list, "/blockIO/%s/%zu", throttle->name, i)};

		/* v1 takes 0 for "no limit", io.max refuses it */
		if (d->rate == 0)
			hk_settings_put(list, &where, 0, "io.max", "%" PRId64 ":%" PRId64 " %s=max",
				d->major, d->minor, throttle->key);
		else
			hk_settings_put(list, &where, 0, "io.max",
				"%" PRId64 ":%" PRId64 " %s=%" PRIu64, d->major, d->minor,
				throttle->key, d->rate);
	}
}

static int convert_blkio(const struct hk_blkio *blkio, struct hk_settings *list, struct hk_err *err)
{
	int r = 0;

	if (asked_u64(blkio->leaf_weight))
		return refuse(err, "/blockIO/leafWeight", "cgroup v2 has no leaf weight");
	if (asked_u64(blkio->weight))
		r = put_weight(list, FOR("io", "/blockIO/weight"), "", blkio->weight.value, err);
	if (r == 0)
		r = put_weight_devices(blkio, list, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < HK_COUNT(throttles); i++)
		put_throttle(blkio, &throttles[i], list);
	return 0;
}

static int refuse_network(const struct hk_network *network, struct hk_err *err)
{
	if (asked_u64(network->class_id))
		return refuse(err, "/network/classID", "cgroup v2 has no network class");
	if (network->priority_count)
		return refuse(err, "/network/priorities", "cgroup v2 has no network priorities");
	return 0;
}

/* "memory.max" -> "memory"; NULL for the files that every cgroup has. */
static const char *controller_of(const char *file, struct hk_arena *arena)
{
	size_t len = strcspn(file, ".");

	if (len == 6 && strncmp(file, "cgroup", len) == 0)
		return NULL;
	return hk_arena_strndup(arena, file, len);
}

static int put_unified(const struct hk_pair *pair, struct hk_settings *list, struct hk_err *err)
{
	struct hk_setting_for where = {controller_of(pair->key, list->arena),
		hk_settings_property(list, "/unified/%s", pair->key)};
	const char *line = pair->value;

	if (!hk_settings_is_word(pair->key) || strchr(pair->key, '/') || pair->key[0] == '.') {
		(void)hk_refuse(err, EINVAL, "unified resource '%s' is no name of a cgroup file",
			pair->key);
		(void)hk_err_at(err, HK_RESOURCES "/unified");
		return -EINVAL;
	}
	/* Files like io.max take one line per write. */
	for (size_t len; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		if (len)
			hk_settings_put(list, &where, 0, pair->key, "%.*s", (int)len, line);
	}
	return 0;
}

int hk_convert_v2(
	const struct hk_resources *resources, struct hk_settings *list, struct hk_err *err)
{
	int r = 0;

	if (resources->memory)
		r = convert_memory(resources->memory, list, err);
	if (r == 0 && resources->cpu)
		r = convert_cpu(resources->cpu, list, err);
	if (r < 0)
		return r;
	if (resources->pids_limit.set)
		put_or_max(list, FOR("pids", "/pids/limit"), 0, "pids.max",
			resources->pids_limit.value);
	if (resources->block_io)
		r = convert_blkio(resources->block_io, list, err);
	if (r == 0)
		r = hk_convert_hugepages(resources, "max", list, err);
	if (r == 0 && resources->network)
		r = refuse_network(resources->network, err);
	if (r == 0)
		r = hk_convert_rdma(resources, list, err);
	/* last: the user's own words win */
	for (size_t i = 0; r == 0 && i < resources->unified.count; i++)
		r = put_unified(&resources->unified.items[i], list, err);
	return r;
}
