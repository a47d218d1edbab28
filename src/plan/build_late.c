/* Mounts that turn read-only when all is made in them. */
#include "plan/builder.h"

#include "base/sys.h"
#include "plan/options.h"

#include <limits.h>
#include <string.h>

void hk_build_late_readonly(struct hk_builder *b, size_t i, const char *type,
	struct hk_mount_options *o, hk_ref_str property, const char *target)
{
	const uint64_t readonly = HK_MOUNT_ATTR_RDONLY;

	if (strcmp(target, "/dev") != 0 && (!type || strcmp(type, "tmpfs") != 0))
		return;
	if (!(hk_mount_options_attrs(o) & readonly))
		return;
	/* Nothing lies below a new file system. Elsewhere the word is about what is there now, and
	 * not about what comes to lie in it until the end. */
	if (o->rec_set & readonly && (o->bind || o->remount))
		return;
	o->attrs_set &= ~readonly;
	o->rec_set &= ~readonly;
	b->late_readonly[i] = property;
}

void hk_build_forget_readonly(struct hk_builder *b, size_t i, const char *target)
{
	while (i-- > 0)
		if (b->late_readonly[i].offset && hk_mount_is_at(&b->spec->mounts[i], target))
			b->late_readonly[i] = HK_NO_PROPERTY;
}

void hk_build_late_remounts(struct hk_builder *b)
{
	char target[PATH_MAX];

	for (size_t i = 0; i < b->spec->mount_count; i++) {
		if (!b->late_readonly[i].offset)
			continue;
		(void)hk_mount_target(&b->spec->mounts[i], target); /* as it was when mounted */
		HK_STEP(&b->blob, REMOUNT, remount, b->late_readonly[i],
			.target = hk_blob_str(&b->blob, target), .attrs_set = HK_MOUNT_ATTR_RDONLY);
	}
	if (b->spec->root && b->spec->root->readonly)
		HK_STEP(&b->blob, REMOUNT, remount, HK_PROPERTY(b, "/root/readonly"),
			.target = hk_blob_str(&b->blob, "/"), .attrs_set = HK_MOUNT_ATTR_RDONLY);
}
