/* The init stage: receives the plan, runs its steps, and becomes the container's program. */
#include "step/procfs.h"
#include "step/step.h"
#include "step/trace.h"
#include "step/visit.h"

#include "base/fd.h"
#include "base/sys.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_INIT_FAILED 255

static int parse_count(const char *text, uint32_t *ret)
{
	unsigned long value;
	char *end;

	if (!text || text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (*end || errno || value > 1u << 20)
		return -EINVAL;
	*ret = (uint32_t)value;
	return 0;
}

static int protect_ourselves(struct hk_ctx *ctx, struct hk_err *err)
{
	int r = hk_ctx_guard(ctx, err);

	if (r < 0)
		return r;
	r = hk_sys_close_range((unsigned int)ctx->wire.fd, ~0u, HK_CLOSE_RANGE_CLOEXEC);
	if (r < 0)
		return hk_fail(err, -r, "mark file descriptors close-on-exec");
	/* a lost reader must be EPIPE, with an error message */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return hk_fail(err, errno, "ignore SIGPIPE");
	(void)umask(022); /* what we make in the container does not depend on our caller's */
	return 0;
}

static int map_plan(int memfd, const struct hk_plan **ret, struct hk_err *err)
{
	struct stat st;
	void *block;
	int r;

	if (fstat(memfd, &st) < 0)
		return hk_fail(err, errno, "look at the plan");
	if (st.st_size <= 0 || st.st_size > UINT32_MAX)
		return hk_refuse(
			err, EPROTO, "the plan is malformed: %lld bytes", (long long)st.st_size);
	block = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, memfd, 0);
	if (block == MAP_FAILED)
		return hk_fail(err, errno, "map the plan");
	r = hk_plan_check(block, (size_t)st.st_size, err);
	if (r < 0)
		return r;
	*ret = block; /* until exec */
	return 0;
}

static int receive_plan(struct hk_ctx *ctx, struct hk_err *err)
{
	int fds[HK_WIRE_MAX_FDS];
	uint32_t fd_count;
	struct hk_msg msg;
	HK_FD int memfd = -1;
	int r;

	r = hk_wire_receive(&ctx->wire, &msg, fds, &fd_count);
	if (r < 0)
		return hk_fail(err, -r, "receive the plan");
	memfd = fds[0];
	for (uint32_t i = 0; i < msg.payload.plan.slot_count; i++)
		ctx->slots[msg.payload.plan.slots[i]] = fds[1 + i];
	r = map_plan(memfd, &ctx->plan, err);
	return r < 0 ? r : hk_trace_open(ctx, err);
}

static int run_step(struct hk_ctx *ctx, const struct hk_step *step, struct hk_err *err)
{
	const void *args = hk_plan_args(ctx->plan, step);

	switch ((enum hk_step_kind)step->kind) {
#define X(upper, lower, what)                                                                      \
	case HK_STEP_##upper:                                                                      \
		return hk_step_##lower(ctx, args, err);
		HK_STEP_KINDS(X)
#undef X
	case HK_STEP_KIND_COUNT:
		break; /* hk_plan_check refuses it */
	}
	return hk_refuse(err, EPROTO, "step kind %u does not exist", step->kind);
}

/* The executor, not the step, says which step it was and where in config.json it came from. */
static void stamp(const struct hk_ctx *ctx, const struct hk_step *step, struct hk_err *err)
{
	(void)snprintf(err->step, sizeof(err->step), "%s", hk_step_infos[step->kind].name);
	if (step->property)
		(void)hk_err_at(err, "%s", (const char *)ctx->plan + step->property);
}

static int run(struct hk_ctx *ctx, struct hk_err *err)
{
	int r = protect_ourselves(ctx, err);

	if (r == 0)
		r = receive_plan(ctx, err);
	if (r < 0)
		return r;
	for (ctx->index = 0; ctx->index < ctx->plan->step_count; ctx->index++) {
		const struct hk_step *step = &hk_plan_steps(ctx->plan)[ctx->index];

		hk_trace_begin(ctx);
		r = run_step(ctx, step, err);
		hk_trace_end(ctx, r);
		if (r < 0) {
			stamp(ctx, step, err);
			return r;
		}
	}
	return hk_refuse(err, EPROTO, "the plan ended without a program");
}

/* Before `ready` to the runtime that made us, later to the one that starts us. Nobody is left to
 * tell where that fails; the exit status says that something did. */
static void report(struct hk_ctx *ctx, const struct hk_err *error)
{
	struct hk_msg_failed failed = {.error = *error};

	if (ctx->wire.fd >= 0)
		(void)hk_wire_send(&ctx->wire, HK_MSG_FAILED, &failed, NULL, 0);
	else if (ctx->slots[HK_SLOT_RESULT] >= 0)
		(void)hk_write_full(ctx->slots[HK_SLOT_RESULT], error, sizeof(*error));
}

int main(int argc, char **argv)
{
	static struct hk_ctx ctx; /* big, and zeroed by the kernel */
	struct hk_err err = {0};
	int r;

	if (argc != 2 || parse_count(argv[1], &ctx.preserve_fds) < 0)
		return EXIT_INIT_FAILED; /* started by hand: there is no socket to complain on */
	for (int i = 0; i < HK_SLOT_COUNT; i++)
		ctx.slots[i] = -1;
	ctx.rootfd = ctx.parent.fd = ctx.null_cover.fd = ctx.empty_cover.fd = ctx.ruleset = -1;
	ctx.visit.theirs = ctx.visit.ours = -1;
	hk_wire_init(&ctx.wire, 3 + (int)ctx.preserve_fds, false);
	ctx.procfd = hk_procfs_open_mounted();
	if (ctx.procfd < 0)
		r = hk_fail(&err, -ctx.procfd, "open /proc as a procfs");
	else
		r = run(&ctx, &err);
	if (r < 0) {
		hk_visit_undo(&ctx, &err); /* the runtime ends us when it knows */
		report(&ctx, &err);
	}
	return EXIT_INIT_FAILED;
}
