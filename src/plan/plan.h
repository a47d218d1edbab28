/* The plan: what the init stage will do, as data. A flat array of typed steps, position
 * independent, in one block of memory that crosses to the init stage in a sealed memfd.
 *
 * (spec, facts, options) -> plan is pure (plan/build*.c). The init stage runs hk_plan_check once and
 * may then follow every offset unchecked. */
#ifndef HK_PLAN_PLAN_H
#define HK_PLAN_PLAN_H

#include "plan/steps.h"

#include <stddef.h>
#include <stdint.h>

struct hk_err;

#define HK_PLAN_MAGIC 0x6f6b6168u /* "hako" */
#define HK_PLAN_VERSION 1u

/* Offsets are from the plan's first byte; 0 is "absent". */
typedef uint32_t hk_ref_u32;
typedef uint64_t hk_ref_u64;
typedef int64_t hk_ref_i64;
typedef struct {
	uint32_t offset;
} hk_ref_str;
typedef struct {
	uint32_t offset; /* of count string offsets (uint32_t) */
	uint32_t count;
} hk_ref_strs;
typedef struct {
	uint32_t offset; /* of count numbers (uint32_t) */
	uint32_t count;
} hk_ref_u32s;
typedef struct {
	uint32_t offset;
	uint32_t size;
} hk_ref_bytes;

enum hk_step_kind {
#define X(upper, lower, what) HK_STEP_##upper,
	HK_STEP_KINDS(X)
#undef X
	HK_STEP_KIND_COUNT
};

/* Every field has a slot of 8 bytes of its own, whatever its type: field i stands at 8 * i. */
#define HK_FIELD_SLOT 8u
#define HK_FIELD(type, name) _Alignas(HK_FIELD_SLOT) hk_ref_##type name;
#define X(upper, lower, what)                                                                      \
	struct hk_step_##lower {                                                                   \
		HK_FIELDS_##lower(HK_FIELD)                                                        \
	};
HK_STEP_KINDS(X)
#undef X
#undef HK_FIELD

struct hk_step {
	uint32_t kind;     /* enum hk_step_kind */
	uint32_t property; /* string: JSON pointer it came from; 0: the runtime's own doing */
	uint32_t args;     /* struct hk_step_KIND, 8-aligned */
	uint32_t reserved;
};

/* The block's beginning. */
struct hk_plan {
	uint32_t magic;
	uint32_t version;
	uint32_t size;        /* of the whole block */
	uint32_t step_count;
	uint32_t steps;       /* offset of struct hk_step[step_count] */
	uint32_t reserved;
	uint64_t clone_flags; /* for the clone3 that makes the init stage (runtime's half) */
};

enum hk_field_type {
	HK_FIELD_u32,
	HK_FIELD_u64,
	HK_FIELD_i64,
	HK_FIELD_str,
	HK_FIELD_strs,
	HK_FIELD_u32s,
	HK_FIELD_bytes,
};

struct hk_step_field {
	const char *name;
	enum hk_field_type type;
};

struct hk_step_info {
	const char *name; /* "mount" */
	const char *what; /* "mount a file system" */
	uint32_t size;    /* of the kind's struct */
	uint32_t field_count;
	const struct hk_step_field *fields;
};

extern const struct hk_step_info hk_step_infos[HK_STEP_KIND_COUNT];

/* Magic, version, bounds and alignment of everything, kinds in range, every string ended inside
 * (the block's last byte is NUL), slots and memory nodes in range, exactly one exec, with a program, or
 * finish, and that last.
 * 0 or -EPROTO with err. */
int hk_plan_check(const void *block, size_t size, struct hk_err *err);

/* Behind a successful check. hk_plan_str gives NULL for an absent string. */
static inline const char *hk_plan_str(const struct hk_plan *plan, hk_ref_str ref)
{
	return ref.offset ? (const char *)plan + ref.offset : NULL;
}

static inline const char *hk_plan_strs_at(const struct hk_plan *plan, hk_ref_strs ref, uint32_t i)
{
	const uint32_t *offsets = (const uint32_t *)((const char *)plan + ref.offset);

	return (const char *)plan + offsets[i];
}

static inline const uint32_t *hk_plan_u32s(const struct hk_plan *plan, hk_ref_u32s ref)
{
	return (const uint32_t *)((const char *)plan + ref.offset);
}

static inline const struct hk_step *hk_plan_steps(const struct hk_plan *plan)
{
	return (const struct hk_step *)((const char *)plan + plan->steps);
}

static inline const void *hk_plan_args(const struct hk_plan *plan, const struct hk_step *step)
{
	return (const char *)plan + step->args;
}

#endif
