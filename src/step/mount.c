/* New file systems, and changes of the attributes of mounts. */
#include "step/attach.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "step/copyup.h"
#include "step/mount_long.h"
#include "step/mount_point.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define OPTION_MAX 4096

/* What the kernel logged about an option, "e tmpfs: Unknown parameter 'foo'", is the best hint. */
static void hint_from_kernel(int fs, struct hk_err *err)
{
	char text[256];
	ssize_t n = read(fs, text, sizeof(text) - 1);

	if (n <= 2)
		return;
	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	hk_err_hint(err, "the kernel says: %s", text + 2);
}

/* One "key=value" or "flag"; the text is changed. */
static int configure_option(int fs, char *option, struct hk_err *err)
{
	char *value = strchr(option, '=');
	int r;

	if (value)
		*value++ = '\0';
	r = hk_sys_fsconfig(
		fs, value ? HK_FSCONFIG_SET_STRING : HK_FSCONFIG_SET_FLAG, option, value);
	if (r < 0) {
		r = hk_fail(err, -r, "set mount option '%s%s%s'", option, value ? "=" : "",
			value ? value : "");
		hint_from_kernel(fs, err);
	}
	return r;
}

static int configure_options(int fs, const char *options, struct hk_err *err)
{
	for (const char *p = options; *p;) {
		size_t len = strcspn(p, ",");
		char option[OPTION_MAX];
		int r = 0;

		if (len >= sizeof(option))
			return hk_refuse(err, ENAMETOOLONG, "a mount option is too long");
		memcpy(option, p, len);
		option[len] = '\0';
		if (len > 0)
			r = configure_option(fs, option, err);
		if (r < 0)
			return r;
		p += len + (p[len] == ',');
	}
	return 0;
}

static int configure_mode(int fs, int target, struct hk_err *err)
{
	char mode[16];
	struct stat st;
	int r;

	if (fstat(target, &st) < 0)
		return hk_fail(err, errno, "read the mode of the mount point");
	(void)snprintf(mode, sizeof(mode), "%o", st.st_mode & 07777);
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
		r = configure_options(fs, options, err);
	if (r < 0)
		return r;
	if (label) { /* holds commas, and is one value all the same */
		r = hk_sys_fsconfig(fs, HK_FSCONFIG_SET_STRING, "context", label);
		if (r < 0)
			return hk_fail(err, -r, "set the mount label '%s'", label);
	}
	return args->how & HK_MOUNT_KEEP_MODE ? configure_mode(fs, target, err) : 0;
}

/* The attributes that a mount begins with. Read-only comes last where a copy of what was there has
 * to get in first. */
static uint64_t first_attrs(const struct hk_step_mount *args)
{
	return args->how & HK_MOUNT_TMPCOPYUP ? args->attrs & ~(uint64_t)HK_MOUNT_ATTR_RDONLY
					      : args->attrs;
}

static int make_long(
	struct hk_ctx *ctx, const struct hk_step_mount *args, int target, struct hk_err *err)
{
	HK_FD int tree = -1;
	int r = hk_mount_long(ctx, args, target, &tree);

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

	if (hk_mount_is_long(ctx, args))
		return make_long(ctx, args, target, err);
	fs = hk_sys_fsopen(fstype);
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
		hint_from_kernel(fs, err);
		return r;
	}
	tree = hk_sys_fsmount(fs, (unsigned int)first_attrs(args));
	if (tree < 0)
		return hk_fail(err, -tree, "mount %s on '%s'", fstype, where);
	return tree;
}

static int copy_up(const struct hk_step_mount *args, int target, int tree, const char *where,
	struct hk_err *err)
{
	int r = hk_copy_tree(target, tree);

	if (r < 0)
		return hk_fail(err, -r, "copy what is in '%s' into the new tmpfs", where);
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
		r = args->how & HK_MOUNT_TMPCOPYUP ? copy_up(args, target, tree, where, err) : 0;
		if (r < 0)
			return r;
	}
	if (r == 0)
		r = hk_tree_attrs(tree, true, args->rec_set, args->rec_clear);
	if (r < 0)
		return hk_fail(err, -r, "set the attributes of '%s'", where);
	return hk_tree_put(tree, target, args->propagation, where, err);
}

int hk_step_remount(struct hk_ctx *ctx, const struct hk_step_remount *args, struct hk_err *err)
{
	const char *where = hk_plan_str(ctx->plan, args->target);
	HK_FD int fd = where ? hk_root_open(ctx->rootfd, where, O_PATH) : -EINVAL;
	int r;

	if (fd < 0)
		return hk_fail(err, -fd, "open the mount '%s'", where ? where : "");
	r = hk_tree_attrs(fd, false, args->attrs_set, args->attrs_clear);
	/* EBUSY: something is just being written; hooks may have left a process behind */
	for (int tries = 0; r == -EBUSY && tries < 5; tries++) {
		(void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
		r = hk_tree_attrs(fd, false, args->attrs_set, args->attrs_clear);
	}
	return r < 0 ? hk_fail(err, -r, "change the mount attributes of '%s'", where) : 0;
}
