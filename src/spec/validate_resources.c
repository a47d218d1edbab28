/* Whether linux.resources makes sense, whatever cgroups the host has. */
#include "spec/validate.h"

#include "base/idlist.h"
#include "base/path.h"
#include "spec/tables.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

static int validate_device_rules(const struct hk_resources *resources, struct hk_findings *f)
{
	for (size_t i = 0; i < resources->device_count; i++) {
		const struct hk_device_rule *rule = &resources->devices[i];

		if (!rule->read && !rule->write && !rule->mknod)
			return hk_invalid(f, hk_at("/linux/resources/devices/%zu/access", i),
				"must name one or more of r, w and m");
	}
	return 0;
}

/* 0 is "leave it alone" and -1 is "no limit". */
static int validate_memory_sizes(const struct hk_memory *memory, struct hk_findings *f)
{
	const struct {
		const struct hk_opt_i64 *size;
		const char *name;
	} sizes[] = {
		{&memory->limit, "limit"},
		{&memory->reservation, "reservation"},
		{&memory->swap, "swap"},
		{&memory->kernel, "kernel"},
		{&memory->kernel_tcp, "kernelTCP"},
	};

	for (size_t i = 0; i < HK_COUNT(sizes); i++) {
		int r = 0;

		if (sizes[i].size->set && sizes[i].size->value < -1)
			r = hk_invalid(f, hk_at("/linux/resources/memory/%s", sizes[i].name),
				"expected a number of bytes, or -1 for no limit, found %" PRId64,
				sizes[i].size->value);
		if (r < 0)
			return r;
	}
	return 0;
}

static int validate_swap(const struct hk_memory *memory, struct hk_findings *f)
{
	struct hk_pointer swap = hk_at("/linux/resources/memory/swap");

	if (!memory->swap.set || memory->swap.value <= 0)
		return 0;
	if (!memory->limit.set || memory->limit.value <= 0)
		return hk_invalid(
			f, swap, "a limit of memory and swap needs a limit of memory below it");
	if (memory->swap.value < memory->limit.value)
		return hk_invalid(f, swap,
			"%" PRId64 " is memory and swap together, and less than the memory limit "
			"%" PRId64,
			memory->swap.value, memory->limit.value);
	return 0;
}

static int validate_memory(const struct hk_memory *memory, struct hk_findings *f)
{
	int r;

	r = validate_memory_sizes(memory, f);
	if (r == 0)
		r = validate_swap(memory, f);
	if (r == 0 && memory->swappiness.set && memory->swappiness.value > 100)
		r = hk_invalid(f, hk_at("/linux/resources/memory/swappiness"),
			"expected a number from 0 to 100, found %" PRIu64,
			memory->swappiness.value);
	return r;
}

/* A group saves up unused quota as far as its burst, which is at most one period's. */
static int validate_burst(const struct hk_cpu *cpu, struct hk_findings *f)
{
	if (!cpu->burst.set || !cpu->quota.set || cpu->quota.value <= 0 ||
		cpu->burst.value <= (uint64_t)cpu->quota.value)
		return 0;
	return hk_invalid(f, hk_at("/linux/resources/cpu/burst"),
		"%" PRIu64 " is above the quota %" PRId64, cpu->burst.value, cpu->quota.value);
}

static int validate_cpu(const struct hk_cpu *cpu, struct hk_findings *f)
{
	int r;

	r = hk_validate_list(
		cpu->cpus, "CPUs", HK_CPU_LIMIT, hk_at("/linux/resources/cpu/cpus"), f);
	if (r == 0)
		r = hk_validate_list(cpu->mems, "memory nodes", HK_NODE_LIMIT,
			hk_at("/linux/resources/cpu/mems"), f);
	if (r == 0 && cpu->idle.set && cpu->idle.value != 0 && cpu->idle.value != 1)
		r = hk_invalid(f, hk_at("/linux/resources/cpu/idle"),
			"expected 0 or 1, found %" PRId64, cpu->idle.value);
	if (r == 0)
		r = validate_burst(cpu, f);
	return r;
}

static int validate_weight(const struct hk_opt_u64 *weight, const char *name, struct hk_findings *f)
{
	if (!weight->set || !weight->value || (weight->value >= 10 && weight->value <= 1000))
		return 0;
	return hk_invalid(f, hk_at("/linux/resources/blockIO/%s", name),
		"expected a number from 10 to 1000, found %" PRIu64, weight->value);
}

static int validate_blkio_devices(
	const struct hk_blkio_devices *devices, const char *name, struct hk_findings *f)
{
	for (size_t i = 0; i < devices->count; i++) {
		int r = hk_validate_device_number(devices->items[i].major, devices->items[i].minor,
			hk_at("/linux/resources/blockIO/%s/%zu", name, i).text, f);

		if (r < 0)
			return r;
	}
	return 0;
}

