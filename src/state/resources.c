/* The resources in force, as JSON in state.json: what `update` finds again. Device rules, which it
 * never touches, are left out. */
#include "state/resources.h"

#include "json/json.h"

static void write_u64(struct hk_writer *w, const char *key, struct hk_opt_u64 value)
{
	if (value.set)
		hk_write_u64(w, key, value.value);
}

static void write_i64(struct hk_writer *w, const char *key, struct hk_opt_i64 value)
{
	if (value.set)
		hk_write_i64(w, key, value.value);
}

static void write_memory(struct hk_writer *w, const struct hk_memory *memory)
{
	hk_write_object_begin(w, "memory");
	write_i64(w, "limit", memory->limit);
	write_i64(w, "reservation", memory->reservation);
	write_i64(w, "swap", memory->swap);
	write_i64(w, "kernel", memory->kernel);
	write_i64(w, "kernelTCP", memory->kernel_tcp);
	write_u64(w, "swappiness", memory->swappiness);
	if (memory->has_disable_oom_killer)
		hk_write_bool(w, "disableOOMKiller", memory->disable_oom_killer);
	if (memory->has_use_hierarchy)
		hk_write_bool(w, "useHierarchy", memory->use_hierarchy);
	hk_write_object_end(w);
}

static void write_cpu(struct hk_writer *w, const struct hk_cpu *cpu)
{
	hk_write_object_begin(w, "cpu");
	write_u64(w, "shares", cpu->shares);
	write_i64(w, "quota", cpu->quota);
	write_u64(w, "burst", cpu->burst);
	write_u64(w, "period", cpu->period);
	write_i64(w, "realtimeRuntime", cpu->realtime_runtime);
	write_u64(w, "realtimePeriod", cpu->realtime_period);
	if (cpu->cpus)
		hk_write_string(w, "cpus", cpu->cpus);
	if (cpu->mems)
		hk_write_string(w, "mems", cpu->mems);
	write_i64(w, "idle", cpu->idle);
	hk_write_object_end(w);
}

static void write_device_begin(struct hk_writer *w, const struct hk_blkio_device *device)
{
	hk_write_object_begin(w, NULL);
	hk_write_i64(w, "major", device->major);
	hk_write_i64(w, "minor", device->minor);
}

static void write_throttle(
	struct hk_writer *w, const char *key, const struct hk_blkio_devices *devices)
{
	if (devices->count == 0)
		return;
	hk_write_array_begin(w, key);
	for (size_t i = 0; i < devices->count; i++) {
		write_device_begin(w, &devices->items[i]);
		hk_write_u64(w, "rate", devices->items[i].rate);
		hk_write_object_end(w);
	}
	hk_write_array_end(w);
}

static void write_weights(struct hk_writer *w, const struct hk_blkio_devices *devices)
{
	if (devices->count == 0)
		return;
	hk_write_array_begin(w, "weightDevice");
	for (size_t i = 0; i < devices->count; i++) {
		write_device_begin(w, &devices->items[i]);
		write_u64(w, "weight", devices->items[i].weight);
		write_u64(w, "leafWeight", devices->items[i].leaf_weight);
		hk_write_object_end(w);
	}
	hk_write_array_end(w);
}

static void write_blkio(struct hk_writer *w, const struct hk_blkio *blkio)
{
	hk_write_object_begin(w, "blockIO");
	write_u64(w, "weight", blkio->weight);
	write_u64(w, "leafWeight", blkio->leaf_weight);
	write_weights(w, &blkio->weight_device);
	write_throttle(w, "throttleReadBpsDevice", &blkio->throttle_read_bps);
	write_throttle(w, "throttleWriteBpsDevice", &blkio->throttle_write_bps);
	write_throttle(w, "throttleReadIOPSDevice", &blkio->throttle_read_iops);
	write_throttle(w, "throttleWriteIOPSDevice", &blkio->throttle_write_iops);
	hk_write_object_end(w);
}

static void write_network(struct hk_writer *w, const struct hk_network *network)
{
	hk_write_object_begin(w, "network");
	write_u64(w, "classID", network->class_id);
	if (network->priority_count) {
		hk_write_array_begin(w, "priorities");
		for (size_t i = 0; i < network->priority_count; i++) {
			hk_write_object_begin(w, NULL);
			hk_write_string(w, "name", network->priorities[i].name);
			hk_write_u64(w, "priority", network->priorities[i].priority);
			hk_write_object_end(w);
		}
		hk_write_array_end(w);
	}
	hk_write_object_end(w);
}

static void write_hugepages(struct hk_writer *w, const struct hk_resources *resources)
{
	if (resources->hugepage_limit_count == 0)
		return;
	hk_write_array_begin(w, "hugepageLimits");
	for (size_t i = 0; i < resources->hugepage_limit_count; i++) {
		hk_write_object_begin(w, NULL);
		hk_write_string(w, "pageSize", resources->hugepage_limits[i].page_size);
		hk_write_u64(w, "limit", resources->hugepage_limits[i].limit);
		hk_write_object_end(w);
	}
	hk_write_array_end(w);
}

static void write_rdma(struct hk_writer *w, const struct hk_resources *resources)
{
	if (resources->rdma_count == 0)
		return;
	hk_write_object_begin(w, "rdma");
	for (size_t i = 0; i < resources->rdma_count; i++) {
		hk_write_object_begin(w, resources->rdma[i].device);
		write_u64(w, "hcaHandles", resources->rdma[i].hca_handles);
		write_u64(w, "hcaObjects", resources->rdma[i].hca_objects);
		hk_write_object_end(w);
	}
	hk_write_object_end(w);
}

static void write_unified(struct hk_writer *w, const struct hk_pairs *unified)
{
	if (unified->count == 0)
		return;
	hk_write_object_begin(w, "unified");
	for (size_t i = 0; i < unified->count; i++)
		hk_write_string(w, unified->items[i].key, unified->items[i].value);
	hk_write_object_end(w);
}

void hk_state_write_resources(
	struct hk_writer *w, const char *key, const struct hk_resources *resources)
{
	if (!resources)
		return;
	hk_write_object_begin(w, key);
	if (resources->memory)
		write_memory(w, resources->memory);
	if (resources->cpu)
		write_cpu(w, resources->cpu);
	if (resources->pids_limit.set) {
		hk_write_object_begin(w, "pids");
		write_i64(w, "limit", resources->pids_limit);
		hk_write_object_end(w);
	}
	if (resources->block_io)
		write_blkio(w, resources->block_io);
	write_hugepages(w, resources);
	if (resources->network)
		write_network(w, resources->network);
	write_rdma(w, resources);
	write_unified(w, &resources->unified);
	hk_write_object_end(w);
}
