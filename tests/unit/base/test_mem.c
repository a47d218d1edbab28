/* The arena. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

#include <stdbool.h>
#include <string.h>

static bool is_zeroed(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

/* What was freed before has something in it. */
static void dirty_the_heap(void)
{
	void *blocks[4];

	for (size_t i = 0; i < HK_COUNT(blocks); i++) {
		blocks[i] = malloc((size_t)4 << (10 + i));
		assert_non_null(blocks[i]);
		memset(blocks[i], 0xa5, (size_t)4 << (10 + i));
	}
	for (size_t i = 0; i < HK_COUNT(blocks); i++)
		free(blocks[i]);
}

static void gives_zeroed_and_aligned_memory(void **state)
{
	struct hk_arena arena = {0};

	(void)state;
	dirty_the_heap();
	for (size_t size = 1; size < 3000; size += 37) {
		unsigned char *p = hk_arena_alloc(&arena, size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		assert_true(is_zeroed(p, size));
		memset(p, 0xff, size); /* and it is nobody else's */
	}
	hk_arena_done(&arena);
	assert_null(arena.last);
}

static void gives_more_than_a_block(void **state)
{
	struct hk_arena arena = {0};
	unsigned char *p = hk_arena_alloc(&arena, (size_t)3 << 20);

	(void)state;
	assert_non_null(p);
	assert_true(is_zeroed(p, (size_t)3 << 20));
	hk_arena_done(&arena);
}

static void refuses_what_no_memory_holds(void **state)
{
	struct hk_arena arena = {0};

	(void)state;
	assert_null(hk_arena_alloc(&arena, SIZE_MAX));
	assert_null(hk_arena_array(&arena, SIZE_MAX / 2, 3));
	hk_arena_done(&arena);
}

static void copies_strings(void **state)
{
	struct hk_arena arena = {0};

	(void)state;
	dirty_the_heap();
	assert_string_equal(hk_arena_strndup(&arena, "web-server", 3), "web");
	assert_string_equal(hk_arena_strdup(&arena, ""), "");
	assert_string_equal(hk_arena_printf(&arena, "%s-%d", "web", 7), "web-7");
	hk_arena_done(&arena);
}

static void gives_zeroed_memory_again(void **state)
{
	enum { SIZE = 3000 };
	struct hk_arena arena = {0};

	(void)state;
	hk_arena_clear(&arena); /* nothing yet */
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 20; i++) {
			unsigned char *p = hk_arena_alloc(&arena, SIZE);

			assert_true(is_zeroed(p, SIZE));
			memset(p, 0xff, SIZE);
		}
		hk_arena_clear(&arena);
	}
	hk_arena_done(&arena);
}

static void keeps_memory_when_cleared(void **state)
{
	struct hk_arena arena = {0};
	void *first = hk_arena_alloc(&arena, 100);

	(void)state;
	hk_arena_clear(&arena);
	assert_ptr_equal(hk_arena_alloc(&arena, 100), first);
	hk_arena_done(&arena);
}

static void grows_arrays(void **state)
{
	struct hk_arena arena = {0};
	size_t count = 0, cap = 0;
	int *items = NULL;

	(void)state;
	for (; count < 100; count++) {
		if (count == cap)
			items = hk_arena_grow(&arena, items, count, &cap, sizeof(*items));
		assert_non_null(items);
		assert_true(count < cap);
		items[count] = (int)count;
	}
	for (size_t i = 0; i < count; i++)
		assert_int_equal(items[i], i);
	cap = SIZE_MAX / 4;
	assert_null(hk_arena_grow(&arena, items, count, &cap, sizeof(*items)));
	assert_int_equal(cap, SIZE_MAX / 4);
	hk_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_zeroed_and_aligned_memory),
		cmocka_unit_test(gives_more_than_a_block),
		cmocka_unit_test(refuses_what_no_memory_holds),
		cmocka_unit_test(copies_strings),
		cmocka_unit_test(gives_zeroed_memory_again),
		cmocka_unit_test(keeps_memory_when_cleared),
		cmocka_unit_test(grows_arrays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
