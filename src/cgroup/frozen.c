/* Is a cgroup frozen? By the paths of the state alone, which is all that a list of many has time
 * for. */
#include "cgroup/cgroup.h"
#include "base/fd.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* v1's where the container has one, as in hk_cgroup_is_frozen. */
const struct hk_pair *hk_cgroup_paths_freezer(const struct hk_pairs *paths)
{
	const struct hk_pair *v2 = NULL;

	for (size_t i = 0; i < paths->count; i++) {
		if (strcmp(paths->items[i].key, "freezer") == 0)
			return &paths->items[i];
		if (paths->items[i].key[0] == '\0')
			v2 = &paths->items[i];
	}
	return v2;
}

bool hk_cgroup_paths_frozen(const struct hk_pairs *paths)
{
	const struct hk_pair *pair = hk_cgroup_paths_freezer(paths);
	char file[PATH_MAX], byte = '0';
	HK_FD int fd = -1;

	if (!pair ||
		(size_t)snprintf(file, sizeof(file), "%s/%s", pair->value,
			pair->key[0] ? "freezer.self_freezing" : "cgroup.freeze") >= sizeof(file))
		return false;
	fd = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && read(fd, &byte, 1) == 1 && byte == '1';
}
