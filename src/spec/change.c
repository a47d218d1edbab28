/* Changing the resources of a container: what a change means, and what is in force behind it. Pure.
 */
#include "spec/spec.h"

#include "base/err.h"
#include "base/findings.h"
#include "spec/validate.h"

#include <errno.h>
#include <string.h>

#define LEAVE_IF_ZERO(number)                                                                      \
	do {                                                                                       \
		if ((number).value == 0)                                                           \
			(number).set = false;                                                      \
	} while (0)

#define KEEP(ret, old, member)                                                                     \
	do {                                                                                       \
		if (!(ret)->member.set)                                                            \
			(ret)->member = (old)->member;                                             \
	} while (0)

/* Not those that are values: no burst, not idle, no processes, no swapping. */
static void drop_zeros(struct hk_resources *change)
{
	struct hk_memory *memory = change->memory;
	struct hk_cpu *cpu = change->cpu;

	if (memory) {
		LEAVE_IF_ZERO(memory->limit);
		LEAVE_IF_ZERO(memory->reservation);
		LEAVE_IF_ZERO(memory->swap);
		LEAVE_IF_ZERO(memory->kernel);
		LEAVE_IF_ZERO(memory->kernel_tcp);
	}
	if (cpu) {
		LEAVE_IF_ZERO(cpu->shares);
		LEAVE_IF_ZERO(cpu->quota);
		LEAVE_IF_ZERO(cpu->period);
		LEAVE_IF_ZERO(cpu->realtime_runtime);
		LEAVE_IF_ZERO(cpu->realtime_period);
	}
	if (change->block_io) {
		LEAVE_IF_ZERO(change->block_io->weight);
		LEAVE_IF_ZERO(change->block_io->leaf_weight);
	}
}

/* What follows from the change, and from what is in force. */
static void complete(const struct hk_resources *in_force, struct hk_resources *change)
{
	const struct hk_memory *old_memory = in_force->memory;
	const struct hk_cpu *old_cpu = in_force->cpu;
	struct hk_memory *memory = change->memory;
	struct hk_cpu *cpu = change->cpu;

	/* cgroup v2 limits swap alone: a new limit of memory is another share of the sum. */
	if (memory && memory->limit.set && !memory->swap.set) {
		if (memory->limit.value < 0)
			memory->swap = memory->limit;
		else if (old_memory && old_memory->swap.value > 0)
			memory->swap = old_memory->swap;
	}
	/* A group that is idle no more has the default weight. */
	if (cpu && cpu->idle.set && cpu->idle.value == 0 && !cpu->shares.set && old_cpu)
		cpu->shares = old_cpu->shares;
}

static int copy_memory(const struct hk_memory *old, const struct hk_memory *change,
	struct hk_arena *arena, struct hk_memory **ret)
{
	struct hk_memory *memory = hk_arena_alloc(arena, sizeof(*memory));

	if (!memory)
		return -ENOMEM;
	*memory = *change;
	memory->check_before_update = false; /* of the change alone */
	if (old) {
		KEEP(memory, old, limit);
		KEEP(memory, old, reservation);
		KEEP(memory, old, swap);
		KEEP(memory, old, kernel);
		KEEP(memory, old, kernel_tcp);
		KEEP(memory, old, swappiness);
	}
	if (old && !memory->has_disable_oom_killer) {
		memory->has_disable_oom_killer = old->has_disable_oom_killer;
		memory->disable_oom_killer = old->disable_oom_killer;
	}
	if (old && !memory->has_use_hierarchy) {
		memory->has_use_hierarchy = old->has_use_hierarchy;
		memory->use_hierarchy = old->use_hierarchy;
	}
	*ret = memory;
	return 0;
}

static int copy_cpu(const struct hk_cpu *old, const struct hk_cpu *change, struct hk_arena *arena,
	struct hk_cpu **ret)
{
	struct hk_cpu *cpu = hk_arena_alloc(arena, sizeof(*cpu));

	if (!cpu)
		return -ENOMEM;
	*cpu = *change;
	if (old) {
		KEEP(cpu, old, shares);
		KEEP(cpu, old, quota);
		KEEP(cpu, old, burst);
		KEEP(cpu, old, period);
		KEEP(cpu, old, realtime_runtime);
		KEEP(cpu, old, realtime_period);
		KEEP(cpu, old, idle);
		if (!cpu->cpus)
			cpu->cpus = old->cpus;
		if (!cpu->mems)
			cpu->mems = old->mems;
	}
	*ret = cpu;
	return 0;
}

/* Two arrays as one: the items of the change, and the old ones that are about something else. */
static void *join(struct hk_arena *arena, size_t size, const void *old, size_t old_count,
	const void *change, size_t count, bool (*same)(const void *a, const void *b),
	size_t *ret_count)
{
	char *items = hk_arena_array(arena, old_count + count + 1, size);
	size_t n = 0;

	if (!items)
		return NULL;
	for (size_t i = 0; i < old_count; i++) {
		const char *item = (const char *)old + i * size;
		bool replaced = false;

		for (size_t j = 0; j < count && !replaced; j++)
			replaced = same(item, (const char *)change + j * size);
		if (!replaced)
			memcpy(items + size * n++, item, size);
	}
	if (count)
		memcpy(items + size * n, change, count * size);
	*ret_count = n + count;
	return items;
}

