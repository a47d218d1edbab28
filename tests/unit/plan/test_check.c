/* hk_plan_check against plans that are not whole. Meant to be run under AddressSanitizer too. */
#include "plan/describe.h"
#include "plan/make.h"

#include <string.h>

static struct made base;

static int set_up(void **state)
{
	struct hk_facts facts = FACTS(.cgroup_view = HK_CGROUP_VIEW_V1);
	struct hk_plan_options options = OPTIONS(V1_CGROUPS);

	(void)state;
	make(&base,
		"{\"process\":{\"user\":{\"additionalGids\":[5,6]}},\"linux\":{"
		"\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0,1023\"},\"namespaces\":["
		"{\"type\":\"user\",\"path\":\"/n\"},{\"type\":\"mount\"},{\"type\":\"uts\"}]},"
		"\"hooks\":{\"startContainer\":[{\"path\":\"/h\",\"args\":[\"a\",\"b\"]}]}}",
		&facts, &options);
	return base.r;
}

static int tear_down(void **state)
{
	(void)state;
	unmake(&base);
	return 0;
}

/* A copy that ends where its memory ends, so that a sanitizer sees every step too far. */
static struct hk_plan *copy(size_t size)
{
	void *block = NULL;

	assert_int_equal(posix_memalign(&block, 8, size ? size : 1), 0);
	memcpy(block, base.plan, size);
	return block;
}

static void refused(const struct hk_plan *plan, size_t size, const char *why)
{
	struct hk_err err = {0};

	assert_int_equal(hk_plan_check(plan, size, &err), -EPROTO);
	assert_int_equal(err.code, EPROTO);
	assert_non_null(strstr(err.message, "the plan is malformed"));
	assert_non_null(strstr(err.message, why));
}

static void *args_of(struct hk_plan *plan, enum hk_step_kind kind)
{
	return (void *)hk_plan_args(plan, nth(plan, kind, 0));
}

static void test_accepts_what_was_built(void **state)
{
	(void)state;
	assert_int_equal(hk_plan_check(base.plan, base.plan->size, NULL), 0);
}

static void test_truncation(void **state)
{
	size_t end_of_steps = base.plan->steps + base.plan->step_count * sizeof(struct hk_step);

	(void)state;
	for (size_t size = 0; size < base.plan->size; size++) {
		HK_FREE struct hk_plan *plan = copy(size);

		refused(plan, size, "");
		/* the header may lie about it; behind the steps there is only padding */
		if (size >= sizeof(*plan) && size < end_of_steps) {
			plan->size = (uint32_t)size;
			assert_int_equal(hk_plan_check(plan, size, NULL), -EPROTO);
		}
	}
}

/* Follow all that a check has let through. */
static uint64_t walk(const struct hk_plan *plan)
{
	struct hk_strbuf text = {0};
	uint64_t sum;

	hk_plan_describe(plan, &text);
	sum = text.len;
	hk_strbuf_done(&text);
	return sum;
}

static void test_every_byte(void **state)
{
	static const unsigned char flips[] = {0x01, 0x80, 0xff};
	size_t accepted = 0;

	(void)state;
	for (size_t i = 0; i < base.plan->size * HK_COUNT(flips); i++) {
		HK_FREE struct hk_plan *plan = copy(base.plan->size);

		((unsigned char *)plan)[i / HK_COUNT(flips)] ^= flips[i % HK_COUNT(flips)];
		if (hk_plan_check(plan, base.plan->size, NULL) < 0)
			continue;
		accepted++;
		assert_true(walk(plan) > 0);
	}
	assert_true(accepted > 0);
}

static void test_header(void **state)
{
	HK_FREE struct hk_plan *plan = copy(base.plan->size);
	uint32_t size = plan->size;

	(void)state;
	plan->magic++;
	refused(plan, size, "header");
	plan->magic--;
	plan->version++;
	refused(plan, size, "header");
	plan->version--;
	plan->size++;
	refused(plan, size, "header");
	plan->size--;
	plan->step_count = 0;
	refused(plan, size, "steps");
	plan->step_count = UINT32_MAX;
	refused(plan, size, "steps");
	plan->step_count = base.plan->step_count + 1;
	refused(plan, size, "");
	plan->step_count = base.plan->step_count;
	plan->steps = 0;
	refused(plan, size, "steps");
	plan->steps = base.plan->steps + 4;
	refused(plan, size, "steps");
	plan->steps = base.plan->steps;
	assert_int_equal(hk_plan_check(plan, size, NULL), 0);
	((char *)plan)[size - 1] = 'x';
	refused(plan, size, "NUL");
}

static void test_misaligned_block(void **state)
{
	HK_FREE char *memory = malloc(base.plan->size + 8);

	(void)state;
	assert_non_null(memory);
	memcpy(memory + 4, base.plan, base.plan->size);
	refused((struct hk_plan *)(memory + 4), base.plan->size, "bytes");
}

static void test_steps(void **state)
{
	HK_FREE struct hk_plan *plan = copy(base.plan->size);
	struct hk_step *step = (struct hk_step *)hk_plan_steps(plan);
	struct hk_step *last = step + plan->step_count - 1;
	uint32_t size = plan->size;
	struct hk_step saved = *step;

	(void)state;
	step->kind = HK_STEP_KIND_COUNT;
	refused(plan, size, "step 0: a kind");
	*step = saved;
	step->kind = HK_STEP_EXEC;
	refused(plan, size, "step 0");
	*step = saved;
	step->property = size;
	refused(plan, size, "step 0: its property");
	step->property = 1; /* in the header */
	refused(plan, size, "step 0: its property");
	*step = saved;
	step->args = size - 4;
	refused(plan, size, "step 0: its arguments");
	step->args = saved.args + 4;
	refused(plan, size, "step 0: its arguments");
	*step = saved;
	last->kind = HK_STEP_SESSION;
	refused(plan, size, "exec or finish must come once, and last");
}

