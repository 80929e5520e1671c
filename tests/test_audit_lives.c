/*
 * test_audit_lives - the contracts of analyzer/audit/audit_lives.h and audit_name_words.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "analyzer/audit/audit_lives.h"
#include "analyzer/audit/audit_name_words.h"

#define SECONDS 10.0

/* One stack of 1,000 blocks, of which so many were freed at those ages, in 10 s. */
struct program {
	struct segment segment;
	struct profile_stack stack;
	struct profile_detail detail;
	struct profile profile;
	struct audit_stack figures;
	struct audit_function function;
	struct history history;
	struct audit_facts facts;
};

static void begin(struct program *p, double freed, const uint64_t ages[HR_LIFETIMES])
{
	*p = (struct program){ .figures = { .allocs = 1000,
					    .frees = 1000 * freed,
					    .live_objects = 1000 * (1 - freed) },
			       .function = { .live_objects = 1000 * (1 - freed) } };
	for (unsigned i = 0; ages && i < HR_LIFETIMES; i++)
		p->detail.lifetime[i] = ages[i];
	p->profile = (struct profile){ .segment = &p->segment,
				       .stacks = &p->stack,
				       .stacks_count = 1,
				       .details = &p->detail };
	p->facts = (struct audit_facts){ .profile = &p->profile,
					 .window = { .count = 2, .to_s = SECONDS },
					 .stacks = &p->figures,
					 .functions = &p->function,
					 .functions_count = 1 };
	p->facts.window.at[1] = SECONDS;
}

static int lives(double freed, const uint64_t ages[HR_LIFETIMES])
{
	struct program p;

	begin(&p, freed, ages);
	return (int)audit_lives_of(&p.facts, 0);
}

Test(audit_lives, where_none_was_freed_no_more_is_known)
{
	cr_expect(eq(int, lives(0, NULL), AUDIT_LIVES_STAY));
	cr_expect(eq(int, lives(0.02, NULL), AUDIT_LIVES_STAY));
}

Test(audit_lives, what_goes_as_the_program_ends_is_held_by_something)
{
	struct program p;

	begin(&p, 0, NULL);
	p.facts.history = &p.history;
	p.segment.header.state = HR_STATE_EXITED;
	cr_expect(eq(int, (int)audit_lives_of(&p.facts, 0), AUDIT_LIVES_END));
	p.stack.value[PROFILE_INUSE_OBJECTS] = 800;
	cr_expect(eq(int, (int)audit_lives_of(&p.facts, 0), AUDIT_LIVES_STAY),
		  "most are still there");
}

Test(audit_lives, of_one_stack_it_is_said_whether_its_own_blocks_went)
{
	struct program p;
	struct profile_stack stacks[2] = { 0 };
	struct audit_stack figures[2] = { { .live_objects = 900 },
					  { .live_objects = 100 } };
	double left;

	begin(&p, 0, NULL);
	p.facts.history = &p.history;
	p.segment.header.state = HR_STATE_EXITED;
	p.profile.stacks = stacks;
	p.profile.stacks_count = 2;
	p.facts.stacks = figures;
	stacks[1].value[PROFILE_INUSE_OBJECTS] = 40;
	cr_expect(audit_lives_end_with_it(&p.facts, &p.function, AUDIT_NO_STACK, &left));
	cr_expect(eq(dbl, left, 40));
	cr_expect(audit_lives_end_with_it(&p.facts, &p.function, 0, &left));
	cr_expect(not(audit_lives_end_with_it(&p.facts, &p.function, 1, &left)));
	cr_expect(eq(dbl, left, 40));
}

Test(audit_lives, who_die_at_once_do_not_wait)
{
	const uint64_t at_once[HR_LIFETIMES] = { 600, 0, 100, 0 };

	cr_expect(eq(int, lives(0.7, at_once), AUDIT_LIVES_FORGET));
}

/* Of a queue that loses ground by half the head is 5 s old in the end. */
Test(audit_lives, too_young_for_a_queue_is_forgotten)
{
	const uint64_t young[HR_LIFETIMES] = { 100, 390, 10 };

	cr_expect(eq(int, lives(0.5, young), AUDIT_LIVES_FORGET));
}

Test(audit_lives, as_old_as_the_head_of_a_queue_is_not_clear)
{
	const uint64_t old[HR_LIFETIMES] = { 2, 23, 385, 90 };

	cr_expect(eq(int, lives(0.5, old), AUDIT_LIVES_UNCLEAR));
}

/* One that hardly loses ground has a young head, and ages tell nothing. */
Test(audit_lives, a_slow_queue_is_not_clear)
{
	const uint64_t young[HR_LIFETIMES] = { 100, 800, 80 };

	cr_expect(eq(int, lives(0.98, young), AUDIT_LIVES_UNCLEAR));
}

Test(audit_name_words, a_word_stands_whole)
{
	cr_expect(audit_name_says("name_cache", "lru|cache"));
	cr_expect(audit_name_says("NameCache::get", "cache"));
	cr_expect(audit_name_says("cache2.c", "cache"));
	cr_expect(not(audit_name_says("std::rt::lang_start_internal", "intern|memo")));
	cr_expect(not(audit_name_says("memory_information", "memo|format")));
	cr_expect(not(audit_name_says("executable", "table")));
	cr_expect(not(audit_name_says(NULL, "cache")));
	cr_expect(not(audit_name_says("cache", "")));
}

Test(audit_name_words, its_plural_and_the_like_are_the_word)
{
	cr_expect(audit_name_says("drop_caches", "cache"));
	cr_expect(audit_name_says("interned", "intern"));
	cr_expect(audit_name_says("Buffering", "buffer"));
	cr_expect(not(audit_name_says("maps", "map")),
		  "short words are too many's parts");
}

Test(audit_name_words, a_star_is_the_rest_of_a_longer_word)
{
	cr_expect(audit_name_says("workqueue_push", "*queue"));
	cr_expect(audit_name_says("vsnprintf", "*printf"));
	cr_expect(not(audit_name_says("workqueue_push", "queue")));
}

Test(audit_name_words, other_signs_are_parts_of_a_word)
{
	cr_expect(audit_name_says("std::to_string", "std::to_string"));
	cr_expect(not(audit_name_says("<str as ToString>::to_string", "std::to_string")));
}
