/* Any bytes as a config.json: read, validated, compiled to a plan for a host that is always the
 * same.
 *
 * Whatever the bytes are, an error is one short printable line; the same bytes give the same plan
 * or error again; a plan is one that the init stage's checker and the order's rules accept; and
 * `check` has a finding just where `create` has an error.
 *
 * Without a fuzzer this is a program that runs files, or all files of directories. With one (clang
 * and bash; NEW is an empty directory for what it finds):
 *
 *   clang -g -O1 -std=gnu17 -Ulinux -D_GNU_SOURCE -DHAKO_FUZZER \
 *       -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
 *       -Isrc -Iinclude -Ibuild/include tests/fuzz/config.c src/{base,json,spec,plan}/[a-z]*.c \
 *       src/lib/{error,hints}.c $(pkg-config --cflags --libs yajl libseccomp) -o fuzz-config
 *   ./fuzz-config -timeout=10 -max_len=16384 -dict=tests/fuzz/config.dict NEW \
 *       tests/fuzz/corpus/config tests/unit/spec/data
 */
#include "corpus.h"
#include "texts.h"

#include "base/findings.h"
#include "base/mem.h"
#include "plan/build.h"
#include "plan/order.h"
#include "plan/seccomp.h"
#include "spec/annotations.h"
#include "spec/spec.h"

#include <fcntl.h>
#include <string.h>

/* What became of one text. */
struct outcome {
	struct hk_spec spec;
	struct hk_arena arena;
	const struct hk_plan *plan;
	bool valid; /* as far as one can see without a host */
	int r;
	struct hk_err err;
};

static int make_plan(struct outcome *o)
{
	static const struct hk_cgroup_mount cgroup = {"", NULL, "/sys/fs/cgroup/box", NULL, true};
	struct hk_plan_options options = {.id = "box",
		.bundle = "/b",
		.rootfs = "/b/rootfs",
		.cgroup_mounts = &cgroup,
		.cgroup_mount_count = 1};
	struct hk_seccomp_filter filter = {0};
	int r = 0;

	if (o->spec.linux.seccomp)
		r = hk_seccomp_compile(o->spec.linux.seccomp, &o->arena, &filter, &o->err);
	if (r < 0)
		return r;
	options.seccomp_filter = filter.instructions;
	options.seccomp_size = filter.size;
	options.seccomp_flags = filter.flags;
	options.seccomp_notify = filter.notify;
	return hk_plan_build(&o->spec, &fuzz_host, &options, &o->arena, &o->plan, &o->err);
}

static void run(const uint8_t *data, size_t size, struct outcome *o)
{
	*o = (struct outcome){0};
	hk_spec_init(&o->spec);
	o->r = hk_spec_parse((const char *)data, size, "config.json", &o->spec, &o->err);
	if (o->r == 0)
		o->r = hk_spec_validate(&o->spec, &o->err);
	o->valid = o->r == 0;
	if (o->r == 0)
		o->r = make_plan(o);
	if (o->r < 0)
		hk_spec_locate(&o->spec, &o->err);
}

static void done(struct outcome *o)
{
	hk_arena_done(&o->arena);
	hk_spec_done(&o->spec);
}

static void check_plan(struct outcome *o)
{
	o->r = hk_plan_check(o->plan, o->plan->size, &o->err);
	require(o->r == 0, "a plan that the init stage refuses", &o->err);
	o->r = hk_plan_check_order(o->plan, &o->err);
	require(o->r == 0, "a plan in the wrong order", &o->err);
}

static void check_again(const uint8_t *data, size_t size, const struct outcome *first)
{
	struct outcome o;

	run(data, size, &o);
	require(o.r == first->r && !memcmp(&o.err, &first->err, sizeof(o.err)),
		"another error the second time", &o.err);
	require(!o.plan == !first->plan, "no plan the second time", &o.err);
	require(!o.plan || (o.plan->size == first->plan->size &&
				   !memcmp(o.plan, first->plan, o.plan->size)),
		"another plan the second time", &o.err);
	done(&o);
}

static void check_findings(const uint8_t *data, size_t size, const struct outcome *o)
{
	struct hk_err scratch = {0};
	struct hk_findings findings = HK_ALL_FINDINGS(&scratch);
	struct hk_spec spec;
	int r;

	hk_spec_init(&spec);
	r = hk_spec_read_all(AT_FDCWD, file_with(data, size), &spec, &findings);
	if (r == 0)
		r = hk_spec_examine(&spec, &findings);
	require((r == 0 && findings.count == 0) == o->valid, "check and create disagree", &o->err);
	hk_findings_done(&findings);
	hk_spec_done(&spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome o;

	run(data, size, &o);
	if (o.r < 0)
		check_error(o.r, &o.err);
	check_again(data, size, &o);
	check_findings(data, size, &o);
	if (o.plan)
		check_plan(&o);
	done(&o);
	return 0;
}
