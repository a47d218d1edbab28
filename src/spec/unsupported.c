/* What the specification has and this runtime does not do: refused, never passed over in silence.
 */
#include "spec/validate.h"

#include <string.h>

static bool uses_intel_rdt(const struct hk_spec *spec, struct hk_pointer *ret_at)
{
	*ret_at = hk_at("/linux/intelRdt");
	return spec->linux.intel_rdt;
}

static bool uses_net_devices(const struct hk_spec *spec, struct hk_pointer *ret_at)
{
	*ret_at = hk_at("/linux/netDevices");
	return spec->linux.net_device_count;
}

static bool uses_mount_mappings(const struct hk_spec *spec, struct hk_pointer *ret_at)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct hk_mount *mount = &spec->mounts[i];

		if (!mount->uid_mappings.count && !mount->gid_mappings.count)
			continue;
		*ret_at = hk_at("/mounts/%zu/%s", i,
			mount->uid_mappings.count ? "uidMappings" : "gidMappings");
		return true;
	}
	return false;
}

static bool uses_idmap_option(const struct hk_spec *spec, struct hk_pointer *ret_at)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct hk_strings *options = &spec->mounts[i].options;

		for (size_t j = 0; j < options->count; j++) {
			const char *option = options->items[j];

			if (strcmp(option, "idmap") != 0 && strcmp(option, "ridmap") != 0)
				continue;
			*ret_at = hk_at("/mounts/%zu/options/%zu", i, j);
			return true;
		}
	}
	return false;
}

static const struct {
	bool (*used)(const struct hk_spec *spec, struct hk_pointer *ret_at);
	const char *what;
} unsupported[] = {
	{uses_intel_rdt, "Intel RDT"},
	{uses_net_devices, "moving network devices"},
	{uses_mount_mappings, "id mappings of a mount"},
	{uses_idmap_option, "an id-mapped mount"},
};

int hk_check_supported(const struct hk_spec *spec, struct hk_findings *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < HK_COUNT(unsupported); i++) {
		struct hk_pointer at;

		if (unsupported[i].used(spec, &at))
			r = hk_unsupported(f, at, unsupported[i].what);
	}
	return r;
}
