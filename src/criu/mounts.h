/* Which of a container's mounts criu cannot make again by itself. */
#ifndef HK_CRIU_MOUNTS_H
#define HK_CRIU_MOUNTS_H

#include "base/mem.h"
#include "base/mountinfo.h"
#include "json/values.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct hk_err;

/* A mount namespace, in the order of mountinfo. */
struct hk_mounts {
	struct hk_mountinfo *items;
	size_t count;
};

/* From the text of a mountinfo, which is cut up in place. -ENOMEM. */
int hk_mounts_parse(char *text, struct hk_arena *arena, struct hk_mounts *ret);
/* Those of a process; 0: ours. */
int hk_mounts_read(pid_t pid, struct hk_arena *arena, struct hk_mounts *ret, struct hk_err *err);

/* Is that word among the mount's flags? */
bool hk_mount_has_flag(const struct hk_mountinfo *mount, const char *flag);

/* The mount points, in order, of what is mounted from outside: of the host's file systems, but for
 * the root file system, and those like proc, sysfs and mqueue, which criu mounts anew; and of what
 * has no whole file system in the container to be bound from. Each is external: criu is given a
 * source for it when it restores. The kernel tells where they are, nothing that the container can
 * say. -EINVAL where a mount point has a byte in it that criu's way of naming them does not allow.
 */
int hk_mounts_external(const struct hk_mounts *container, const struct hk_mounts *host,
	struct hk_arena *arena, struct hk_strings *ret, struct hk_err *err);

/* Make those mounts of a process's mount namespace read-only. The process must stand still. */
int hk_mounts_make_readonly(pid_t pid, const struct hk_strings *points, struct hk_err *err);

#endif
