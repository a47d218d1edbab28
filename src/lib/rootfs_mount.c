/* Finding and removing a container's mount on the host. */
#include "lib/rootfs_mount.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>

struct place {
	uint64_t mount;	 /* id */
	bool mount_root; /* it begins there */
};

static int look(const char *path, struct place *ret)
{
	struct statx st;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &st) < 0)
		return -errno;
	if (!(st.stx_mask & STATX_MNT_ID)) /* before Linux 5.8 */
		return -ENOSYS;
	ret->mount = st.stx_mnt_id;
	ret->mount_root = st.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	return 0;
}

int hk_rootfs_mount_note(struct hk_state *state, struct hk_err *err)
{
	struct place place;
	int r = look(state->rootfs, &place);

	if (r < 0)
		return hk_fail(err, -r, "find the mount of '%s'", state->rootfs);
	state->rootfs_mount = place.mount;
	return 0;
}

int hk_rootfs_mount_remove(const struct hk_state *state, struct hk_err *err)
{
	struct place place;
	int r;

	if (!state->rootfs_mount)
		return 0;
	r = look(state->rootfs, &place);
	if (r == -ENOENT || r == -ENOTDIR) /* gone, and the mount with it */
		return 0;
	if (r < 0)
		return hk_fail(err, -r, "find the mount of '%s'", state->rootfs);
	if (!place.mount_root || place.mount == state->rootfs_mount)
		return 0;
	/* a mount below it that is in use goes when it no longer is */
	if (umount2(state->rootfs, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return hk_fail(err, errno, "unmount '%s'", state->rootfs);
	return 0;
}
