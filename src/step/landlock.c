/* Landlock: what the container's processes may do to files, ports and each other, by rules that no
 * privilege lifts again. */
#include "step/ids.h"
#include "step/step.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* What the kernel accepts in a rule for anything but a directory. */
#define FILE_RIGHTS                                                                                \
	(HK_LANDLOCK_EXECUTE | HK_LANDLOCK_WRITE_FILE | HK_LANDLOCK_READ_FILE |                    \
		HK_LANDLOCK_TRUNCATE | HK_LANDLOCK_IOCTL_DEV)

static int add_path(
	struct hk_ctx *ctx, int ruleset, const char *path, uint32_t rights, struct hk_err *err)
{
	int root = hk_ctx_root(ctx, err);
	HK_FD int fd = -1;
	struct stat st;
	int r;

	if (root < 0)
		return root;
	fd = hk_root_open(root, path, O_PATH);
	if (fd < 0 || fstat(fd, &st) < 0)
		return hk_fail(err, fd < 0 ? -fd : errno, "open '%s' for a Landlock rule", path);
	if (!S_ISDIR(st.st_mode))
		rights &= FILE_RIGHTS;
	if (!rights)
		return hk_refuse(err, ENOTDIR,
			"'%s' is no directory, and its Landlock rule is for directories only",
			path);
	r = hk_sys_landlock_add_path(ruleset, rights, fd);
	return r < 0 ? hk_fail(err, -r, "add a Landlock rule for '%s'", path) : 0;
}

static int add_rules(
	struct hk_ctx *ctx, int ruleset, const struct hk_step_landlock *args, struct hk_err *err)
{
	const uint32_t *rights = hk_plan_u32s(ctx->plan, args->path_rights);
	const uint32_t *ports = hk_plan_u32s(ctx->plan, args->ports);
	const uint32_t *port_rights = hk_plan_u32s(ctx->plan, args->port_rights);
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < args->paths.count; i++)
		r = add_path(
			ctx, ruleset, hk_plan_strs_at(ctx->plan, args->paths, i), rights[i], err);
	for (uint32_t i = 0; r == 0 && i < args->ports.count; i++) {
		r = hk_sys_landlock_add_port(ruleset, port_rights[i], ports[i]);
		if (r < 0)
			r = hk_fail(err, -r, "add a Landlock rule for port %u", ports[i]);
	}
	return r;
}

int hk_step_landlock(struct hk_ctx *ctx, const struct hk_step_landlock *args, struct hk_err *err)
{
	const struct hk_landlock_ruleset handled = {
		.handled_access_fs = args->fs,
		.handled_access_net = args->net,
		.scoped = args->scope,
	};
	HK_FD int ruleset = hk_sys_landlock_create_ruleset(&handled);
	int r;

	if (ruleset < 0)
		return hk_fail(err, -ruleset, "make a Landlock ruleset");
	r = add_rules(ctx, ruleset, args, err);
	if (r < 0)
		return r;
	hk_close(&ctx->ruleset);
	ctx->ruleset = hk_take_fd(&ruleset);
	return 0;
}

int hk_step_landlock_restrict(
	struct hk_ctx *ctx, const struct hk_step_landlock_restrict *args, struct hk_err *err)
{
	int r = hk_sys_landlock_restrict_self(ctx->ruleset);

	(void)args;
	if (r < 0)
		return hk_fail(err, -r, "restrict the process by Landlock");
	hk_close(&ctx->ruleset);
	return 0;
}
