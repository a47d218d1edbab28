/* What the specification has and this runtime does not do: refused, never passed over in silence.
 */
#include "spec/validate.h"

#include <string.h>

static bool uses_net_devices(const struct hk_spec *spec, struct hk_pointer *ret_at)
{
	*ret_at = hk_at("/linux/netDevices");
	return spec->linux.net_device_count;
}

static const struct {
	bool (*used)(const struct hk_spec *spec, struct hk_pointer *ret_at);
	const char *what;
} unsupported[] = {
	{uses_net_devices, "moving network devices"},
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
