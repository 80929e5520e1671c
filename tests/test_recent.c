/*
 * test_recent - the contract in preload/recent.h, on words that play a stack
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "preload/recent.h"

static struct recents recents;
static uintptr_t stack[4096] __attribute__((aligned(4096)));
static struct heapring_counter counter;
static struct recent newest; /* the entry that enter() made */

/* A stack of n checked words from `at` inward; checks are given outermost first. */
struct made {
	struct frame top;
	struct recent_stack stack;
	struct check check[600];
	uint64_t key;
};

static struct made make(unsigned at, unsigned n, uint32_t site)
{
	struct made m = { .top = { 0x400000 + at, (uintptr_t)&stack[at], 0x77 } };

	for (unsigned i = 0; i < n; i++) {
		uintptr_t *word = &stack[at + 2 * (n - 1 - i)];

		m.check[i] = (struct check){ word, *word };
	}
	m.stack = (struct recent_stack){
		.top = m.top, .checks = n, .site = site, .counter = &counter
	};
	m.key = (at + 1ull) * 0x9e3779b97f4a7c15ull;
	return m;
}

static uint32_t found(const struct made *m)
{
	const struct recent *e = recent_find(&recents, m->top, m->key);

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
	recent_enter(&recents, &m->stack, m->key);
	newest = **recent_guess_of(&recents, m->top);
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
	b.key = m->key + site;
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

/* Enters other stacks, of another set than the key's, until the ring is full of them. */
static void overwrite_all(uint64_t key)
{
	for (unsigned entered = 0; entered < RECENT_RING; entered += 128 / GROUP_CHECKS) {
		struct made other = make(2000, 128, 9);

		other.key = key ^ 1ull << 63;
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

Test(recent, what_was_entered_is_guessed_and_found)
{
	struct made m = make(100, 8, 5);

	enter(&m);
	cr_expect(eq(u32, guessed(m.top), 5));
	cr_expect(eq(ptr, recent_guess(&recents, m.top)->counter, &counter));
	cr_expect(eq(u32, found(&m), 5));
}

/* For stacks of every length: the padding of the last group must not matter. */
static void change_each_word(void)
{
	for (unsigned n = 0; n < 70; n++) {
		struct made m = make(1000, n, n + 1);

		recent_forget(&recents); /* shorter ones are equal as far as they go */
		enter(&m);
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
	cr_expect(eq(u32, guessed(other), 0));
	cr_expect(eq(u32, guessed(m.top), 5));
}

Test(recent, stacks_with_one_innermost_frame_are_told_apart)
{
	struct made a = make(100, 8, 1), b;
	const struct recent *guess;

	enter(&a);
	stack[114]++;
	b = make(100, 8, 2);
	b.key = a.key ^ 1ull << 40;
	enter(&b);
	cr_expect(eq(u32, found(&b), 2));
	cr_expect(eq(u32, found(&a), 0), "not the present stack");
	stack[114]--;
	cr_expect(eq(u32, found(&a), 1));
	guess = recent_guess(&recents, a.top);
	cr_expect(guess == NULL || guess->site == 1, "a guess is right or none");
}

Test(recent, what_was_found_is_guessed_next)
{
	struct made a = make(100, 8, 1), b;

	enter(&a);
	stack[114]++;
	b = make(100, 8, 2);
	b.key = a.key ^ 1ull << 40;
	enter(&b);
	stack[114]--;
	cr_expect(eq(u32, guessed(a.top), 0));
	cr_expect(eq(u32, found(&a), 1));
	cr_expect(eq(u32, guessed(a.top), 1));
}

Test(recent, an_entry_whose_checks_were_overwritten_is_not_found)
{
	struct made m = make(100, 64, 1);

	enter(&m);
	overwrite_all(m.key);
	cr_expect(eq(u32, found(&m), 0));
	cr_expect(eq(u32, guessed(m.top), 0));
}

Test(recent, the_ring_wraps_without_a_mistake)
{
	for (unsigned i = 0; i < 3000; i++) {
		struct made m = make(i % 1000, i % 90, i + 1);

		enter(&m);
		cr_assert(eq(u32, guessed(m.top), i + 1));
		cr_assert(eq(u32, found(&m), i + 1));
		cr_assert(newest.outer + newest.outer_groups <= RECENT_RING);
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

/* A stack of more checks than a share of the ring is not entered. */
Test(recent, a_stack_with_too_many_checks_is_left_out)
{
	static struct check many[RECENT_RING];
	struct made m = make(100, 8, 5);

	for (unsigned i = 0; i < RECENT_RING; i++)
		many[i] = (struct check){ &stack[i % 4096], stack[i % 4096] };
	m.stack.check = many;
	m.stack.checks = RECENT_RING;
	recent_enter(&recents, &m.stack, m.key);
	cr_expect(eq(u32, guessed(m.top), 0));
	cr_expect(eq(u32, found(&m), 0));
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
			expect_in_page(&recents.ring[newest.outer + i]);
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

Test(recent, more_stacks_of_one_key_than_a_set_has_ways_crowd_it)
{
	struct made m[RECENT_WAYS + 1];

	for (unsigned i = 0; i < RECENT_WAYS; i++) {
		m[i] = make(100 + 16 * i, 8, i + 1);
		m[i].key = m[0].key;
		cr_expect(not(recent_crowds(&recents, m[0].key)));
		cr_expect(not(recent_crowded(&recents, m[0].key)));
		enter(&m[i]);
	}
	cr_expect(recent_crowds(&recents, m[0].key));
	cr_expect(recent_crowded(&recents, m[0].key), "and so it stays");
	cr_expect(not(recent_crowded(&recents, m[0].key ^ 1ull << 63)));
	for (unsigned i = 0; i < RECENT_WAYS; i++)
		cr_expect(eq(u32, found(&m[i]), i + 1));
}

Test(recent, an_overwritten_entry_is_given_up_before_one_that_serves)
{
	struct made old = make(100, 64, 1), m[RECENT_WAYS];

	enter(&old);
	overwrite_all(old.key);
	for (unsigned i = 0; i < RECENT_WAYS; i++) {
		m[i] = make(100 + 16 * i, 8, i + 1);
		m[i].key = old.key;
		enter(&m[i]);
	}
	for (unsigned i = 0; i < RECENT_WAYS; i++)
		cr_expect(eq(u32, found(&m[i]), i + 1));
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

Test(recent, a_stack_whose_shared_checks_were_overwritten_is_not_found)
{
	struct made a = make(100, 48, 1), b = branch(&a, 46, 2);

	enter(&a);
	enter_beside(&b, 46);
	overwrite_all(a.key);
	cr_expect(eq(u32, found(&b), 0));
	cr_expect(eq(u32, guessed(b.top), 0));
}

/* They differ in a frame outside those that the key is made of. */
Test(recent, stacks_with_one_key_stand_beside_each_other)
{
	struct made a = make(100, 48, 1), b = branch(&a, 20, 2), c = branch(&a, 10, 3);

	b.key = c.key = a.key;
	enter(&a);
	enter(&b);
	enter(&c);
	cr_expect(eq(u32, found(&a), 1));
	cr_expect(eq(u32, found(&b), 2));
	cr_expect(eq(u32, found(&c), 3));
}
