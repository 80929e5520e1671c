/*
 * test_recent - the contract in preload/recent/recent.h, on words that play a stack
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "preload/recent/recent.h"

static struct recents recents;
static uintptr_t stack[4096] __attribute__((aligned(4096)));
static struct heapring_counter counter;
static struct recent newest; /* the entry that enter() made */

/* A stack of n checked words from `at` inward; checks are given outermost first. */
struct made {
	struct frame top;
	struct recent_stack stack;
	struct check check[600];
};

static struct made make(unsigned at, unsigned n, uint32_t site)
{
	struct made m = { .top = { 0x400000 + at, (uintptr_t)&stack[at], 0x77 } };

	for (unsigned i = 0; i < n; i++) {
		uintptr_t *word = &stack[at + 2 * (n - 1 - i)];

		m.check[i] = (struct check){ word, *word };
	}
	m.stack = (struct recent_stack){
		.top = m.top,
		.checks = n,
		.site = site,
		.counter = &counter,
		.own_from = (uintptr_t)stack,
		.own_to = (uintptr_t)(stack + 4096),
	};
	return m;
}

static uint32_t found(const struct made *m)
{
	const struct recent *e = recent_find(&recents, m->top);

	return e == NULL ? 0 : e->site;
}

static uint32_t guessed(struct frame top)
{
	const struct recent *e = recent_guess(&recents, top);

	return e == NULL ? 0 : e->site;
}

/* Enters a stack that has its outermost `common` checks from the one before. */
static void enter_beside(struct made *m, uint32_t common)
{
	m->stack.check = m->check;
	recent_moved(&recents, common);
	recent_enter(&recents, &m->stack);
	newest = *recents.last[recent_guess_number(m->top)];
}

static void enter(struct made *m)
{
	enter_beside(m, 0);
}

/* The same stack with other inner frames from check `from` on. */
static struct made branch(const struct made *m, uint32_t from, uint32_t site)
{
	struct made b = *m;

	for (uint32_t i = from; i < m->stack.checks; i++) {
		uintptr_t *word = &stack[3000 + site % 8 * 100 - i];

		b.check[i] = (struct check){ word, *word };
	}
	b.top.pc += site;
	b.stack.top = b.top;
	b.stack.site = site;
	return b;
}

/* Any word of the stack tells, and only those. */
static void expect_exact(const struct made *m)
{
	cr_assert(eq(u32, found(m), m->stack.site));
	for (uint32_t i = 0; i < m->stack.checks; i++) {
		uintptr_t *word = (uintptr_t *)m->check[i].at;

		(*word)++;
		cr_assert(eq(u32, found(m), 0), "check %u", i);
		(*word)--;
	}
	cr_assert(eq(u32, found(m), m->stack.site));
}

/* Enters other stacks until there is no room left. */
static void fill_room(void)
{
	for (unsigned entered = 0; entered < RECENT_LINES; entered += 128 / 4) {
		struct made other = make(2000, 128, 9);

		other.top.pc = other.stack.top.pc = entered;
		enter(&other);
	}
}

static void begin(void)
{
	for (unsigned i = 0; i < 4096; i++)
		stack[i] = i * 3;
	recent_forget(&recents);
}

TestSuite(recent, .init = begin);

Test(recent, at_first_no_stack_is_known)
{
	struct made m = make(100, 8, 5);

	cr_expect(eq(u32, guessed(m.top), 0));
	cr_expect(eq(u32, found(&m), 0));
}

Test(recent, what_was_entered_is_found_and_then_guessed)
{
	struct made m = make(100, 8, 5);

	enter(&m);
	cr_expect(eq(u32, found(&m), 5));
	cr_expect(eq(u32, guessed(m.top), 5));
	cr_expect(eq(ptr, recent_guess(&recents, m.top)->counter, &counter));
}

/* For stacks of every length: the padding of the last group must not matter. */
static void change_each_word(void)
{
	for (unsigned n = 0; n < 70; n++) {
		struct made m = make(1000, n, n + 1);

		recent_forget(&recents); /* shorter ones are equal as far as they go */
		enter(&m);
		cr_assert(eq(u32, found(&m), n + 1));
		cr_assert(eq(u32, guessed(m.top), n + 1));
		for (unsigned i = 0; i < n; i++) {
			uintptr_t *word = (uintptr_t *)m.check[i].at;

			(*word) += 1ull << (i * 7 % 64);
			cr_assert(eq(u32, guessed(m.top), 0), "%u of %u", i, n);
			cr_assert(eq(u32, found(&m), 0));
			(*word) -= 1ull << (i * 7 % 64);
		}
		cr_assert(eq(u32, guessed(m.top), n + 1));
	}
}

