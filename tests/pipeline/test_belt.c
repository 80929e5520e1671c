/*
 * test_belt - the contract in pipeline/belt/belt.h, on one thread
 *
 * What several threads may see is stress_belt.c.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "pipeline/belt/belt.h"

static struct belt *belt;

static void load(unsigned n, size_t bytes)
{
	struct slot *slot = belt_reserve(belt, 0);

	cr_assert(ne(ptr, slot, NULL));
	slot->n = n;
	slot->bytes = bytes;
	belt_dispatch(belt, slot);
}

static void decode_one(void)
{
	struct slot *slot = belt_take(belt);

	cr_assert(ne(ptr, slot, NULL));
	belt_decoded(belt, slot);
}

static struct slot *next(void)
{
	struct slot *slot = NULL;

	cr_assert(eq(int, belt_next(belt, 0, &slot), 0));
	return slot;
}

Test(belt, a_full_belt_gives_no_slot)
{
	belt = belt_new(3, 10, 1000000, 64);
	for (int i = 0; i < 3; i++)
		load(10, 100);
	cr_expect(eq(ptr, belt_reserve(belt, 1000), NULL));
	decode_one();
	belt_retire(belt, next());
	cr_expect(ne(ptr, belt_reserve(belt, 0), NULL));
	belt_free(belt);
}

Test(belt, bytes_are_bounded_too)
{
	belt = belt_new(100, 10, 1000, 64);
	load(1, 999);
	load(1, 1);
	cr_expect(eq(ptr, belt_reserve(belt, 0), NULL));
	belt_free(belt);
}

Test(belt, slots_leave_in_the_order_of_dispatch)
{
	struct slot *first, *second, *got = NULL;

	belt = belt_new(4, 10, 1000000, 64);
	load(1, 1);
	load(2, 1);
	first = belt_take(belt);
	second = belt_take(belt);
	belt_decoded(belt, second);
	cr_expect(eq(int, belt_next(belt, 0, &got), -EAGAIN));
	belt_decoded(belt, first);
	cr_expect(eq(ptr, next(), first));
	belt_retire(belt, first);
	cr_expect(eq(ptr, next(), second));
	belt_free(belt);
}

Test(belt, ready_slots_lie_in_one_piece)
{
	belt = belt_new(4, 10, 1000000, 64);
	for (int i = 0; i < 4; i++)
		load(i == 2 ? 9 : 10, 1);
	decode_one();
	cr_expect(eq(u32, belt_ready(belt, 4), 1)); /* the next is not decoded */
	decode_one();
	decode_one();
	decode_one();
	cr_expect(eq(ptr, next()->rows + 10, (next() + 1)->rows));
	cr_expect(eq(u32, belt_ready(belt, 2), 2));
	cr_expect(eq(u32, belt_ready(belt, 4), 3)); /* the third is not full */
	for (int i = 0; i < 3; i++)
		belt_retire(belt, next());
	load(10, 1);
	decode_one();
	cr_expect(eq(u32, belt_ready(belt, 4), 1)); /* the ring begins anew */
	belt_free(belt);
}

Test(belt, closing_drains_and_then_ends)
{
	struct slot *slot;

	belt = belt_new(4, 10, 1000000, 64);
	load(5, 1);
	belt_close(belt);
	cr_expect(not(belt_drained(belt, 0)));
	decode_one();
	belt_retire(belt, next());
	cr_expect(belt_drained(belt, 0));
	cr_expect(eq(ptr, belt_take(belt), NULL));
	cr_expect(eq(int, belt_next(belt, 0, &slot), -ESHUTDOWN));
	belt_free(belt);
}

Test(belt, gauges_remember_the_highest)
{
	struct belt_gauge g;

	belt = belt_new(4, 10, 1000000, 64);
	load(7, 70);
	load(3, 30);
	decode_one();
	belt_retire(belt, next());
	g = belt_read(belt);
	cr_expect(eq(u64, g.messages, 3));
	cr_expect(eq(u64, g.messages_max, 10));
	cr_expect(eq(sz, g.bytes, 30));
	cr_expect(eq(sz, g.bytes_max, 100));
	belt_free(belt);
}
