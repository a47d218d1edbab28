/* The program's working directory. */
#include "step/step.h"

#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* libc's getcwd hides what the kernel says of a directory outside of our root: "(unreachable)/...",
 * as after CVE-2024-21626. */
static int check_inside(const char *path, struct hk_err *err)
{
	char cwd[PATH_MAX];

	if (syscall(SYS_getcwd, cwd, sizeof(cwd)) < 0)
		return hk_fail(err, errno, "chdir to cwd (\"%s\") set in config.json failed", path);
	if (cwd[0] != '/')
		return hk_refuse(err, EXDEV,
			"current working directory is outside of container mount namespace root");
	return 0;
}

int hk_step_cwd(struct hk_ctx *ctx, const struct hk_step_cwd *args, struct hk_err *err)
{
	const char *path = hk_plan_str(ctx->plan, args->path);
	int root = hk_ctx_root(ctx, err);
	HK_FD int dir = -1;

	if (root < 0)
		return root;
	if (!path || path[0] != '/')
		return hk_refuse(err, EINVAL, "Cwd must be an absolute path");
	if (ctx->chdir_done) /* and looked at: a seccomp filter that is loaded may forbid getcwd */
		return 0;
	dir = args->make_only ? hk_root_mkdirs(root, path, 0755)
			      : hk_root_open(root, path, O_PATH | O_DIRECTORY);
	if (args->make_only)
		return dir < 0 ? hk_fail(err, -dir, "mkdir cwd (\"%s\")", path) : 0;
	if (dir >= 0 && fchdir(dir) < 0)
		dir = -errno;
	if (dir == -EACCES && !ctx->switched) /* NFS, say: the user may where root may not */
		return 0;
	if (dir < 0)
		return hk_fail(err, -dir, "chdir to cwd (\"%s\") set in config.json failed", path);
	ctx->chdir_done = true;
	return check_inside(path, err);
}
