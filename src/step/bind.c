/* Bind mounts. */
#include "step/attach.h"

#include "base/fd.h"
#include "base/sys.h"
#include "step/mount_point.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int ask_for_source(struct hk_ctx *ctx, struct hk_err *err)
{
	struct hk_msg_step question = {.step = ctx->index};
	int tree = -1;
	int r = hk_ctx_ask(ctx, HK_MSG_WANT_SOURCE, &question, &tree, err);

	return r < 0 ? r : tree;
}

/* A detached copy of the bind's source. In a user namespace we may not reach what the runtime can,
 * and only who owns the file system may map its ids: then it opens that for us. */
static int open_source(
	struct hk_ctx *ctx, const struct hk_step_bind *args, const char *source, struct hk_err *err)
{
	int tree, r;

	if (args->how & (HK_MOUNT_IDMAP | HK_MOUNT_IDMAP_TREE))
		return ask_for_source(ctx, err);
	tree = hk_sys_open_tree(
		AT_FDCWD, source, HK_OPEN_TREE_CLONE | (args->recursive ? HK_AT_RECURSIVE : 0));
	if (tree == -EACCES)
		return ask_for_source(ctx, err);
	if (tree >= 0)
		return tree;
	r = hk_fail(err, -tree, "open the bind mount's source '%s'", source);
	if (tree == -EINVAL && !args->recursive)
		hk_err_hint(err, "there are mounts below it that a user namespace may not uncover: "
				 "use rbind");
	return r;
}

static int set_bind_attrs(
	int tree, const struct hk_step_bind *args, const char *where, struct hk_err *err)
{
	int r = hk_tree_attrs(tree, false, args->attrs_set, args->attrs_clear);

	if (r == 0)
		r = hk_tree_attrs(tree, true, args->rec_set, args->rec_clear);
	if (r == 0)
		return 0;
	r = hk_fail(err, -r, "set the attributes of '%s'", where);
	if (r == -EPERM)
		hk_err_hint(err,
			"a user namespace cannot clear the ro, nosuid, nodev, noexec or atime "
			"flags that the source's mount has");
	return r;
}

int hk_step_bind(struct hk_ctx *ctx, const struct hk_step_bind *args, struct hk_err *err)
{
	const char *source = hk_plan_str(ctx->plan, args->source);
	const char *where = hk_plan_str(ctx->plan, args->target);
	HK_FD int target = -1, tree = -1;
	struct stat st;
	int r;

	if (!source || !where)
		return hk_refuse(err, EINVAL, "a bind mount without a source or a target");
	tree = open_source(ctx, args, source, err);
	if (tree < 0)
		return tree;
	if (fstat(tree, &st) < 0)
		return hk_fail(err, errno, "look at the bind mount's source '%s'", source);
	target = hk_mount_point(ctx, where, args->how, S_ISDIR(st.st_mode),
		strcmp(where, "/proc") == 0 && hk_fd_is_fs(tree, HK_PROC_SUPER_MAGIC), err);
	if (target < 0)
		return target;
	r = set_bind_attrs(tree, args, where, err);
	if (r < 0)
		return r;
	r = hk_tree_put(
		ctx, tree, target, where, args->how, args->rec_propagation, args->propagation, err);
	if (r < 0)
		hk_err_prefix(err, "bind '%s': ", source);
	return r;
}
