/* The block that becomes a plan: strings, arrays and steps are appended, then it is put together.
 *
 * After memory ran out, failed is set and every later call does nothing: check once, at the end. */
#ifndef HK_PLAN_BLOB_H
#define HK_PLAN_BLOB_H

#include "base/mem.h"
#include "plan/plan.h"

#include <stdbool.h>

/* Zero-initialise. */
struct hk_blob {
	unsigned char *data; /* begins with room for struct hk_plan */
	size_t len;
	size_t cap;
	struct hk_step *steps;
	size_t step_count;
	size_t step_cap;
	bool failed;
};

/* NULL is the absent string. */
hk_ref_str hk_blob_str(struct hk_blob *blob, const char *s);
hk_ref_str hk_blob_printf(struct hk_blob *blob, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
hk_ref_strs hk_blob_strs(struct hk_blob *blob, const char *const *items, size_t count);
hk_ref_u32s hk_blob_u32s(struct hk_blob *blob, const uint32_t *items, size_t count);
hk_ref_bytes hk_blob_bytes(struct hk_blob *blob, const void *bytes, size_t size);

/* args: the kind's struct. property may be absent. */
void hk_blob_step(
	struct hk_blob *blob, enum hk_step_kind kind, hk_ref_str property, const void *args);

/* HK_STEP(blob, MASK, mask, property, .path = ...) */
#define HK_STEP(blob, upper, lower, property, ...)                                                 \
	hk_blob_step(blob, HK_STEP_##upper, property, &(struct hk_step_##lower){__VA_ARGS__})

/* The whole block, in arena; NULL when memory is out. */
const struct hk_plan *hk_blob_finish(
	struct hk_blob *blob, uint64_t clone_flags, struct hk_arena *arena);
void hk_blob_done(struct hk_blob *blob);

#endif
