/* The arena: blocks of growing size, newest first. Not part of the init image. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FIRST_BLOCK   ((size_t)4 << 10)
#define LARGEST_BLOCK ((size_t)1 << 20)
#define ALIGNMENT     _Alignof(max_align_t)

struct hk_arena_block {
	struct hk_arena_block *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) char data[];
};

static struct hk_arena_block *grow(struct hk_arena *arena, size_t need)
{
	size_t size = arena->last ? arena->last->size * 2 : FIRST_BLOCK;
	struct hk_arena_block *block;

	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	if (size < need)
		size = need;
	/* not calloc: what is never allocated of it, the kernel never has to find a page for */
	block = malloc(sizeof(*block) + size);
	if (!block)
		return NULL;
	block->next = arena->last;
	block->used = 0;
	block->size = size;
	arena->last = block;
	return block;
}

void *hk_arena_alloc(struct hk_arena *arena, size_t size)
{
	struct hk_arena_block *block = arena->last;
	void *p;

	if (size > (SIZE_MAX >> 1))
		return NULL;
	size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (!block || block->size - block->used < size)
		block = grow(arena, size);
	if (!block)
		return NULL;
	p = block->data + block->used;
	block->used += size;
	return memset(p, 0, size);
}

void *hk_arena_array(struct hk_arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return hk_arena_alloc(arena, total);
}

char *hk_arena_strndup(struct hk_arena *arena, const char *s, size_t len)
{
	char *copy = hk_arena_alloc(arena, len + 1);

	if (copy)
		memcpy(copy, s, len); /* the arena's memory is zeroed: the end is there */
	return copy;
}

void *hk_arena_grow(
	struct hk_arena *arena, const void *items, size_t count, size_t *cap, size_t size)
{
	size_t larger = *cap ? 2 * *cap : 16;
	void *copy = hk_arena_array(arena, larger, size);

	if (!copy)
		return NULL;
	if (count)
		memcpy(copy, items, count * size);
	*cap = larger;
	return copy;
}

char *hk_arena_strdup(struct hk_arena *arena, const char *s)
{
	return hk_arena_strndup(arena, s, strlen(s));
}

char *hk_arena_printf(struct hk_arena *arena, const char *fmt, ...)
{
	va_list ap, again;
	char *s = NULL;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n >= 0)
		s = hk_arena_alloc(arena, (size_t)n + 1);
	if (s)
		(void)vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return s;
}

void hk_arena_clear(struct hk_arena *arena)
{
	struct hk_arena_block *newest = arena->last;
	struct hk_arena older = {.last = newest ? newest->next : NULL};

	hk_arena_done(&older);
	if (!newest)
		return;
	newest->used = 0;
	newest->next = NULL;
}

void hk_arena_done(struct hk_arena *arena)
{
	while (arena->last) {
		struct hk_arena_block *block = arena->last;

		arena->last = block->next;
		free(block);
	}
}
