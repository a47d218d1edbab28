/* Whether linux.resources makes sense, whatever cgroups the host has. */
#include "spec/validate.h"

#include "spec/tables.h"

#include <inttypes.h>
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
static int validate_memory(const struct hk_memory *memory, struct hk_findings *f)
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

static int validate_weight(const struct hk_opt_u64 *weight, const char *name, struct hk_findings *f)
{
	if (!weight->set || !weight->value || (weight->value >= 10 && weight->value <= 1000))
		return 0;
	return hk_invalid(f, hk_at("/linux/resources/blockIO/%s", name),
		"expected a number from 10 to 1000, found %" PRIu64, weight->value);
}

static int validate_blkio(const struct hk_blkio *blkio, struct hk_findings *f)
{
	int r;

	r = validate_weight(&blkio->weight, "weight", f);
	if (r == 0)
		r = validate_weight(&blkio->leaf_weight, "leafWeight", f);
	for (size_t i = 0; r == 0 && i < blkio->weight_device.count; i++) {
		const struct hk_blkio_device *device = &blkio->weight_device.items[i];

		r = validate_weight(&device->weight, hk_at("weightDevice/%zu/weight", i).text, f);
		if (r == 0)
			r = validate_weight(&device->leaf_weight,
				hk_at("weightDevice/%zu/leafWeight", i).text, f);
	}
	return r;
}

/* As in the names of the hugetlb controller's files: "64KB", "2MB", "1GB". */
static bool is_page_size(const char *size)
{
	size_t digits = strspn(size, "0123456789");

	return digits && size[0] != '0' && size[digits] && strchr("KMG", size[digits]) &&
	       !strcmp(size + digits + 1, "B");
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

		if (!key[0] || strchr(key, '/') || !strcmp(key, ".") || !strcmp(key, ".."))
			return hk_invalid(f, hk_at_key("/linux/resources/unified", key),
				"'%.100s' is no name of a cgroup file", key);
	}
	return 0;
}

int hk_validate_resources(const struct hk_resources *resources, struct hk_findings *f)
{
	int r;

	r = validate_device_rules(resources, f);
	if (r == 0 && resources->memory)
		r = validate_memory(resources->memory, f);
	if (r == 0 && resources->block_io)
		r = validate_blkio(resources->block_io, f);
	if (r == 0)
		r = validate_hugepages(resources, f);
	if (r == 0)
		r = validate_unified(&resources->unified, f);
	return r;
}