Test(recent, any_word_that_changed_is_another_stack)
{
	change_each_word();
}

Test(recent, so_it_is_where_the_processor_gathers)
{
	recent_init();
	if (!recent_gathers)
		cr_skip_test("this processor does not gather words fast");
	change_each_word();
}

Test(recent, the_innermost_frame_must_be_the_same)
{
	struct made m = make(100, 8, 5);
	struct frame other;

	enter(&m);
	found(&m);
	other = m.top;
	other.pc++;
	cr_expect(eq(u32, guessed(other), 0));
	other = m.top;
	other.sp += 8;
	cr_expect(eq(u32, guessed(other), 0));
	other = m.top;
	other.fp++;
	cr_expect(eq(u32, guessed(other), 5), "fp does not matter here");
	m.stack.needs_fp = true;
	enter(&m);
	found(&m);
	cr_expect(eq(u32, guessed(other), 0));
	cr_expect(eq(u32, guessed(m.top), 5));
}

/* Two stacks that differ in word 114 of the present one. */
static struct made beside(const struct made *a, uint32_t site)
{
	struct made b;

	stack[114]++;
	b = make(100, a->stack.checks, site);
	enter(&b);
	return b;
}

Test(recent, stacks_with_one_innermost_frame_are_told_apart)
{
	struct made a = make(100, 8, 1), b;

	enter(&a);
	b = beside(&a, 2);
	cr_expect(eq(u32, found(&b), 2));
	cr_expect(eq(u32, found(&b), 2));
	cr_expect(eq(u32, guessed(b.top), 2));
	stack[114]--;
	cr_expect(eq(u32, guessed(a.top), 0), "a guess is right or none");
	cr_expect(eq(u32, found(&a), 1));
}

Test(recent, what_was_found_twice_in_a_row_is_guessed_next)
{
	struct made a = make(100, 8, 1);

	enter(&a);
	beside(&a, 2);
	stack[114]--;
	cr_expect(eq(u32, found(&a), 1));
	cr_expect(eq(u32, guessed(a.top), 0));
	cr_expect(eq(u32, found(&a), 1));
	cr_expect(eq(u32, guessed(a.top), 1));
}

/* The first row teaches, the second one confirms. */
Test(recent, what_came_after_another_stack_twice_is_guessed_after_it_again)
{
	struct made a = make(100, 8, 1), b;

	enter(&a);
	b = beside(&a, 2);
	for (unsigned row = 0; row < 4; row++) {
		stack[114]--;
		if (row == 3)
			cr_expect(eq(u32, guessed(a.top), 1));
		cr_expect(eq(u32, found(&a), 1));
		stack[114]++;
		if (row == 3)
			cr_expect(eq(u32, guessed(b.top), 2));
		cr_expect(eq(u32, found(&b), 2));
	}
}

/* What follows the second stack depends on what came before it. */
Test(recent, what_came_after_the_same_two_stacks_twice_is_guessed_after_them_again)
{
	static const unsigned sequence[] = { 0, 1, 2, 1 };
	struct made m[3] = { make(100, 8, 1) };
	uintptr_t first = stack[114];

	enter(&m[0]);
	m[1] = beside(&m[0], 2);
	m[2] = beside(&m[0], 3);
	for (unsigned i = 0; i < 16; i++) {
		unsigned which = sequence[i % 4];

		stack[114] = first + which;
		if (i >= 12)
			cr_expect(eq(u32, guessed(m[which].top), which + 1), "%u", i);
		cr_expect(eq(u32, found(&m[which]), which + 1));
	}
}

Test(recent, when_there_is_no_room_left_all_is_forgotten)
{
	struct made m = make(100, 64, 1);

	enter(&m);
	found(&m);
	fill_room();
	cr_expect(eq(u32, found(&m), 0));
	cr_expect(eq(u32, guessed(m.top), 0));
	enter(&m);
	expect_exact(&m);
}

