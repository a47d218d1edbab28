/* User and group ids. The raw system calls: libc would do it in every thread of ours, of which
 * there is one, with all signals blocked meanwhile. */
#include "step/ids.h"

#include "step/procfs.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where these exist, the plain ones take ids of 16 bits. */
#ifdef SYS_setresuid32
#define SETGROUPS SYS_setgroups32
#define SETRESGID SYS_setresgid32
#define SETRESUID SYS_setresuid32
#else
#define SETGROUPS SYS_setgroups
#define SETRESGID SYS_setresgid
#define SETRESUID SYS_setresuid
#endif

/* Asked once: in the end the file may be out of reach. */
static bool setgroups_denied(struct hk_ctx *ctx)
{
	char text[16];

	if (!ctx->setgroups_asked)
		ctx->setgroups_denied = hk_procfs_read(hk_ctx_procfs(ctx, NULL), "self/setgroups",
						text, sizeof(text)) > 0 &&
					strcmp(text, "deny\n") == 0;
	ctx->setgroups_asked = true;
	return ctx->setgroups_denied;
}

int hk_set_groups(
	struct hk_ctx *ctx, const gid_t *gids, size_t count, bool must, struct hk_err *err)
{
	/* an unprivileged user may not drop groups: they may be what denies it something */
	if (!must && setgroups_denied(ctx)) {
		if (count == 0)
			return 0;
		return hk_refuse(
			err, EPERM, "set additional groups: the user namespace denies setgroups");
	}
	if (syscall(SETGROUPS, count, gids) < 0)
		return hk_fail(err, errno, "set the supplementary group ids");
	return 0;
}

int hk_set_ids(uid_t uid, gid_t gid, struct hk_err *err)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (syscall(SETRESGID, gid, gid, gid) < 0)
		return hk_fail(err, errno, "set the group id to %u", gid);
	if (syscall(SETRESUID, uid, uid, uid) < 0)
		return hk_fail(err, errno, "set the user id to %u", uid);
	if (getresgid(&rgid, &egid, &sgid) < 0 || getresuid(&ruid, &euid, &suid) < 0)
		return hk_fail(err, errno, "read the user and group ids");
	if (rgid != gid || egid != gid || sgid != gid || ruid != uid || euid != uid || suid != uid)
		return hk_refuse(
			err, EPERM, "the kernel did not set user id %u and group id %u", uid, gid);
	return 0;
}
