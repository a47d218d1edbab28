/* What every kind of mounts[] entry has: a destination, and errors about it. */
#include "plan/builder.h"

#include "base/err.h"
#include "base/path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

int hk_mount_target(const struct hk_mount *mount, char *ret)
{
	return hk_path_clean(mount->destination, true, ret, PATH_MAX);
}

bool hk_mount_is_at(const struct hk_mount *mount, const char *target)
{
	char other[PATH_MAX];

	return hk_mount_target(mount, other) == 0 && strcmp(other, target) == 0;
}

int hk_build_refuse_mount(struct hk_builder *b, size_t i, const char *member, const char *why)
{
	(void)hk_refuse(b->err, EINVAL, "mount on '%s': %s", b->spec->mounts[i].destination, why);
	return hk_err_at(b->err, "/mounts/%zu%s", i, member);
}
