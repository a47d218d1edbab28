/* Comma-separated lists of controllers: "cpu,cpuacct". */
#include "cgroup/host.h"

#include <string.h>

bool hk_cgroup_names(const char *list, const char *name)
{
	size_t wanted = strlen(name);

	for (size_t len; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (len == wanted && strncmp(list, name, len) == 0)
			return true;
	}
	return false;
}
