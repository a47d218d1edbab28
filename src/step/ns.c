/* Entering and making namespaces. */
#include "step/step.h"

#include "base/fd.h"
#include "base/sys.h"
#include "step/ids.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>

static const char *type_name(uint64_t type)
{
	switch (type) {
	case HK_CLONE_NEWTIME:
		return "time";
	case HK_CLONE_NEWNS:
		return "mount";
	case HK_CLONE_NEWCGROUP:
		return "cgroup";
	case HK_CLONE_NEWUTS:
		return "uts";
	case HK_CLONE_NEWIPC:
		return "ipc";
	case HK_CLONE_NEWUSER:
		return "user";
	case HK_CLONE_NEWPID:
		return "pid";
	case HK_CLONE_NEWNET:
		return "network";
	}
	return "unknown";
}

int hk_step_ns_join(struct hk_ctx *ctx, const struct hk_step_ns_join *args, struct hk_err *err)
{
	int *fd = &ctx->slots[args->slot];

	if (*fd < 0)
		return hk_refuse(err, EBADF, "the %s namespace to join did not come with the plan",
			type_name(args->type));
	if (setns(*fd, (int)args->type) < 0)
		return hk_fail(err, errno, "join the %s namespace", type_name(args->type));
	hk_close(fd);
	/* a user namespace gives other capabilities */
	return args->type == HK_CLONE_NEWUSER ? hk_ctx_guard(ctx, err) : 0;
}

int hk_step_ns_enter(struct hk_ctx *ctx, const struct hk_step_ns_enter *args, struct hk_err *err)
{
	int *pidfd = &ctx->slots[HK_SLOT_INIT];

	if (*pidfd < 0)
		return hk_refuse(
			err, EBADF, "the container's first process did not come with the plan");
	if (setns(*pidfd, (int)args->flags) < 0) {
		if (errno == ESRCH)
			return hk_refuse(err, ESRCH, "cannot exec in a stopped container");
		return hk_fail(err, errno, "enter the container's namespaces");
	}
	hk_close(pidfd);
	/* a user namespace gives other capabilities */
	return args->flags & HK_CLONE_NEWUSER ? hk_ctx_guard(ctx, err) : 0;
}

/* The runtime can write our maps only while our files in /proc belong to our user. */
static int ask_for_maps(struct hk_ctx *ctx, struct hk_err *err)
{
	int r;

	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return hk_fail(err, errno, "make the init stage dumpable");
	r = hk_ctx_ask(ctx, HK_MSG_MAP_IDS, NULL, NULL, err);
	return r < 0 ? r : hk_ctx_guard(ctx, err);
}

int hk_step_ns_unshare(
	struct hk_ctx *ctx, const struct hk_step_ns_unshare *args, struct hk_err *err)
{
	char names[128] = "";
	size_t len = 0;

	if (unshare((int)args->flags) == 0)
		return args->flags & HK_CLONE_NEWUSER ? ask_for_maps(ctx, err) : 0;
	for (uint64_t bit = 1; bit <= HK_CLONE_NEWNET; bit <<= 1) {
		if (args->flags & bit && len < sizeof(names))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
				len ? ", " : "", type_name(bit));
	}
	return hk_fail(err, errno, "make new namespaces (%s)", names);
}

int hk_step_become_root(
	struct hk_ctx *ctx, const struct hk_step_become_root *args, struct hk_err *err)
{
	int r = args->keep_groups ? 0 : hk_set_groups(ctx, NULL, 0, args->set_groups, err);

	if (r == 0)
		r = hk_set_ids(0, 0, err);
	return r < 0 ? r : hk_ctx_guard(ctx, err);
}

int hk_step_time_offsets(
	struct hk_ctx *ctx, const struct hk_step_time_offsets *args, struct hk_err *err)
{
	char text[160];
	int len = 0, r;

	if (args->has_monotonic)
		len = snprintf(text, sizeof(text), "monotonic %" PRId64 " %" PRIu32 "\n",
			args->monotonic_sec, args->monotonic_nsec);
	if (args->has_boottime)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
			"boottime %" PRId64 " %" PRIu32 "\n", args->boottime_sec,
			args->boottime_nsec);
	if (len == 0)
		return 0;
	r = hk_ctx_write_self(ctx, "self/timens_offsets", text);
	return r < 0 ? hk_fail(err, -r, "write /proc/self/timens_offsets") : 0;
}
