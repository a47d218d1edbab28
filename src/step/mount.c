/* New file systems. */
#include "step/attach.h"

#include "base/fd.h"
#include "base/sys.h"
#include "step/copyup.h"
#include "step/fsconfig.h"
#include "step/inside.h"
#include "step/label.h"
#include "step/mount2.h"
#include "step/mount_point.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int configure_mode(int fs, int target, struct hk_err *err)
{
	char mode[HK_MODE_MAX];
	int r = hk_covered_mode(target, mode);

	if (r < 0)
		return hk_fail(err, -r, "read the mode of the mount point");
	r = hk_sys_fsconfig(fs, HK_FSCONFIG_SET_STRING, "mode", mode);
	return r < 0 ? hk_fail(err, -r, "set mount option 'mode=%s'", mode) : 0;
}

static int configure(int fs, const struct hk_ctx *ctx, const struct hk_step_mount *args, int target,
	struct hk_err *err)
{
	const char *source = hk_plan_str(ctx->plan, args->source);
	const char *options = hk_plan_str(ctx->plan, args->sb_options);
	const char *label = hk_plan_str(ctx->plan, args->label);
	int r = 0;

	if (source)
		r = hk_sys_fsconfig(fs, HK_FSCONFIG_SET_STRING, "source", source);
	if (r < 0)
		return hk_fail(err, -r, "set the mount's source '%s'", source);
	if (options)
		r = hk_fsconfig_options(fs, options, err);
	if (r < 0)
		return r;
	if (label &&
		!(args->how &
			HK_MOUNT_LABEL_XATTR)) { /* holds commas, and is one value all the same */
		r = hk_sys_fsconfig(fs, HK_FSCONFIG_SET_STRING, "context", label);
		if (r < 0)
			return hk_fail(err, -r, "set the mount label '%s'", label);
	}
	return args->how & HK_MOUNT_KEEP_MODE ? configure_mode(fs, target, err) : 0;
}

/* Is something done to it behind the mounting? */
#define FILLED (HK_MOUNT_TMPCOPYUP | HK_MOUNT_LABEL_XATTR)

/* The attributes that a mount begins with. Read-only comes last where it is filled first. */
static uint64_t first_attrs(const struct hk_step_mount *args)
{
	return args->how & FILLED ? args->attrs & ~(uint64_t)HK_MOUNT_ATTR_RDONLY : args->attrs;
}

/* A proc of a pid namespace that we are not in? */
static bool is_proc_inside(const struct hk_ctx *ctx, const struct hk_step_mount *args)
{
	return ctx->visit.namespaces && strcmp(hk_plan_str(ctx->plan, args->fstype), "proc") == 0;
}

static int make_by_mount2(
	struct hk_ctx *ctx, const struct hk_step_mount *args, int target, struct hk_err *err)
{
	HK_FD int tree = -1;
	int r = is_proc_inside(ctx, args) ? -ENOTSUP : hk_mount2(ctx, args, target, &tree);

	if (r == 0)
		r = hk_tree_attrs(tree, false, first_attrs(args), 0);
	if (r < 0)
		return hk_fail(err, -r, "mount %s on '%s'", hk_plan_str(ctx->plan, args->fstype),
			hk_plan_str(ctx->plan, args->target));
	return hk_take_fd(&tree);
}

/* The new file system, attached nowhere. fd or a negative errno. */
static int make_fs(
	struct hk_ctx *ctx, const struct hk_step_mount *args, int target, struct hk_err *err)
{
	const char *fstype = hk_plan_str(ctx->plan, args->fstype);
	const char *where = hk_plan_str(ctx->plan, args->target);
	HK_FD int fs = -1;
	int tree, r;

	if (hk_mount2_is_needed(ctx, args))
		return make_by_mount2(ctx, args, target, err);
	fs = is_proc_inside(ctx, args) ? hk_inside_open_proc(ctx) : hk_sys_fsopen(fstype);
	if (fs < 0)
		return hk_fail(err, -fs, "mount %s on '%s'", fstype, where);
	r = configure(fs, ctx, args, target, err);
	if (r < 0) {
		hk_err_prefix(err, "mount %s on '%s': ", fstype, where);
		return r;
	}
	r = hk_sys_fsconfig(fs, HK_FSCONFIG_CMD_CREATE, NULL, NULL);
	if (r < 0) {
		r = hk_fail(err, -r, "mount %s on '%s'", fstype, where);
		hk_fsconfig_hint(fs, err);
		return r;
	}
	tree = hk_sys_fsmount(fs, (unsigned int)first_attrs(args));
	if (tree < 0)
		return hk_fail(err, -tree, "mount %s on '%s'", fstype, where);
	return tree;
}

/* What has to be in it, or on it, before it is read-only and visible. */
static int fill(struct hk_ctx *ctx, const struct hk_step_mount *args, int target, int tree,
	const char *where, struct hk_err *err)
{
	const char *label = hk_plan_str(ctx->plan, args->label);
	int r;

	if (args->how & HK_MOUNT_TMPCOPYUP) {
		r = hk_copy_tree(target, tree);
		if (r < 0)
			return hk_fail(err, -r, "copy what is in '%s' into the new tmpfs", where);
	}
	if (label && args->how & HK_MOUNT_LABEL_XATTR) {
		r = hk_label_root(tree, label, where, err);
		if (r < 0)
			return r;
	}
	r = hk_tree_attrs(tree, false, args->attrs & HK_MOUNT_ATTR_RDONLY, 0);
	return r < 0 ? hk_fail(err, -r, "make '%s' read-only", where) : 0;
}

/* Could another view of the same things help where the kernel said no? */
static bool is_refusal(int r)
{
	return r == -EPERM || r == -EACCES || r == -EBUSY || r == -ENODEV;
}

int hk_step_mount(struct hk_ctx *ctx, const struct hk_step_mount *args, struct hk_err *err)
{
	const char *fstype = hk_plan_str(ctx->plan, args->fstype);
	const char *where = hk_plan_str(ctx->plan, args->target);
	const char *else_bind = hk_plan_str(ctx->plan, args->else_bind);
	HK_FD int target = -1, tree = -1;
	int r;

	if (!fstype || !where)
		return hk_refuse(err, EINVAL, "a mount without a type or a target");
	target = hk_mount_point(ctx, where, args->how, true, strcmp(fstype, "proc") == 0, err);
	if (target < 0)
		return target;
	tree = make_fs(ctx, args, target, err);
	if (is_refusal(tree) && else_bind) {
		tree = hk_sys_open_tree(AT_FDCWD, else_bind, HK_OPEN_TREE_CLONE | HK_AT_RECURSIVE);
		if (tree < 0)
			return hk_fail(err, -tree, "bind '%s' in place of %s on '%s'", else_bind,
				fstype, where);
		r = hk_tree_attrs(tree, true, args->attrs, 0);
	} else if (tree < 0) {
		return tree;
	} else {
		r = args->how & FILLED ? fill(ctx, args, target, tree, where, err) : 0;
		if (r < 0)
			return r;
	}
	if (r == 0)
		r = hk_tree_attrs(tree, true, args->rec_set, args->rec_clear);
	if (r < 0)
		return hk_fail(err, -r, "set the attributes of '%s'", where);
	return hk_tree_put(
		ctx, tree, target, where, args->how, args->rec_propagation, args->propagation, err);
}
