/* Attaching mounts inside the container's root: detached first, with their final attributes, then
 * moved onto a descriptor of the mount point, which no symbolic link can exchange any more. */
#ifndef HK_STEP_ATTACH_H
#define HK_STEP_ATTACH_H

#include "step/step.h"

/* A detached copy of what fd stands on. fd or a negative errno. */
int hk_tree_clone(int fd, bool recursive);

/* Change mount attributes. 0 or a negative errno. */
int hk_tree_attrs(int tree, bool recursive, uint64_t set, uint64_t clear);

/* MS_SHARED, MS_SLAVE, ...: first those of the whole tree, then those of the mount itself. where:
 * its name for errors. 0 or a negative errno with err set. */
int hk_tree_propagate(
	int tree, uint64_t whole, uint64_t itself, const char *where, struct hk_err *err);

/* Put the tree on the mount point; tree names the attached mount afterwards. 0 or a negative
 * errno. */
int hk_tree_attach(int tree, int target);

/* The same in the container's mount namespace, propagation set there as hk_tree_propagate does;
 * where: the mount point's name, which stays; how: enum hk_mount_how. 0 or a negative errno with err
 * set. */
int hk_tree_put(struct hk_ctx *ctx, int tree, int target, const char *where, uint32_t how,
	uint64_t rec_propagation, uint64_t propagation, struct hk_err *err);

/* Put a copy of the cover on the mount point. 0 or a negative errno. */
int hk_cover_attach(struct hk_cover *cover, int target);

#endif
