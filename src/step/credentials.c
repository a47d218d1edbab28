/* Becoming the container's user with no more capabilities than it may have. */
#include "step/ids.h"
#include "step/step.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAP_BITS 64

struct cap_sets {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
};

static int get_caps(struct cap_sets *ret)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	ret->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	ret->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	ret->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static int set_caps(const struct cap_sets *sets)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{(uint32_t)sets->effective, (uint32_t)sets->permitted, (uint32_t)sets->inheritable},
		{(uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32),
			(uint32_t)(sets->inheritable >> 32)},
	};

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* Needs CAP_SETPCAP: before the user is switched. */
static int limit_bounding_set(uint64_t keep, struct hk_err *err)
{
	for (int cap = 0; cap < CAP_BITS; cap++) {
		if (keep >> cap & 1 || prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL) /* the kernel's last one was before this */
			return 0;
		if (errno == EPERM && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 0)
			continue; /* was gone already */
		return hk_fail(err, errno, "drop capability %d from the bounding set", cap);
	}
	return 0;
}

/* Only what is permitted and inheritable can be ambient: what config.json has too much is left out
 * with a warning, as runc does. */
static int raise_ambient(
	struct hk_ctx *ctx, const struct hk_step_credentials *args, struct hk_err *err)
{
	uint64_t possible = args->permitted & args->inheritable;

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return hk_fail(err, errno, "clear the ambient capabilities");
	if (args->ambient & ~possible)
		hk_ctx_warn(ctx,
			"process.capabilities.ambient has what is not both permitted and "
			"inheritable, which is left out (mask %#llx)",
			(unsigned long long)(args->ambient & ~possible));
	for (int cap = 0; cap < CAP_BITS; cap++)
		if ((args->ambient & possible) >> cap & 1 &&
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return hk_fail(err, errno, "make capability %d ambient", cap);
	return 0;
}

static int apply_caps(
	struct hk_ctx *ctx, const struct hk_step_credentials *args, struct hk_err *err)
{
	const struct cap_sets wanted = {args->effective, args->permitted, args->inheritable};
	struct cap_sets got = {0};
	int r = set_caps(&wanted);

	if (r < 0) {
		(void)hk_fail(err, -r, "set the capabilities");
		hk_err_hint(err, "the runtime can give only the capabilities that it has itself");
		return r;
	}
	r = raise_ambient(ctx, args, err);
	if (r < 0)
		return r;
	r = get_caps(&got);
	if (r < 0)
		return hk_fail(err, -r, "read the capabilities back");
	if (got.effective & ~wanted.effective || got.permitted & ~wanted.permitted ||
		got.inheritable & ~wanted.inheritable)
		return hk_refuse(err, EPERM, "more capabilities are left than were asked for");
	return 0;
}

static int switch_user(
	struct hk_ctx *ctx, const struct hk_step_credentials *args, struct hk_err *err)
{
	const gid_t *gids = hk_plan_u32s(ctx->plan, args->gids);
	int r = 0;

	if (!args->keep_groups)
		r = hk_set_groups(ctx, gids, args->gids.count, args->set_groups, err);
	return r < 0 ? r : hk_set_ids(args->uid, args->gid, err);
}

int hk_step_credentials(
	struct hk_ctx *ctx, const struct hk_step_credentials *args, struct hk_err *err)
{
	int r = limit_bounding_set(args->bounding, err);

	if (r < 0)
		return r;
	/* setresuid would clear the permitted set with the last uid 0 */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return hk_fail(err, errno, "keep capabilities over the switch of users");
	r = switch_user(ctx, args, err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return hk_fail(err, errno, "end keeping capabilities");
	r = apply_caps(ctx, args, err);
	if (r < 0)
		return r;
	ctx->switched = true;
	return hk_ctx_guard(ctx, err);
}
