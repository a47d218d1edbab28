/* The step kinds' table, and the check that makes a plan safe to follow. Part of the init image:
 * libc only, no allocation. */
#include "plan/plan.h"

#include "base/err.h"
#include "base/idlist.h"

#include <errno.h>
#include <stdbool.h>

#define HK_FIELD(type, name) {#name, HK_FIELD_##type},
#define X(upper, lower, what)                                                                      \
	static const struct hk_step_field lower##_fields[] = {HK_FIELDS_##lower(HK_FIELD)};        \
	_Static_assert(                                                                            \
		sizeof(struct hk_step_##lower) ==                                                  \
			HK_FIELD_SLOT * (sizeof(lower##_fields) / sizeof(lower##_fields[0])),      \
		#lower " has a field that is wider than its slot");
HK_STEP_KINDS(X)
#undef X
#undef HK_FIELD

const struct hk_step_info hk_step_infos[HK_STEP_KIND_COUNT] = {
#define X(upper, lower, what)                                                                      \
	{#lower, what, sizeof(struct hk_step_##lower),                                             \
		sizeof(lower##_fields) / sizeof(lower##_fields[0]), lower##_fields},
	HK_STEP_KINDS(X)
#undef X
};

/* Does [offset, offset + count * size) lie behind the header and inside the block, aligned? */
static bool inside(const struct hk_plan *plan, uint32_t offset, uint64_t count, uint64_t size,
	uint32_t alignment)
{
	return offset >= sizeof(*plan) && offset % alignment == 0 &&
	       offset + count * size <= plan->size;
}

/* The block ends with NUL, so that a string that begins inside ends inside. */
static bool string_ok(const struct hk_plan *plan, uint32_t offset)
{
	return inside(plan, offset, 1, 1, 1);
}

static bool strings_ok(const struct hk_plan *plan, hk_ref_strs ref)
{
	const uint32_t *offsets;

	if (!ref.count)
		return !ref.offset;
	if (!inside(plan, ref.offset, ref.count, sizeof(*offsets), _Alignof(uint32_t)))
		return false;
	offsets = (const uint32_t *)((const char *)plan + ref.offset);
	for (uint32_t i = 0; i < ref.count; i++) {
		if (!string_ok(plan, offsets[i]))
			return false;
	}
	return true;
}

static bool numbers_ok(const struct hk_plan *plan, hk_ref_u32s ref)
{
	if (!ref.count)
		return !ref.offset;
	return inside(plan, ref.offset, ref.count, sizeof(uint32_t), _Alignof(uint32_t));
}

static bool bytes_ok(const struct hk_plan *plan, hk_ref_bytes ref)
{
	if (!ref.size)
		return !ref.offset;
	return inside(plan, ref.offset, ref.size, 1, HK_FIELD_SLOT);
}

static bool field_ok(const struct hk_plan *plan, enum hk_field_type type, const void *field)
{
	switch (type) {
	case HK_FIELD_u32:
	case HK_FIELD_u64:
	case HK_FIELD_i64:
		return true;
	case HK_FIELD_str: {
		const hk_ref_str *ref = field;

		return !ref->offset || string_ok(plan, ref->offset);
	}
	case HK_FIELD_strs:
		return strings_ok(plan, *(const hk_ref_strs *)field);
	case HK_FIELD_u32s:
		return numbers_ok(plan, *(const hk_ref_u32s *)field);
	case HK_FIELD_bytes:
		return bytes_ok(plan, *(const hk_ref_bytes *)field);
	}
	return false;
}

static int malformed(struct hk_err *err, uint32_t step, const char *what)
{
	return hk_refuse(err, EPROTO, "the plan is malformed: step %u: %s", step, what);
}

static bool landlock_pairs_up(const struct hk_step_landlock *args)
{
	return args->paths.count == args->path_rights.count &&
	       args->ports.count == args->port_rights.count;
}

static bool numbers_below(const struct hk_plan *plan, hk_ref_u32s numbers, uint32_t limit)
{
	for (uint32_t i = 0; i < numbers.count; i++)
		if (hk_plan_u32s(plan, numbers)[i] >= limit)
			return false;
	return true;
}

/* What the executor would use as an index, or cannot do without. */
static int check_meaning(const struct hk_plan *plan, uint32_t i, struct hk_err *err)
{
	const struct hk_step *step = &hk_plan_steps(plan)[i];
	const void *args = hk_plan_args(plan, step);
	bool last = i + 1 == plan->step_count;

	if (last != (step->kind == HK_STEP_EXEC || step->kind == HK_STEP_FINISH))
		return malformed(err, i, "exec or finish must come once, and last");
	if (step->kind == HK_STEP_EXEC && !((const struct hk_step_exec *)args)->args.count)
		return malformed(err, i, "exec without a program");
	if (step->kind == HK_STEP_LANDLOCK && !landlock_pairs_up(args))
		return malformed(err, i, "Landlock rights without a path or port");
	if (step->kind == HK_STEP_NS_JOIN &&
		((const struct hk_step_ns_join *)args)->slot >= HK_SLOT_COUNT)
		return malformed(err, i, "a slot that does not exist");
	if (step->kind == HK_STEP_VISIT &&
		((const struct hk_step_visit *)args)->slot >= HK_SLOT_COUNT)
		return malformed(err, i, "a slot that does not exist");
	if (step->kind == HK_STEP_MEMORY_POLICY &&
		!numbers_below(
			plan, ((const struct hk_step_memory_policy *)args)->nodes, HK_NODE_LIMIT))
		return malformed(err, i, "a memory node that does not exist");
	if (step->kind == HK_STEP_AFFINITY &&
		!numbers_below(plan, ((const struct hk_step_affinity *)args)->cpus, HK_CPU_LIMIT))
		return malformed(err, i, "a CPU that does not exist");
	return 0;
}

static int check_step(const struct hk_plan *plan, uint32_t i, struct hk_err *err)
{
	const struct hk_step *step = &hk_plan_steps(plan)[i];
	const struct hk_step_info *info;

	if (step->kind >= HK_STEP_KIND_COUNT)
		return malformed(err, i, "a kind that does not exist");
	if (step->property && !string_ok(plan, step->property))
		return malformed(err, i, "its property is out of bounds");
	info = &hk_step_infos[step->kind];
	if (!inside(plan, step->args, 1, info->size, HK_FIELD_SLOT))
		return malformed(err, i, "its arguments are out of bounds");
	for (uint32_t f = 0; f < info->field_count; f++) {
		const char *field = (const char *)plan + step->args + f * HK_FIELD_SLOT;

		if (!field_ok(plan, info->fields[f].type, field))
			return malformed(err, i, info->fields[f].name);
	}
	return check_meaning(plan, i, err);
}

int hk_plan_check(const void *block, size_t size, struct hk_err *err)
{
	const struct hk_plan *plan = block;
	int r;

	if (size < sizeof(*plan) || size > UINT32_MAX || (uintptr_t)block % HK_FIELD_SLOT)
		return hk_refuse(err, EPROTO, "the plan is malformed: %zu bytes", size);
	if (plan->magic != HK_PLAN_MAGIC || plan->version != HK_PLAN_VERSION || plan->size != size)
		return hk_refuse(err, EPROTO, "the plan is malformed: its header is wrong");
	if (((const char *)block)[size - 1] != '\0')
		return hk_refuse(err, EPROTO, "the plan is malformed: it does not end with NUL");
	if (!plan->step_count ||
		!inside(plan, plan->steps, plan->step_count, sizeof(struct hk_step), HK_FIELD_SLOT))
		return hk_refuse(err, EPROTO, "the plan is malformed: its steps are out of bounds");
	for (uint32_t i = 0; i < plan->step_count; i++) {
		r = check_step(plan, i, err);
		if (r < 0)
			return r;
	}
	return 0;
}
