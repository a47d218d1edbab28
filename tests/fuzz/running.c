/* Any bytes as what is given to a container that runs: a process object for exec, a resources
 * object for update, an array of mounts for mounts.
 *
 * Whatever the bytes are, an error is one short printable line; a plan is one that the init stage's
 * checker and the order's rules accept; and a change of resources that is done once more changes
 * nothing.
 *
 * With a fuzzer (NEW is an empty directory for what it finds):
 *
 *   clang -g -O1 -std=gnu17 -Ulinux -D_GNU_SOURCE -DHAKO_FUZZER \
 *       -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
 *       -Isrc -Iinclude -Ibuild/include tests/fuzz/running.c src/{base,json,spec,plan}/[a-z]*.c \
 *       src/lib/{error,hints}.c $(pkg-config --cflags --libs yajl libseccomp) -o fuzz-running
 *   ./fuzz-running -timeout=10 -max_len=4096 -dict=tests/fuzz/config.dict NEW
 * tests/fuzz/corpus/running
 */
#include "corpus.h"
#include "texts.h"

#include "base/findings.h"
#include "base/mem.h"
#include "base/sys.h"
#include "plan/build.h"
#include "plan/order.h"
#include "spec/spec.h"
#include "spec/validate.h"

#include <fcntl.h>

static void check_plan(const struct hk_plan *plan, struct hk_err *err)
{
	require(hk_plan_check(plan, plan->size, err) == 0, "a plan that the init stage refuses",
		err);
}

static int plan_process(struct hk_spec *spec, struct hk_arena *arena, struct hk_err *err)
{
	static const struct hk_plan_options options = {
		.id = "box", .bundle = "/b", .rootfs = "/b/rootfs"};
	static const struct hk_plan_joined joined = {HK_CLONE_NEWNS | HK_CLONE_NEWPID, 42};
	static struct hk_namespace namespaces[] = {
		{.type = HK_NS_MOUNT, .path = "m"}, {.type = HK_NS_PID, .path = "p"}};
	const struct hk_plan *plan;
	int r;

	spec->linux.namespaces = namespaces;
	spec->linux.namespace_count = HK_COUNT(namespaces);
	r = hk_plan_build_exec(spec, &fuzz_host, &options, &joined, arena, &plan, err);
	if (r < 0)
		return r;
	check_plan(plan, err);
	require(hk_plan_check_exec_order(plan, err) == 0, "a plan in the wrong order", err);
	return 0;
}

static void run_process(const uint8_t *data, size_t size)
{
	struct hk_arena arena = {0};
	struct hk_err err = {0};
	struct hk_spec spec;
	int r;

	hk_spec_init(&spec);
	r = hk_spec_read_process(AT_FDCWD, file_with(data, size), &spec, &err);
	if (r == 0)
		r = hk_spec_validate_process(&spec, &err);
	if (r == 0)
		r = plan_process(&spec, &arena, &err);
	if (r < 0) {
		hk_spec_locate(&spec, &err);
		check_error(r, &err);
	}
	hk_arena_done(&arena);
	hk_spec_done(&spec);
}

static bool same_memory(const struct hk_memory *a, const struct hk_memory *b)
{
	if (!a || !b)
		return a == b;
	return a->limit.value == b->limit.value && a->swap.value == b->swap.value &&
	       a->reservation.value == b->reservation.value;
}

static int change_resources(
	const uint8_t *data, size_t size, struct hk_arena *arena, struct hk_err *err)
{
	struct hk_resources change = {0}, again = {0}, once, twice;
	int r = hk_spec_parse_resources((const char *)data, size, "f", arena, &change, err);

	if (r == 0)
		r = hk_resources_change(NULL, &change, arena, &once, err);
	if (r < 0)
		return r;
	r = hk_spec_parse_resources((const char *)data, size, "f", arena, &again, err);
	if (r == 0)
		r = hk_resources_change(&once, &again, arena, &twice, err);
	require(r == 0, "what was changed cannot be changed once more", err);
	require(same_memory(once.memory, twice.memory), "the second change does something", err);
	return 0;
}

static void run_resources(const uint8_t *data, size_t size)
{
	struct hk_arena arena = {0};
	struct hk_err err = {0};
	int r = change_resources(data, size, &arena, &err);

	if (r < 0)
		check_error(r, &err);
	hk_arena_done(&arena);
}

static int plan_mounts(
	enum hk_errand kind, struct hk_spec *spec, struct hk_arena *arena, struct hk_err *err)
{
	struct hk_findings first = HK_FIRST_FINDING(err);
	const struct hk_plan *plan;
	int r = kind == HK_ERRAND_ADD_MOUNTS ? hk_validate_mounts(spec, &first) : 0;

	if (r == 0)
		r = hk_plan_build_errand(kind, spec, &fuzz_host, 0, "/b", arena, &plan, err);
	if (r == 0)
		check_plan(plan, err);
	return r;
}

static void run_mounts(enum hk_errand kind, const uint8_t *data, size_t size)
{
	static struct hk_namespace namespaces[] = {{.type = HK_NS_MOUNT}};
	struct hk_arena arena = {0};
	struct hk_err err = {0};
	struct hk_spec spec;
	int r;

	hk_spec_init(&spec);
	r = hk_spec_parse_mounts((const char *)data, size, "f", &spec, &err);
	spec.linux.namespaces = namespaces;
	spec.linux.namespace_count = HK_COUNT(namespaces);
	if (r == 0)
		r = plan_mounts(kind, &spec, &arena, &err);
	if (r < 0)
		check_error(r, &err);
	hk_arena_done(&arena);
	hk_spec_done(&spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	run_process(data, size);
	run_resources(data, size);
	run_mounts(HK_ERRAND_ADD_MOUNTS, data, size);
	run_mounts(HK_ERRAND_REMOVE_MOUNTS, data, size);
	return 0;
}