static int validate_device_numbers(const struct hk_blkio *blkio, struct hk_findings *f)
{
	const struct {
		const struct hk_blkio_devices *devices;
		const char *name;
	} lists[] = {
		{&blkio->weight_device, "weightDevice"},
		{&blkio->throttle_read_bps, "throttleReadBpsDevice"},
		{&blkio->throttle_write_bps, "throttleWriteBpsDevice"},
		{&blkio->throttle_read_iops, "throttleReadIOPSDevice"},
		{&blkio->throttle_write_iops, "throttleWriteIOPSDevice"},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < HK_COUNT(lists); i++)
		r = validate_blkio_devices(lists[i].devices, lists[i].name, f);
	return r;
}

static int validate_blkio(const struct hk_blkio *blkio, struct hk_findings *f)
{
	int r;

	r = validate_weight(&blkio->weight, "weight", f);
	if (r == 0)
		r = validate_weight(&blkio->leaf_weight, "leafWeight", f);
	for (size_t i = 0; r == 0 && i < blkio->weight_device.count; i++) {
		const struct hk_blkio_device *device = &blkio->weight_device.items[i];

		if (!device->weight.set && !device->leaf_weight.set)
			return hk_invalid(f, hk_at("/linux/resources/blockIO/weightDevice/%zu", i),
				"must have a weight, a leafWeight or both");
		r = validate_weight(&device->weight, hk_at("weightDevice/%zu/weight", i).text, f);
		if (r == 0)
			r = validate_weight(&device->leaf_weight,
				hk_at("weightDevice/%zu/leafWeight", i).text, f);
	}
	if (r == 0)
		r = validate_device_numbers(blkio, f);
	return r;
}

/* As in the names of the hugetlb controller's files: "64KB", "2MB", "1GB". */
static bool is_page_size(const char *size)
{
	size_t digits = strspn(size, "0123456789");

	return digits && digits <= 10 && size[0] != '0' && size[digits] &&
	       strchr("KMG", size[digits]) && !strcmp(size + digits + 1, "B");
}

static int validate_hugepages(const struct hk_resources *resources, struct hk_findings *f)
{
	for (size_t i = 0; i < resources->hugepage_limit_count; i++) {
		const char *size = resources->hugepage_limits[i].page_size;

		if (!is_page_size(size))
			return hk_invalid(f,
				hk_at("/linux/resources/hugepageLimits/%zu/pageSize", i),
				"expected a size like 2MB or 1GB, found '%.40s'", size);
	}
	return 0;
}

/* A key is the name of one file in the cgroup's directory. */
static int validate_unified(const struct hk_pairs *unified, struct hk_findings *f)
{
	for (size_t i = 0; i < unified->count; i++) {
		const char *key = unified->items[i].key;

		if (!hk_path_is_name(key))
			return hk_invalid(f, hk_at_key("/linux/resources/unified", key),
				"'%.100s' is no name of a cgroup file", key);
	}
	return 0;
}

static int validate_network(const struct hk_network *network, struct hk_findings *f)
{
	for (size_t i = 0; i < network->priority_count; i++) {
		const char *name = network->priorities[i].name;

		if (!hk_is_interface_name(name))
			return hk_invalid(f,
				hk_at("/linux/resources/network/priorities/%zu/name", i),
				"'%.40s' is no name of a network device", name);
	}
	return 0;
}

/* A word of the lines in rdma.max, as short as the kernel's IB_DEVICE_NAME_MAX. */
static bool is_rdma_device(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (!isgraph((unsigned char)name[i]))
			return false;
	return len && len < 64;
}

static int validate_rdma(const struct hk_resources *resources, struct hk_findings *f)
{
	for (size_t i = 0; i < resources->rdma_count; i++) {
		const struct hk_rdma_limit *limit = &resources->rdma[i];
		struct hk_pointer at = hk_at_key("/linux/resources/rdma", limit->device);

		if (!is_rdma_device(limit->device))
			return hk_invalid(
				f, at, "'%.40s' is no name of an RDMA device", limit->device);
		if (!limit->hca_handles.set && !limit->hca_objects.set)
			return hk_invalid(f, at, "must have hcaHandles, hcaObjects or both");
	}
	return 0;
}

int hk_validate_resources(const struct hk_resources *resources, struct hk_findings *f)
{
	int r;

	r = validate_device_rules(resources, f);
	if (r == 0 && resources->memory)
		r = validate_memory(resources->memory, f);
	if (r == 0 && resources->cpu)
		r = validate_cpu(resources->cpu, f);
	if (r == 0 && resources->block_io)
		r = validate_blkio(resources->block_io, f);
	if (r == 0)
		r = validate_hugepages(resources, f);
	if (r == 0 && resources->network)
		r = validate_network(resources->network, f);
	if (r == 0)
		r = validate_rdma(resources, f);
	if (r == 0)
		r = validate_unified(&resources->unified, f);
	return r;
}
