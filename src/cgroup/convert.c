/* linux.resources -> the list of cgroup files and values: the entrance to both converters. */
#include "cgroup/settings.h"
#include "base/err.h"

#include <errno.h>

int hk_cgroup_convert(const struct hk_resources *resources, bool v2, struct hk_arena *arena,
	struct hk_cgroup_setting **ret, size_t *ret_count, struct hk_err *err)
{
	struct hk_settings list = {.arena = arena};
	int r = 0;

	if (resources)
		r = v2 ? hk_convert_v2(resources, &list, err)
		       : hk_convert_v1(resources, &list, err);
	if (r < 0)
		return r;
	if (list.failed)
		return hk_fail(err, ENOMEM, "convert the resources to cgroup files");
	*ret = list.items;
	*ret_count = list.count;
	return 0;
}
