/* Whether devices, paths and the smaller objects of config.json's linux make sense. */
#include "spec/validate.h"

#include "base/findings.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "spec/tables.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

/* ---- masked and read-only paths ---- */

static int validate_paths(const struct hk_spec *spec, const struct hk_strings *paths,
	const char *property, struct hk_findings *f)
{
	if (paths->count && !hk_spec_namespace(spec, HK_NS_MOUNT))
		return hk_needs_namespace(f, hk_at("/linux/%s", property), HK_NS_MOUNT,
			"masked and read-only paths need a mount namespace");
	for (size_t i = 0; i < paths->count; i++)
		if (paths->items[i][0] != '/')
			return hk_invalid(f, hk_at("/linux/%s/%zu", property, i),
				"'%.200s' is not an absolute path", paths->items[i]);
	return 0;
}

/* ---- devices ---- */

int hk_validate_device_number(int64_t major, int64_t minor, const char *at, struct hk_findings *f)
{
	if (major < 0 || major > 0xfff)
		return hk_invalid(f, hk_at("%s/major", at), "expected a number from 0 to 4095");
	if (minor < 0 || minor > 0xfffff)
		return hk_invalid(f, hk_at("%s/minor", at), "expected a number from 0 to 1048575");
	return 0;
}

static int validate_devices(const struct hk_linux *lx, struct hk_findings *f)
{
	for (size_t i = 0; i < lx->device_count; i++) {
		const struct hk_device *device = &lx->devices[i];
		char clean[PATH_MAX];
		int r;

		if (device->path[0] != '/')
			return hk_invalid(f, hk_at("/linux/devices/%zu/path", i),
				"'%.200s' is not an absolute path", device->path);
		r = hk_path_clean(device->path, true, clean, sizeof(clean));
		if (r < 0 || !strcmp(clean, "/"))
			return hk_invalid(f, hk_at("/linux/devices/%zu/path", i),
				"'%.200s' cannot be a device", device->path);
		if (device->uid == UINT32_MAX || device->gid == UINT32_MAX)
			return hk_invalid(f,
				hk_at("/linux/devices/%zu/%s", i,
					device->uid == UINT32_MAX ? "uid" : "gid"),
				"%" PRIu32 " is no id", UINT32_MAX);
		if (device->type == 'p')
			continue;
		r = hk_validate_device_number(
			device->major, device->minor, hk_at("/linux/devices/%zu", i).text, f);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- netDevices ---- */

/* As the kernel's dev_valid_name(). */
bool hk_is_interface_name(const char *name)
{
	size_t len = strlen(name);

	if (!len || len >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++)
		if (*name == '/' || *name == ':' || isspace((unsigned char)*name))
			return false;
	return true;
}

/* "%d", once, makes a template: the kernel puts a number there. */
static bool is_template(const char *name)
{
	const char *percent = strchr(name, '%');

	return hk_is_interface_name(name) && percent && percent[1] == 'd' &&
	       !strchr(percent + 2, '%');
}

/* No device has a "%" in its name. */
static bool is_device_name(const char *name)
{
	return hk_is_interface_name(name) && !strchr(name, '%');
}

static const char *name_inside(const struct hk_net_device *device)
{
	return device->name ? device->name : device->host_name;
}

static struct hk_pointer at_net_device(const struct hk_net_device *device)
{
	struct hk_pointer at = hk_at_key("/linux/netDevices", device->host_name);

	return device->name ? hk_at("%s/name", at.text) : at;
}

static int validate_net_device(const struct hk_net_device *device, struct hk_findings *f)
{
	if (!is_device_name(device->host_name))
		return hk_invalid(f, hk_at_key("/linux/netDevices", device->host_name),
			"'%.40s' is no name of a network device", device->host_name);
	if (device->name && !is_device_name(device->name) && !is_template(device->name))
		return hk_invalid(f, at_net_device(device),
			"'%.40s' is no name of a network device", device->name);
	return 0;
}

/* By their names in the container; those of one name as they stand in config.json. */
static int compare_net_devices(const void *a, const void *b)
{
	const struct hk_net_device *one = *(struct hk_net_device *const *)a;
	const struct hk_net_device *other = *(struct hk_net_device *const *)b;
	int order = strcmp(name_inside(one), name_inside(other));

	return order ? order : (one > other) - (one < other);
}

/* The kernel finds a different name for each of two devices with one template. */
static int validate_names_inside(const struct hk_linux *lx, struct hk_findings *f)
{
	HK_FREE const struct hk_net_device **sorted =
		calloc(lx->net_device_count, sizeof(const struct hk_net_device *));
	int r = 0;

	if (!sorted)
		return hk_fail(f->err, ENOMEM, "compare the names of network devices");
	for (size_t i = 0; i < lx->net_device_count; i++)
		sorted[i] = &lx->net_devices[i];
	qsort(sorted, lx->net_device_count, sizeof(const struct hk_net_device *),
		compare_net_devices);
	for (size_t i = 1; r == 0 && i < lx->net_device_count; i++) {
		const char *name = name_inside(sorted[i]);

		if (strcmp(name, name_inside(sorted[i - 1])) == 0 && !is_template(name))
			r = hk_invalid(f, at_net_device(sorted[i]),
				"'%s' is the name of '%.40s' in the container", name,
				sorted[i - 1]->host_name);
	}
	return r;
}

static int validate_net_devices(const struct hk_spec *spec, struct hk_findings *f)
{
	const struct hk_linux *lx = &spec->linux;
	int r = 0;

	if (lx->net_device_count && !hk_spec_namespace(spec, HK_NS_NETWORK))
		r = hk_needs_namespace(f, hk_at("/linux/netDevices"), HK_NS_NETWORK,
			"network devices need a network namespace to go to");
	for (size_t i = 0; r == 0 && i < lx->net_device_count; i++)
		r = validate_net_device(&lx->net_devices[i], f);
	return r == 0 && lx->net_device_count > 1 ? validate_names_inside(lx, f) : r;
}

/* ---- intelRdt ---- */

static bool is_one_line(const char *text)
{
	return !strchr(text, '\n');
}

/* "/" is the file system's root: the class of service of whoever has no other. */
static bool is_clos_id(const char *id)
{
	return strcmp(id, "/") == 0 || (hk_path_is_name(id) && is_one_line(id));
}

static int validate_schemata(const struct hk_strings *schemata, struct hk_findings *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < schemata->count; i++)
		if (!schemata->items[i][0] || !is_one_line(schemata->items[i]))
			r = hk_invalid(f, hk_at("/linux/intelRdt/schemata/%zu", i),
				"must be one line of a schemata file");
	return r;
}

static int validate_intel_rdt(const struct hk_intel_rdt *rdt, struct hk_findings *f)
{
	int r = 0;

	if (rdt->clos_id && !is_clos_id(rdt->clos_id))
		r = hk_invalid(f, hk_at("/linux/intelRdt/closID"),
			"'%.100s' is no name of a directory", rdt->clos_id);
	if (r == 0 && rdt->l3_cache_schema && !is_one_line(rdt->l3_cache_schema))
		r = hk_invalid(f, hk_at("/linux/intelRdt/l3CacheSchema"), "must be one line");
	if (r == 0 && rdt->mem_bw_schema &&
		(!hk_starts_with(rdt->mem_bw_schema, "MB:") || !is_one_line(rdt->mem_bw_schema)))
		r = hk_invalid(f, hk_at("/linux/intelRdt/memBwSchema"),
			"must be one line that begins with MB:");
	return r < 0 ? r : validate_schemata(&rdt->schemata, f);
}

int hk_validate_linux(const struct hk_spec *spec, struct hk_findings *f)
{
	const struct hk_linux *lx = &spec->linux;
	int r;

	r = validate_paths(spec, &lx->masked_paths, "maskedPaths", f);
	if (r == 0)
		r = validate_paths(spec, &lx->readonly_paths, "readonlyPaths", f);
	if (r == 0)
		r = validate_devices(lx, f);
	if (r == 0)
		r = validate_net_devices(spec, f);
	if (r == 0 && lx->intel_rdt)
		r = validate_intel_rdt(lx->intel_rdt, f);
	if (r == 0 && lx->memory_policy)
		r = hk_validate_memory_policy(lx->memory_policy, f);
	return r;
}
