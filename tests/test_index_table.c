/*
 * test_index_table - the contract in preload/recent/index_table.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "preload/recent/index_table.h"

static struct index_tables tables;
static uint64_t branch;

static void begin(void)
{
	tables_clear(&tables);
	branch = table_make(&tables, 1, NULL);
}

TestSuite(index_table, .init = begin);

static uint64_t child(uintptr_t word)
{
	return table_child(&tables, branch, word)->to;
}

/* Children i * stride lead to i + 1. */
static void add_children(uint32_t children, uintptr_t stride)
{
	begin();
	for (uint32_t i = 0; i < children; i++)
		cr_assert(table_add(&tables, &branch, i * stride, i + 1));
}

static uint32_t slots(void)
{
	return table_lines(branch) * LINE_SLOTS;
}

/* How far beyond its home a search for the word looks. */
static uint32_t distance(uintptr_t word)
{
	const struct index_slot *slot = table_child(&tables, branch, word);
	size_t at = (size_t)(slot - tables.slot) -
		    (size_t)table_first_line(branch) * LINE_SLOTS;

	return (uint32_t)(at - table_home(branch, word)) & (slots() - 1);
}

Test(index_table, a_word_leads_to_what_was_said, .timeout = 60)
{
	for (uint32_t children = 1; children < 70; children++) {
		for (unsigned shift = 0; shift < 57; shift++) {
			add_children(children, 1ull << shift);
			for (uint32_t i = 0; i < children; i++)
				cr_assert(eq(u64, child((uintptr_t)i << shift), i + 1));
			cr_assert(eq(u64, child((uintptr_t)children << shift), 0));
		}
	}
}

Test(index_table, few_children_are_all_at_home)
{
	for (uint32_t children = 1; children <= 4; children++) {
		for (uintptr_t stride = 1; stride < 1000; stride += 2) {
			add_children(children, stride);
			for (uint32_t i = 0; i < children; i++)
				cr_assert(eq(u32, distance(i * stride), 0));
		}
	}
}

/* Stacks of coroutines, frames of a recursion. */
Test(index_table, words_at_equal_distances_are_near_their_homes)
{
	for (unsigned shift = 3; shift < 48; shift++) {
		double sum = 0;

		add_children(1000, 1ull << shift);
		for (uint32_t i = 0; i < 1000; i++)
			sum += distance((uintptr_t)i << shift);
		cr_expect(le(dbl, sum / 1000, shift < 44 ? 4.0 : 16.0), "shift %u",
			  shift);
	}
}

Test(index_table, a_branch_keeps_the_bits_of_its_holder)
{
	uint64_t bits = 0x123456789ull << 19 | 3;

	branch |= bits;
	for (uint32_t i = 0; i < 500; i++)
		cr_assert(table_add(&tables, &branch, i * 77, 5));
	cr_expect(eq(u64, branch & ~TABLE_BITS, bits));
}

/* 1,000 branches that grow to eight children: room for their last tables, and little
 * more. */
Test(index_table, lines_that_were_left_are_used_again)
{
	uint32_t lines = 0;

	tables_clear(&tables);
	for (unsigned n = 0; n < 1000; n++) {
		branch = table_make(&tables, 1, NULL);
		for (uint32_t i = 0; i < 8; i++)
			cr_assert(table_add(&tables, &branch, i * 1237 + n * 4567, 1));
		lines += table_lines(branch);
	}
	cr_expect(le(u32, tables.lines, lines + 64));
}

Test(index_table, when_there_is_no_room_nothing_changes)
{
	uintptr_t words = 0;

	while (table_add(&tables, &branch, words * 31, words + 1))
		words++;
	cr_expect(tables.full);
	cr_expect(gt(u64, words, 4000));
	for (uintptr_t i = 0; i < words; i++)
		cr_assert(eq(u64, child(i * 31), i + 1));
	cr_expect(eq(u64, child(words * 31), 0));
}

Test(index_table, after_clearing_there_is_room_for_as_much)
{
	for (unsigned round = 0; round < 3; round++) {
		add_children(4000, 16);
		cr_expect(not(tables.full));
	}
}
