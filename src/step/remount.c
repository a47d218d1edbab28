/* Changes of what is mounted already. */
#include "step/attach.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "step/fsconfig.h"
#include "step/visit.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

/* The file system, for everybody who has it mounted. */
static int reconfigure(int mount, const char *options, const char *where, struct hk_err *err)
{
	HK_FD int fs = hk_sys_fspick(mount);
	int r;

	if (fs < 0)
		return hk_fail(err, -fs, "pick the file system of '%s'", where);
	r = hk_fsconfig_options(fs, options, err);
	if (r < 0)
		return r;
	r = hk_sys_fsconfig(fs, HK_FSCONFIG_CMD_RECONFIGURE, NULL, NULL);
	if (r == 0)
		return 0;
	r = hk_fail(err, -r, "remount the file system of '%s' with '%s'", where, options);
	if (r == -EPERM)
		hk_err_hint(err,
			"in a user namespace only the options of what was mounted in it can "
			"be changed");
	else
		hk_fsconfig_hint(fs, err);
	return r;
}

static int change_attrs(int mount, const struct hk_step_remount *args)
{
	int r = hk_tree_attrs(mount, false, args->attrs_set, args->attrs_clear);

	return r < 0 ? r : hk_tree_attrs(mount, true, args->rec_set, args->rec_clear);
}

static int remount(int mount, const char *where, const char *options,
	const struct hk_step_remount *args, struct hk_err *err)
{
	int r = options ? reconfigure(mount, options, where, err) : 0;

	if (r < 0)
		return r;
	r = change_attrs(mount, args);
	/* EBUSY: something is just being written; hooks may have left a process behind */
	for (int tries = 0; r == -EBUSY && tries < 5; tries++) {
		(void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
		r = change_attrs(mount, args);
	}
	if (r < 0) {
		r = hk_fail(err, -r, "change the mount attributes of '%s'", where);
		if (r == -EINVAL)
			hk_err_hint(err, "nothing is mounted there");
		return r;
	}
	return hk_tree_propagate(mount, args->rec_propagation, args->propagation, where, err);
}

/* Of a running container's mounts only one that we have put there ourselves is changed, whatever
 * its name leads to by now. */
static int remount_visited(struct hk_ctx *ctx, const char *where, const char *options,
	const struct hk_step_remount *args, struct hk_err *err)
{
	int mount = hk_visit_find(ctx, where), r, left;

	if (mount < 0)
		return hk_refuse(err, ENOENT, "nothing was mounted on '%s' here", where);
	r = hk_visit_enter(ctx, err);
	if (r < 0)
		return r;
	r = remount(mount, where, options, args, err);
	left = hk_visit_leave(ctx, r < 0 ? NULL : err);
	return r < 0 ? r : left;
}

int hk_step_remount(struct hk_ctx *ctx, const struct hk_step_remount *args, struct hk_err *err)
{
	const char *where = hk_plan_str(ctx->plan, args->target);
	const char *options = hk_plan_str(ctx->plan, args->sb_options);
	HK_FD int mount = -1;
	int known;

	if (!where)
		return hk_refuse(err, EINVAL, "a remount without a target");
	if (ctx->visit.theirs >= 0)
		return remount_visited(ctx, where, options, args, err);
	/* another container may share the volume that the mount point is in, and lead the name
	 * elsewhere */
	known = hk_visit_find(ctx, where);
	if (known >= 0)
		return remount(known, where, options, args, err);
	mount = hk_root_open(ctx->rootfd, where, O_PATH);
	if (mount < 0)
		return hk_fail(err, -mount, "open the mount '%s'", where);
	return remount(mount, where, options, args, err);
}
