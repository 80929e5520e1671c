/*
 * test_live_table - every form that an entry has, flat and in leaves
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "preload/allocator/live_table.h"
#include "preload/platform/os_linux.h"

static const uint64_t sizes[] = {
	0, 1, 16, 17, 32, 33, (1ull << 31) - 2, (1ull << 31) - 1, 1ull << 31, 1ull << 40
};
#define SIZES (sizeof sizes / sizeof sizes[0])
#define BLOCK ((void *)0x123456789a00)

static void flat(void)
{
	live_table_init(true);
	if (live_tables[0].flat == NULL)
		cr_skip_test("no address space for a flat table");
}

/* As where the flat table cannot be had: a root of leaves. */
static void leaves(void)
{
	for (unsigned i = 0; i < 2; i++)
		live_tables[i].leaf = os_reserve((size_t)8 << (47 - 22), false);
	cr_assert(live_tables[0].leaf != NULL && live_tables[1].leaf != NULL);
}

static void put(void *addr, uint32_t site, uint64_t size, uint32_t now_ms)
{
	uint32_t *word = live_word(addr);

	if (word == NULL)
		word = live_word_make(addr);
	cr_assert(word != NULL);
	live_touch(word, size, now_ms);
	live_put(word, site, size);
}

static void comes_back(void *addr, uint64_t size, bool born)
{
	struct live_block block;

	put(addr, 77, size, 123456);
	cr_assert(ne(u32, *live_word(addr) & LIVE_HEAD, 0));
	block = live_take(live_word(addr));
	cr_expect(eq(u32, block.site, 77), "size %lu", (unsigned long)size);
	cr_expect(eq(u64, block.size, size), "size %lu", (unsigned long)size);
	cr_expect(eq(u32, block.born_ms, born ? 123456 : LIVE_UNBORN), "size %lu",
		  (unsigned long)size);
	/* without a birth it may have been a sample: the filter forgives */
	cr_expect(block.sampled == !born);
}

static void every_size_comes_back(char *base)
{
	for (unsigned i = 0; i < SIZES; i++) {
		live_small_born = false;
		comes_back(base + 64 * i, sizes[i], sizes[i] > 16);
		live_small_born = true;
		comes_back(base + 64 * i, sizes[i], true);
	}
}

Test(live_table, every_size_comes_back_flat, .init = flat)
{
	every_size_comes_back(BLOCK);
}

Test(live_table, every_size_comes_back_from_leaves, .init = leaves)
{
	every_size_comes_back(BLOCK);
}

Test(live_table, blocks_at_8_mod_16_have_their_own_table, .init = flat)
{
	char *low = BLOCK, *high = low + 8;

	put(low, 5, 8, 1);
	put(high, 6, 8, 2);
	cr_assert(eq(u32, live_take(live_word(low)).site, 5));
	cr_assert(eq(u32, live_take(live_word(high)).site, 6));
	every_size_comes_back(high);
}

Test(live_table, blocks_at_8_mod_16_in_leaves, .init = leaves)
{
	every_size_comes_back((char *)BLOCK + 8);
}

Test(live_table, a_taken_block_is_gone_and_leaves_nothing_behind, .init = flat)
{
	for (unsigned i = 0; i < SIZES; i++) {
		uint32_t *word = live_word(BLOCK);

		put(BLOCK, 9, sizes[i], 5);
		live_take(word);
		cr_expect(eq(u32, live_take(word).site, 0));
		/* what a block of 0 bytes has touched beside its head */
		for (unsigned w = 0; w < 5; w++)
			cr_expect(eq(u32, word[w], 0), "word %u, size %lu", w,
				  (unsigned long)sizes[i]);
	}
}

/* The smallest blocks that an allocator may put next to each other. */
Test(live_table, neighbours_do_not_disturb_each_other, .init = flat)
{
	char *a = BLOCK;

	live_small_born = false;
	put(a, 1, 16, 1);
	put(a + 16, 2, 32, 2);
	put(a + 48, 3, 33, 3);
	put(a + 96, 4, 1, 4);
	cr_expect(eq(u64, live_take(live_word(a + 48)).size, 33));
	cr_expect(eq(u64, live_take(live_word(a + 16)).size, 32));
	cr_expect(eq(u32, live_take(live_word(a)).site, 1));
	cr_expect(eq(u32, live_take(live_word(a + 96)).site, 4));
}

/* Words behind a head never look like one: a walk of the table finds blocks only. */
Test(live_table, only_heads_have_the_head_bit, .init = flat)
{
	uint32_t *word = live_word(BLOCK);

	live_small_born = true;
	for (unsigned i = 0; i < SIZES; i++) {
		put(BLOCK, LIVE_SITE, sizes[i], LIVE_WORD);
		for (unsigned w = 1; w < 5; w++)
			cr_expect(eq(u32, word[w] & LIVE_HEAD, 0));
		live_take(word);
	}
}

Test(live_table, the_largest_site_fits, .init = flat)
{
	put(BLOCK, LIVE_SITE, 1ull << 40, 7);
	cr_assert(eq(u32, live_take(live_word(BLOCK)).site, LIVE_SITE));
}

Test(live_table, an_address_without_a_leaf_has_no_word, .init = leaves)
{
	cr_assert(eq(ptr, live_word(BLOCK), NULL));
	cr_assert(ne(ptr, live_word_make(BLOCK), NULL));
	cr_assert(ne(ptr, live_word(BLOCK), NULL));
	cr_assert(eq(ptr, live_word((char *)BLOCK + (1 << 27)), NULL));
}

Test(live_table, addresses_of_the_kernel_have_no_word, .init = leaves)
{
	cr_assert(eq(ptr, live_word_make((void *)(1ull << 47)), NULL));
	cr_assert(eq(ptr, live_word((void *)(1ull << 47)), NULL));
}

/* A block that starts in the last granule of a leaf has its other words there. */
Test(live_table, a_huge_block_at_the_end_of_a_leaf, .init = leaves)
{
	comes_back((void *)(0x123458000000 - 16), 1ull << 40, true);
}

Test(live_table, samples_come_back_as_samples, .init = flat)
{
	for (unsigned i = 0; i < SIZES; i++) {
		uint32_t *word = live_word(BLOCK);
		struct live_block block;

		live_put_sampled(word, 8, sizes[i], 99);
		block = live_take(word);
		cr_expect(eq(u64, block.size, sizes[i]));
		cr_expect(block.site == 8);
		cr_expect(sizes[i] <= 32 || block.sampled);
	}
}

Test(live_table, the_filter_knows_every_sampled_block)
{
	char *a = BLOCK;

	cr_assert(not(live_may_hold(a)));
	live_filter_add(a);
	live_filter_add(a + 16);
	cr_assert(live_may_hold(a));
	live_filter_remove(a);
	cr_assert(live_may_hold(a), "another block of the page is still there");
	live_filter_remove(a + 16);
	cr_assert(not(live_may_hold(a)));
	live_filter_fill();
	cr_assert(live_may_hold(a));
}