Test(recent, more_stacks_than_there_is_room_for_are_never_mistaken)
{
	for (unsigned i = 0; i < 30000; i++) {
		struct made m = make(i % 1000, i % 90, i + 1);

		m.top.pc = m.stack.top.pc = i;
		enter(&m);
		cr_assert(eq(u32, found(&m), i + 1));
		cr_assert(le(u32, recents.lines, RECENT_LINES));
	}
}

Test(recent, forgotten_stacks_are_not_found)
{
	struct made m = make(100, 8, 5);

	enter(&m);
	recent_forget(&recents);
	cr_expect(eq(u32, guessed(m.top), 0));
	cr_expect(eq(u32, found(&m), 0));
}

/* A stack of more checks than are looked at is not entered. */
Test(recent, a_stack_with_too_many_checks_is_left_out)
{
	enum { MANY = RECENT_CHECKS_MAX + 1 };
	static struct check many[MANY];
	struct made m = make(100, 8, 5);

	for (unsigned i = 0; i < MANY; i++)
		many[i] = (struct check){ &stack[i % 4096], stack[i % 4096] };
	m.stack.check = many;
	m.stack.checks = MANY;
	recent_enter(&recents, &m.stack);
	cr_expect(eq(u32, guessed(m.top), 0));
	cr_expect(eq(u32, found(&m), 0));
}

Test(recent, the_same_frames_under_other_tags_are_another_stack)
{
	struct made a = make(100, 8, 1), b = make(100, 8, 2);

	enter(&a);
	found(&a);
	recent_hang_under(&recents, 7);
	cr_expect(eq(u32, guessed(a.top), 0));
	cr_expect(eq(u32, found(&a), 0));
	enter(&b);
	cr_expect(eq(u32, found(&b), 2));
	recent_hang_under(&recents, 0);
	cr_expect(eq(u32, guessed(a.top), 0));
	cr_expect(eq(u32, found(&a), 1), "both stay");
}

static void expect_in_page(const struct check_group *g)
{
	for (uint32_t i = 1; i < GROUP_CHECKS; i++)
		cr_assert(lt(uptr, (uintptr_t)g->at[i] ^ (uintptr_t)g->at[0], 4096));
}

/* recent.h, "Order": a group stays within the page of its first word. */
Test(recent, groups_do_not_cross_a_page)
{
	for (unsigned at = 0; at < 600; at++) {
		struct made m = make(at, 100, 1);

		enter(&m);
		for (uint32_t i = 0; i < newest.outer_groups; i++)
			expect_in_page(&newest.outer[i]);
	}
}

Test(recent, stacks_that_differ_inside_share_the_outer_checks)
{
	for (uint32_t from = 40; from <= 48; from++) {
		struct made a = make(100, 48, 1);
		struct made b = branch(&a, from, 2), c = branch(&a, from - 3, 3);

		recent_forget(&recents);
		enter(&a);
		enter_beside(&b, from);
		cr_expect(le(u32, newest.own_groups, 2));
		cr_expect(ge(u32, newest.outer_groups, 4));
		enter_beside(&c, from - 3);
		cr_expect(ge(u32, newest.outer_groups, 4));
		expect_exact(&a);
		expect_exact(&b);
		expect_exact(&c);
	}
}

/* What a walk in between has changed is no longer the trunk's. */
Test(recent, a_stack_shares_no_more_than_all_since_had_in_common)
{
	struct made a = make(100, 48, 1), b = branch(&a, 41, 2);

	enter(&a);
	recent_moved(&recents, 36);
	enter_beside(&b, 41);
	cr_expect(eq(u32, newest.outer_groups, 32 / GROUP_CHECKS));
	expect_exact(&b);
}

Test(recent, a_stack_far_from_the_trunk_becomes_one)
{
	struct made a = make(100, 48, 1), b = branch(&a, 48 - RECENT_OWN_MAX - 1, 2);
	struct made c = branch(&b, 47, 3);

	enter(&a);
	enter_beside(&b, 48 - RECENT_OWN_MAX - 1);
	cr_expect(eq(u32, newest.own_groups, 0));
	enter_beside(&c, 47);
	cr_expect(eq(u32, newest.own_groups, 1));
	expect_exact(&a);
	expect_exact(&b);
	expect_exact(&c);
}
