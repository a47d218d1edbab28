/* Appending to the block that becomes a plan. Offsets count from the header's first byte, so that
 * finishing is one copy. */
#include "plan/blob.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_SIZE ((size_t)8 << 10)

static bool reserve(struct hk_blob *blob, size_t size)
{
	size_t cap = blob->cap ? blob->cap : FIRST_SIZE;
	unsigned char *data;

	if (size > UINT32_MAX / 2 || blob->len > UINT32_MAX / 2)
		blob->failed = true;
	if (blob->failed)
		return false;
	if (!blob->len)
		blob->len = sizeof(struct hk_plan);
	while (cap < blob->len + size)
		cap *= 2;
	if (cap == blob->cap)
		return true;
	data = realloc(blob->data, cap);
	if (!data) {
		blob->failed = true;
		return false;
	}
	blob->data = data;
	blob->cap = cap;
	return true;
}

/* Room for size bytes, zeroed; its offset, or 0 when memory is out. */
static uint32_t append(struct hk_blob *blob, const void *bytes, size_t size, size_t alignment)
{
	size_t padding;
	size_t offset;

	if (!reserve(blob, size + alignment))
		return 0;
	padding = (alignment - blob->len % alignment) % alignment;
	memset(blob->data + blob->len, 0, padding);
	offset = blob->len + padding;
	if (bytes)
		memcpy(blob->data + offset, bytes, size);
	else
		memset(blob->data + offset, 0, size);
	blob->len = offset + size;
	return (uint32_t)offset;
}

hk_ref_str hk_blob_str(struct hk_blob *blob, const char *s)
{
	if (!s)
		return (hk_ref_str){0};
	return (hk_ref_str){append(blob, s, strlen(s) + 1, 1)};
}

hk_ref_str hk_blob_printf(struct hk_blob *blob, const char *fmt, ...)
{
	char text[1024]; /* JSON pointers and the id: what is longer is not made here */
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text)) {
		blob->failed = true;
		return (hk_ref_str){0};
	}
	return hk_blob_str(blob, text);
}

hk_ref_strs hk_blob_strs(struct hk_blob *blob, const char *const *items, size_t count)
{
	uint32_t offsets;

	if (!count)
		return (hk_ref_strs){0};
	offsets = append(blob, NULL, count * sizeof(uint32_t), _Alignof(uint32_t));
	for (size_t i = 0; i < count; i++) {
		uint32_t offset = hk_blob_str(blob, items[i]).offset;

		if (blob->failed)
			return (hk_ref_strs){0};
		memcpy(blob->data + offsets + i * sizeof(offset), &offset, sizeof(offset));
	}
	return (hk_ref_strs){offsets, (uint32_t)count};
}

hk_ref_u32s hk_blob_u32s(struct hk_blob *blob, const uint32_t *items, size_t count)
{
	if (!count)
		return (hk_ref_u32s){0};
	return (hk_ref_u32s){
		append(blob, items, count * sizeof(*items), _Alignof(uint32_t)), (uint32_t)count};
}

hk_ref_bytes hk_blob_bytes(struct hk_blob *blob, const void *bytes, size_t size)
{
	if (!size)
		return (hk_ref_bytes){0};
	return (hk_ref_bytes){append(blob, bytes, size, HK_FIELD_SLOT), (uint32_t)size};
}

static size_t field_size(enum hk_field_type type)
{
	return type == HK_FIELD_u32 || type == HK_FIELD_str ? sizeof(uint32_t) : HK_FIELD_SLOT;
}

/* Field by field: what the compiler left in the gaps is not the plan's. */
static uint32_t append_args(struct hk_blob *blob, const struct hk_step_info *info, const void *args)
{
	uint32_t offset = append(blob, NULL, info->size, HK_FIELD_SLOT);

	for (uint32_t i = 0; i < info->field_count && !blob->failed; i++)
		memcpy(blob->data + offset + i * HK_FIELD_SLOT,
			(const char *)args + i * HK_FIELD_SLOT, field_size(info->fields[i].type));
	return offset;
}

void hk_blob_step(
	struct hk_blob *blob, enum hk_step_kind kind, hk_ref_str property, const void *args)
{
	uint32_t offset = append_args(blob, &hk_step_infos[kind], args);

	if (blob->step_count == blob->step_cap && !blob->failed) {
		size_t cap = blob->step_cap ? blob->step_cap * 2 : 128;
		struct hk_step *steps = reallocarray(blob->steps, cap, sizeof(*steps));

		if (!steps)
			blob->failed = true;
		else
			blob->steps = steps;
		blob->step_cap = cap;
	}
	if (blob->failed)
		return;
	blob->steps[blob->step_count++] =
		(struct hk_step){.kind = kind, .property = property.offset, .args = offset};
}

const struct hk_plan *hk_blob_finish(
	struct hk_blob *blob, uint64_t clone_flags, struct hk_arena *arena)
{
	struct hk_plan plan = {
		.magic = HK_PLAN_MAGIC, .version = HK_PLAN_VERSION, .clone_flags = clone_flags};
	void *block;

	plan.steps =
		append(blob, blob->steps, blob->step_count * sizeof(*blob->steps), HK_FIELD_SLOT);
	plan.step_count = (uint32_t)blob->step_count;
	(void)append(blob, NULL, HK_FIELD_SLOT, 1); /* the check wants NUL as the last byte */
	if (blob->failed)
		return NULL;
	plan.size = (uint32_t)blob->len;
	memcpy(blob->data, &plan, sizeof(plan));
	block = hk_arena_alloc(arena, blob->len);
	if (block)
		memcpy(block, blob->data, blob->len);
	return block;
}

void hk_blob_done(struct hk_blob *blob)
{
	free(blob->data);
	free(blob->steps);
	*blob = (struct hk_blob){0};
}
