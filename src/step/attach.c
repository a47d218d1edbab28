/* Detached mounts. */
#include "step/attach.h"

#include "base/fd.h"
#include "base/sys.h"
#include "step/visit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

int hk_tree_clone(int fd, bool recursive)
{
	return hk_sys_open_tree(
		fd, "", HK_OPEN_TREE_CLONE | AT_EMPTY_PATH | (recursive ? HK_AT_RECURSIVE : 0));
}

int hk_tree_attrs(int tree, bool recursive, uint64_t set, uint64_t clear)
{
	struct hk_mount_attr attr = {.attr_set = set, .attr_clr = clear};

	if (!set && !clear)
		return 0;
	/* the access time modes are one number, not bits: all of it is replaced */
	if ((set | clear) & HK_MOUNT_ATTR__ATIME)
		attr.attr_clr |= HK_MOUNT_ATTR__ATIME;
	return hk_sys_mount_setattr(
		tree, "", AT_EMPTY_PATH | (recursive ? HK_AT_RECURSIVE : 0), &attr);
}

static int set_propagation(int tree, bool recursive, uint64_t flags)
{
	/* one at a time; shared behind slave makes a mount that is both */
	static const uint64_t types[] = {MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED};
	unsigned int at = AT_EMPTY_PATH | (recursive ? HK_AT_RECURSIVE : 0);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct hk_mount_attr attr = {.propagation = types[i]};
		int r;

		if (!(flags & types[i]))
			continue;
		r = hk_sys_mount_setattr(tree, "", at, &attr);
		if (r < 0)
			return r;
	}
	return 0;
}

int hk_tree_propagate(
	int tree, uint64_t whole, uint64_t itself, const char *where, struct hk_err *err)
{
	int r = set_propagation(tree, true, whole);

	if (r == 0)
		r = set_propagation(tree, false, itself);
	return r < 0 ? hk_fail(err, -r, "set the propagation of '%s'", where) : 0;
}

int hk_tree_attach(int tree, int target)
{
	return hk_sys_move_mount(
		tree, "", target, "", HK_MOVE_MOUNT_F_EMPTY_PATH | HK_MOVE_MOUNT_T_EMPTY_PATH);
}

static int attach_and_propagate(int tree, int target, const char *where, uint64_t rec_propagation,
	uint64_t propagation, struct hk_err *err)
{
	int r = hk_tree_attach(tree, target);

	if (r < 0)
		return hk_fail(err, -r, "mount on '%s'", where);
	return hk_tree_propagate(tree, rec_propagation, propagation, where, err);
}

int hk_tree_put(struct hk_ctx *ctx, int tree, int target, const char *where, uint32_t how,
	uint64_t rec_propagation, uint64_t propagation, struct hk_err *err)
{
	bool visiting = ctx->visit.theirs >= 0;
	int r, left;

	r = visiting || how & HK_MOUNT_CHANGES ? hk_visit_note(ctx, tree, where, err) : 0;
	if (r < 0)
		return r;
	if (!visiting)
		return attach_and_propagate(tree, target, where, rec_propagation, propagation, err);
	ctx->visit.put = true;
	r = hk_visit_enter(ctx, err);
	if (r < 0)
		return r;
	r = attach_and_propagate(tree, target, where, rec_propagation, propagation, err);
	left = hk_visit_leave(ctx, r < 0 ? NULL : err);
	return r < 0 ? r : left;
}

int hk_cover_attach(struct hk_cover *cover, int target)
{
	HK_FD int tree = -1;
	int r;

	if (!cover->attached) {
		r = hk_tree_attach(cover->fd, target);
		cover->attached = r == 0;
		return r;
	}
	tree = hk_tree_clone(cover->fd, false);
	return tree < 0 ? tree : hk_tree_attach(tree, target);
}