static void test_fields(void **state)
{
	HK_FREE struct hk_plan *plan = copy(base.plan->size);
	uint32_t size = plan->size;
	struct hk_step_exec *exec = args_of(plan, HK_STEP_EXEC);
	struct hk_step_rootfs *rootfs = args_of(plan, HK_STEP_ROOTFS);
	struct hk_step_credentials *credentials = args_of(plan, HK_STEP_CREDENTIALS);
	struct hk_step_ns_join *join = args_of(plan, HK_STEP_NS_JOIN);
	struct hk_step_exec saved = *exec;

	(void)state;
	exec->args.count = 0;
	refused(plan, size, "args");
	exec->args = (hk_ref_strs){0};
	refused(plan, size, "exec without a program");
	*exec = saved;
	exec->args.count = UINT32_MAX;
	refused(plan, size, "args");
	exec->args.count = 1u << 30; /* times 4 is 0 in 32 bits */
	refused(plan, size, "args");
	*exec = saved;
	((uint32_t *)((char *)plan + exec->env.offset))[0] = size;
	refused(plan, size, "env");
	((uint32_t *)((char *)plan + exec->env.offset))[0] = 0;
	refused(plan, size, "env");
	memcpy(plan, base.plan, size);
	rootfs->source.offset = 8;
	refused(plan, size, "source");
	rootfs->source.offset = size;
	refused(plan, size, "source");
	memcpy(plan, base.plan, size);
	credentials->gids.offset++;
	refused(plan, size, "gids");
	credentials->gids.offset--;
	credentials->gids.count = size;
	refused(plan, size, "gids");
	memcpy(plan, base.plan, size);
	join->slot = HK_SLOT_COUNT;
	refused(plan, size, "slot");
	join->slot = HK_SLOT_COUNT - 1;
	assert_int_equal(hk_plan_check(plan, size, NULL), 0);
}

static void test_filter_is_aligned(void **state)
{
	static const uint64_t filter = 1;
	struct hk_facts facts = FACTS();
	struct hk_plan_options options =
		OPTIONS(.seccomp_filter = &filter, .seccomp_size = sizeof(filter));
	struct hk_step_seccomp *args;
	struct made made;

	(void)state;
	make(&made, NULL, &facts, &options);
	assert_int_equal(made.r, 0);
	args = args_of((struct hk_plan *)made.plan, HK_STEP_SECCOMP);
	assert_int_equal(args->filter.offset % 8, 0);
	assert_memory_equal((const char *)made.plan + args->filter.offset, &filter, sizeof(filter));
	args->filter.offset -= 4;
	refused(made.plan, made.plan->size, "filter");
	args->filter.offset += 4;
	args->filter.size = made.plan->size;
	refused(made.plan, made.plan->size, "filter");
	unmake(&made);
}

static void test_landlock_pairs(void **state)
{
	struct hk_facts facts = FACTS(.landlock_abi = 6);
	struct hk_plan_options options = OPTIONS();
	struct hk_step_landlock *args;
	struct made made;

	(void)state;
	make(&made, "{\"annotations\":{\"dev.hako.landlock\":\"ro:/a,/b;bind_tcp:1,2\"}}", &facts,
		&options);
	assert_int_equal(made.r, 0);
	args = args_of((struct hk_plan *)made.plan, HK_STEP_LANDLOCK);
	args->path_rights.count = 1;
	refused(made.plan, made.plan->size, "Landlock");
	args->path_rights.count = 2;
	args->ports.count = 1;
	refused(made.plan, made.plan->size, "Landlock");
	args->ports.count = 2;
	assert_int_equal(hk_plan_check(made.plan, made.plan->size, NULL), 0);
	unmake(&made);
}

/* The names in the table are those of the structs. */
static void test_step_infos(void **state)
{
	(void)state;
	for (size_t i = 0; i < HK_STEP_KIND_COUNT; i++) {
		const struct hk_step_info *info = &hk_step_infos[i];

		assert_true(info->name[0] && info->what[0]);
		assert_true(strlen(info->name) < sizeof(((struct hk_err *)0)->step));
		assert_int_equal(info->size, info->field_count * HK_FIELD_SLOT);
	}
	assert_string_equal(hk_step_infos[HK_STEP_BIND].name, "bind");
	assert_string_equal(hk_step_infos[HK_STEP_BIND].fields[2].name, "recursive");
	assert_int_equal(offsetof(struct hk_step_bind, recursive), 2 * HK_FIELD_SLOT);
	assert_int_equal(hk_step_infos[HK_STEP_EXEC].fields[0].type, HK_FIELD_strs);
}

static void test_memory_nodes(void **state)
{
	HK_FREE struct hk_plan *plan = copy(base.plan->size);
	struct hk_step_memory_policy *args = args_of(plan, HK_STEP_MEMORY_POLICY);

	(void)state;
	assert_int_equal(args->nodes.count, 2);
	((uint32_t *)hk_plan_u32s(plan, args->nodes))[1]++;
	refused(plan, plan->size, "memory node");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepts_what_was_built),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_misaligned_block),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_filter_is_aligned),
		cmocka_unit_test(test_landlock_pairs),
		cmocka_unit_test(test_memory_nodes),
		cmocka_unit_test(test_step_infos),
	};

	return cmocka_run_group_tests_name("check", tests, set_up, tear_down);
}
