/*
 * test_recent_index - the contract in preload/recent/recent_index.h, on words that play a
 * stack
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sys/mman.h>

#include "preload/recent/recent.h"

#define PAGE 4096
#define PAGE_WORDS (PAGE / sizeof(uintptr_t))

static struct recents recents;
static struct heapring_counter counter;

/* The stack: its words are checks from the innermost, 0, outward. */
#define WORDS 40u
#define STACK_PAGES 3u
static uintptr_t *word; /* of all pages */
static unsigned first;  /* number of check 0 */
static uintptr_t own_from, own_to;

static struct frame top(void)
{
	return (struct frame){ 0x400000, (uintptr_t)&word[first], 0x77 };
}

/* The present stack of n words, one of which it does not depend on. */
static void enter_part(uint32_t site, unsigned n, unsigned left_out)
{
	struct check check[WORDS];
	struct recent_stack stack = { .top = top(),
				      .site = site,
				      .counter = &counter,
				      .check = check,
				      .own_from = own_from,
				      .own_to = own_to };

	for (unsigned i = n; i-- > 0;)
		if (i != left_out)
			check[stack.checks++] =
				(struct check){ &word[first + i], word[first + i] };
	recent_moved(&recents, 0);
	recent_enter(&recents, &stack);
}

static void enter(uint32_t site)
{
	enter_part(site, WORDS, WORDS);
}

static uint32_t found(void)
{
	const struct recent *e = recent_find(&recents, top());

	return e == NULL ? 0 : e->site;
}

