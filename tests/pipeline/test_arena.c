/*
 * test_arena - the contract in pipeline/decode/arena.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "pipeline/base/memory.h"
#include "pipeline/decode/arena.h"

Test(arena, memory_is_aligned_and_apart)
{
	struct arena a;
	char *one, *two;

	cr_assert(eq(int, arena_init(&a, 1024), 0));
	one = arena_alloc(&a, 3);
	two = arena_alloc(&a, 3);
	cr_expect(eq(u64, (uintptr_t)one % 16, 0));
	cr_expect(eq(u64, (uintptr_t)two % 16, 0));
	cr_expect(ge(ptr, two, one + 3));
	arena_done(&a);
}

Test(arena, steady_state_allocates_nothing)
{
	struct arena a;
	uint64_t before;

	cr_assert(eq(int, arena_init(&a, 4096), 0));
	before = memory_here.calls;
	for (int i = 0; i < 1000; i++) {
		for (int k = 0; k < 16; k++)
			memset(arena_alloc(&a, 256), k, 256);
		arena_reset(&a);
	}
	cr_expect(eq(u64, memory_here.calls, before));
	arena_done(&a);
}

Test(arena, spills_are_bounded_and_counted)
{
	struct arena a;
	size_t got = 0;

	cr_assert(eq(int, arena_init(&a, 64), 0));
	while (arena_alloc(&a, 65536) != NULL)
		got += 65536;
	cr_expect(le(sz, got, ARENA_SPILL_MAX));
	cr_expect(eq(u64, a.spill_count, got / 65536));
	arena_reset(&a);
	cr_expect(ne(ptr, arena_alloc(&a, 65536), NULL));
	arena_done(&a);
}

Test(arena, a_message_that_takes_too_much_leaves_the_next_one_its_own)
{
	struct arena a;

	cr_assert(eq(int, arena_init(&a, 64), 0));
	for (int i = 0; i < 100; i++) {
		arena_allow(&a, 100000);
		cr_expect(ne(ptr, arena_alloc(&a, 60000), NULL), "message %d", i);
		cr_expect(eq(ptr, arena_alloc(&a, 60000), NULL), "message %d", i);
	}
	arena_done(&a);
}