static bool same_device(const void *a, const void *b)
{
	const struct hk_blkio_device *x = a, *y = b;

	return x->major == y->major && x->minor == y->minor;
}

static bool same_page_size(const void *a, const void *b)
{
	const struct hk_hugepage_limit *x = a, *y = b;

	return strcmp(x->page_size, y->page_size) == 0;
}

static bool same_interface(const void *a, const void *b)
{
	const struct hk_network_priority *x = a, *y = b;

	return strcmp(x->name, y->name) == 0;
}

static bool same_rdma_device(const void *a, const void *b)
{
	const struct hk_rdma_limit *x = a, *y = b;

	return strcmp(x->device, y->device) == 0;
}

static bool same_key(const void *a, const void *b)
{
	const struct hk_pair *x = a, *y = b;

	return strcmp(x->key, y->key) == 0;
}

static bool join_devices(struct hk_arena *arena, const struct hk_blkio_devices *old,
	struct hk_blkio_devices *devices)
{
	devices->items = join(arena, sizeof(*devices->items), old->items, old->count,
		devices->items, devices->count, same_device, &devices->count);
	return devices->items;
}

static int copy_blkio(const struct hk_blkio *old, const struct hk_blkio *change,
	struct hk_arena *arena, struct hk_blkio **ret)
{
	struct hk_blkio *blkio = hk_arena_alloc(arena, sizeof(*blkio));

	if (!blkio)
		return -ENOMEM;
	*blkio = *change;
	*ret = blkio;
	if (!old)
		return 0;
	KEEP(blkio, old, weight);
	KEEP(blkio, old, leaf_weight);
	if (!join_devices(arena, &old->weight_device, &blkio->weight_device) ||
		!join_devices(arena, &old->throttle_read_bps, &blkio->throttle_read_bps) ||
		!join_devices(arena, &old->throttle_write_bps, &blkio->throttle_write_bps) ||
		!join_devices(arena, &old->throttle_read_iops, &blkio->throttle_read_iops) ||
		!join_devices(arena, &old->throttle_write_iops, &blkio->throttle_write_iops))
		return -ENOMEM;
	return 0;
}

static int copy_network(const struct hk_network *old, const struct hk_network *change,
	struct hk_arena *arena, struct hk_network **ret)
{
	struct hk_network *network = hk_arena_alloc(arena, sizeof(*network));

	if (!network)
		return -ENOMEM;
	*network = *change;
	*ret = network;
	if (!old)
		return 0;
	KEEP(network, old, class_id);
	network->priorities = join(arena, sizeof(*network->priorities), old->priorities,
		old->priority_count, network->priorities, network->priority_count, same_interface,
		&network->priority_count);
	return network->priorities ? 0 : -ENOMEM;
}

static int join_lists(
	const struct hk_resources *old, struct hk_arena *arena, struct hk_resources *ret)
{
	ret->hugepage_limits = join(arena, sizeof(*ret->hugepage_limits), old->hugepage_limits,
		old->hugepage_limit_count, ret->hugepage_limits, ret->hugepage_limit_count,
		same_page_size, &ret->hugepage_limit_count);
	ret->rdma = join(arena, sizeof(*ret->rdma), old->rdma, old->rdma_count, ret->rdma,
		ret->rdma_count, same_rdma_device, &ret->rdma_count);
	ret->unified.items =
		join(arena, sizeof(*ret->unified.items), old->unified.items, old->unified.count,
			ret->unified.items, ret->unified.count, same_key, &ret->unified.count);
	return ret->hugepage_limits && ret->rdma && ret->unified.items ? 0 : -ENOMEM;
}

static int merge(const struct hk_resources *old, const struct hk_resources *change,
	struct hk_arena *arena, struct hk_resources *ret)
{
	int r = 0;

	*ret = *change;
	ret->devices = NULL;
	ret->device_count = 0;
	KEEP(ret, old, pids_limit);
	ret->memory = old->memory;
	ret->cpu = old->cpu;
	ret->block_io = old->block_io;
	ret->network = old->network;
	if (change->memory)
		r = copy_memory(old->memory, change->memory, arena, &ret->memory);
	if (r == 0 && change->cpu)
		r = copy_cpu(old->cpu, change->cpu, arena, &ret->cpu);
	if (r == 0 && change->block_io)
		r = copy_blkio(old->block_io, change->block_io, arena, &ret->block_io);
	if (r == 0 && change->network)
		r = copy_network(old->network, change->network, arena, &ret->network);
	return r < 0 ? r : join_lists(old, arena, ret);
}

int hk_resources_change(const struct hk_resources *in_force, struct hk_resources *change,
	struct hk_arena *arena, struct hk_resources *ret, struct hk_err *err)
{
	static const struct hk_resources none;
	struct hk_findings first = HK_FIRST_FINDING(err);
	int r;

	if (!in_force)
		in_force = &none;
	drop_zeros(change);
	complete(in_force, change);
	r = merge(in_force, change, arena, ret);
	if (r < 0)
		return hk_fail(err, -r, "change the resources");
	return hk_validate_resources(ret, &first);
}
