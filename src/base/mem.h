/* Memory: scoped heap pointers, and an arena for data that lives and dies together. */
#ifndef HK_BASE_MEM_H
#define HK_BASE_MEM_H

#include <stdlib.h>
#include <stddef.h>

/* free()d when it leaves its scope; initialise it at the declaration. */
#define HK_FREE __attribute__((cleanup(hk_free_pointer)))

static inline void hk_free_pointer(void *p)
{
	free(*(void **)p);
}

#define HK_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Everything allocated from an arena is zeroed, aligned for any type, and freed at once.
 * Zero-initialise it. Allocations return NULL when memory is out. */
struct hk_arena {
	struct hk_arena_block *last;
};

void *hk_arena_alloc(struct hk_arena *arena, size_t size);
/* count * size, NULL on overflow. */
void *hk_arena_array(struct hk_arena *arena, size_t count, size_t size);
/* A larger copy of an array that is full: count of *cap, which grows. NULL: all is as it was. */
void *hk_arena_grow(struct hk_arena *arena, const void *items, size_t count, size_t *cap, size_t size);
char *hk_arena_strdup(struct hk_arena *arena, const char *s);
char *hk_arena_strndup(struct hk_arena *arena, const char *s, size_t len);
char *hk_arena_printf(struct hk_arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Free all that was allocated, but keep memory for what comes next: for loops. */
void hk_arena_clear(struct hk_arena *arena);
void hk_arena_done(struct hk_arena *arena);

#endif
