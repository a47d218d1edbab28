/* Hiding paths, and making them read-only. */
#include "step/attach.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* One empty file system for all directories: Kubernetes masks one a CPU, and each superblock costs
 * the kernel memory and a lock. */
static int make_empty(struct hk_err *err)
{
	static const char *const options[][2] = {
		{"source", "tmpfs"}, {"nr_blocks", "1"}, {"nr_inodes", "1"}, {"mode", "0555"}};
	HK_FD int fs = hk_sys_fsopen("tmpfs");
	int r = fs < 0 ? fs : 0;

	for (size_t i = 0; r == 0 && i < sizeof(options) / sizeof(options[0]); i++)
		r = hk_sys_fsconfig(fs, HK_FSCONFIG_SET_STRING, options[i][0], options[i][1]);
	if (r == 0)
		r = hk_sys_fsconfig(fs, HK_FSCONFIG_CMD_CREATE, NULL, NULL);
	if (r == 0)
		r = hk_sys_fsmount(fs, HK_MOUNT_ATTR_RDONLY | HK_MOUNT_ATTR_NOSUID |
					       HK_MOUNT_ATTR_NODEV | HK_MOUNT_ATTR_NOEXEC);
	return r < 0 ? hk_fail(err, -r, "make an empty file system to mask with") : r;
}

int hk_step_mask(struct hk_ctx *ctx, const struct hk_step_mask *args, struct hk_err *err)
{
	const char *path = hk_plan_str(ctx->plan, args->path);
	struct hk_cover *cover = &ctx->null_cover;
	HK_FD int target = path ? hk_root_open(ctx->rootfd, path, O_PATH) : -EINVAL;
	struct stat st;
	int r;

	if (target == -ENOENT || target == -ENOTDIR) /* this kernel has not got it */
		return 0;
	if (target < 0)
		return hk_fail(err, -target, "open '%s' to mask it", path ? path : "");
	if (fstat(target, &st) < 0)
		return hk_fail(err, errno, "look at '%s' to mask it", path);
	if (S_ISDIR(st.st_mode)) {
		cover = &ctx->empty_cover;
		if (cover->fd < 0)
			cover->fd = make_empty(err);
		if (cover->fd < 0)
			return cover->fd;
	}
	r = hk_cover_attach(cover, target);
	return r < 0 ? hk_fail(err, -r, "mask '%s'", path) : 0;
}

int hk_step_readonly(struct hk_ctx *ctx, const struct hk_step_readonly *args, struct hk_err *err)
{
	const char *path = hk_plan_str(ctx->plan, args->path);
	HK_FD int target = path ? hk_root_open(ctx->rootfd, path, O_PATH) : -EINVAL;
	HK_FD int tree = -1;
	int r;

	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0)
		return hk_fail(err, -target, "open '%s' to make it read-only", path ? path : "");
	tree = hk_tree_clone(target, true);
	r = tree < 0 ? tree : hk_tree_attrs(tree, true, HK_MOUNT_ATTR_RDONLY, 0);
	if (r == 0)
		r = hk_tree_attach(tree, target);
	return r < 0 ? hk_fail(err, -r, "make '%s' read-only", path) : 0;
}