static void begin(void)
{
	word = mmap(NULL, (size_t)STACK_PAGES * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert(word != MAP_FAILED);
	first = 100;
	own_from = 0;
	own_to = UINTPTR_MAX;
	recent_forget(&recents);
}

TestSuite(recent_index, .init = begin);

/* Each stack is a number, whose digits are words at these places. */
static const unsigned digit_at[] = { 30, 2, 17, 9 };
#define DIGITS 4u
#define BASE 5u
#define NUMBERS 625u

static void show(unsigned number)
{
	for (unsigned d = 0; d < DIGITS; d++, number /= BASE)
		word[first + digit_at[d]] = number % BASE;
}

static void enter_all(unsigned stride)
{
	for (unsigned i = 0; i < NUMBERS; i++) {
		unsigned number = i * stride % NUMBERS;

		show(number);
		enter(number + 1);
	}
}

static void expect_all(void)
{
	for (unsigned number = 0; number < NUMBERS; number++) {
		show(number);
		cr_assert(eq(u32, found(), number + 1));
	}
}

Test(recent_index, many_stacks_with_one_innermost_frame_are_all_found)
{
	enter_all(1);
	expect_all();
}

Test(recent_index, in_whatever_order_they_came)
{
	for (unsigned stride = 2; stride < 60; stride++) {
		if (stride % BASE == 0)
			continue;
		recent_forget(&recents);
		enter_all(stride);
		expect_all();
	}
}

/* Each of them had a table of one line, of two, and now perhaps of four. */
Test(recent_index, a_branch_of_five_takes_few_lines)
{
	unsigned branches = 1 + BASE + BASE * BASE + BASE * BASE * BASE;

	enter_all(7);
	cr_expect(le(u32, recents.index.tables.lines, 16 + branches * (1 + 2 + 4)));
}

/* All words at one place; the search for one that is not there ends. */
static void enter_children(unsigned children, uintptr_t stride)
{
	recent_forget(&recents);
	for (unsigned i = 0; i < children; i++) {
		word[first + 5] = i * stride;
		enter_part(i + 1, 8, WORDS);
	}
	for (unsigned i = 0; i < children; i++) {
		word[first + 5] = i * stride;
		cr_assert(eq(u32, found(), i + 1), "%u of %u", i, children);
	}
	word[first + 5] = children * stride;
	cr_assert(eq(u32, found(), 0));
}

Test(recent_index, a_branch_has_any_number_of_children, .timeout = 60)
{
	for (unsigned children = 1; children < 70; children++)
		for (unsigned shift = 0; shift < 48; shift++)
			enter_children(children, 1ull << shift);
	enter_children(3000, 16);
	enter_children(3000, 0x1000003);
}

Test(recent_index, stacks_with_other_innermost_frames_have_other_roots)
{
	for (unsigned i = 0; i < 1500; i++) {
		first = 100 + i % 1000;
		enter_part(i + 1, 1 + i % 3, WORDS);
		cr_assert(eq(u32, found(), i + 1));
	}
}

Test(recent_index, the_same_stack_may_hang_under_many_tags, .timeout = 10)
{
	for (uint32_t under = 0; under < 3000; under++) {
		recent_hang_under(&recents, under);
		enter_part(under + 1, 8, WORDS);
	}
	for (uint32_t under = 0; under < 3000; under++) {
		recent_hang_under(&recents, under);
		cr_assert(eq(u32, found(), under + 1));
	}
	recent_hang_under(&recents, 0);
}

Test(recent_index, a_stack_that_was_not_entered_is_not_found)
{
	enter_all(1);
	show(3);
	for (unsigned i = 0; i < WORDS; i++) {
		word[first + i] += 100;
		cr_assert(eq(u32, found(), 0), "word %u", i);
		word[first + i] -= 100;
	}
	cr_expect(eq(u32, found(), 4));
}

/* Stacks part at word 9; the one found by word 8 too (a saved fp) has company for which
 * that word is just a word. */
Test(recent_index, a_word_that_a_stack_does_not_depend_on_may_be_anything)
{
	word[first + 9] = 1;
	enter(1);
	word[first + 9] = 2;
	word[first + 10] = 77;
	enter_part(2, WORDS, 10);
	for (uintptr_t any = 100; any < 200; any++) {
		word[first + 10] = any;
		cr_assert(eq(u32, found(), 2));
	}
	word[first + 9] = 1;
	word[first + 10] = 0;
	cr_expect(eq(u32, found(), 1));
}

Test(recent_index, the_same_words_with_another_fp_take_the_place)
{
	struct check check = { &word[first], word[first] };
	struct recent_stack stack = { .top = top(),
				      .site = 1,
				      .counter = &counter,
				      .check = &check,
				      .checks = 1,
				      .needs_fp = true };

	recent_enter(&recents, &stack);
	cr_expect(eq(u32, found(), 1));
	stack.top.fp++;
	stack.site = 2;
	recent_enter(&recents, &stack);
	cr_expect(eq(u32, found(), 0));
	cr_expect(eq(u32, recent_find(&recents, stack.top)->site, 2));
}

/* Two stacks that differ in the second page. */
static void enter_two_across_pages(void)
{
	first = PAGE_WORDS - 20;
	word[first + 30] = 1;
	enter(1);
	word[first + 30] = 2;
	enter(2);
}

/* The thread's own stack lies elsewhere: further out, if anywhere. */
static void enter_two_foreign(void)
{
	own_from = own_to = UINTPTR_MAX;
	enter_two_across_pages();
}

Test(recent_index, stacks_in_foreign_memory_are_found_too)
{
	enter_two_foreign();
	cr_expect(eq(u32, found(), 2));
	word[first + 30] = 1;
	cr_expect(eq(u32, found(), 1));
}

static void expect_only_live_frames_read(void)
{
	word[first + 19]++; /* what lies outside it need not be there */
	cr_assert(eq(int, mprotect(word + PAGE_WORDS, PAGE, PROT_NONE), 0));
	cr_expect(eq(u32, found(), 0));
	enter_part(3, 20, WORDS);
	cr_expect(eq(u32, found(), 3));
}

Test(recent_index, of_foreign_memory_only_live_frames_are_read)
{
	enter_two_foreign();
	expect_only_live_frames_read();
}

Test(recent_index, memory_outside_the_own_stack_is_foreign_too)
{
	own_from = (uintptr_t)word - PAGE;
	own_to = (uintptr_t)word;
	enter_two_across_pages();
	expect_only_live_frames_read();
}

/* Two innermost frames whose roots are one word; the page of the first is gone. */
Test(recent_index, a_place_in_the_page_of_another_frame_is_not_read)
{
	struct frame one = { .pc = 0x7f0000000000 }, other;
	struct check check[2];
	struct recent_stack stack = { .counter = &counter, .check = check, .checks = 2 };

	one.sp = (uintptr_t)&word[100];
	other = (struct frame){ one.pc, (uintptr_t)&word[100 + PAGE_WORDS], 0 };
	other.pc ^= (one.sp ^ other.sp) << 20;
	for (uint32_t site = 1; site <= 2; site++) {
		word[110] = site;
		check[0] = (struct check){ &word[111], word[111] };
		check[1] = (struct check){ &word[110], word[110] };
		stack.top = one;
		stack.site = site;
		recent_enter(&recents, &stack);
	}
	cr_assert(eq(int, mprotect(word, PAGE, PROT_NONE), 0));
	cr_expect(eq(ptr, recent_find(&recents, other), NULL));
}

/* So many stacks that differ in one word, for each of so many innermost frames. */
static uint32_t enter_until_forgotten(unsigned children)
{
	uint32_t entered = 0, lines;

	recent_forget(&recents);
	do {
		lines = recents.lines;
		first = 100 + entered / children % 800;
		word[first + 2] = entered;
		enter_part(++entered, 3, WORDS);
	} while (recents.lines > lines);
	return entered;
}

Test(recent_index, thousands_of_stacks_fit_whatever_tells_them_apart, .timeout = 60)
{
	static const unsigned children[] = { 8, 12, 20, 60, 200 };

	for (unsigned i = 0; i < sizeof children / sizeof children[0]; i++)
		cr_expect(gt(u32, enter_until_forgotten(children[i]), 6000), "%u",
			  children[i]);
}

/* A comb: stack i differs from all others in word i. */
Test(recent_index, more_branches_in_a_row_than_are_followed_do_no_harm)
{
	for (unsigned i = 0; i < WORDS; i++) {
		word[first + i] = 1;
		enter(i + 1);
		word[first + i] = 0;
	}
	for (unsigned i = 0; i < WORDS; i++) {
		uint32_t site;

		word[first + i] = 1;
		site = found();
		cr_assert(site == i + 1 || site == 0);
		word[first + i] = 0;
	}
}
