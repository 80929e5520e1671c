/*
 * test_audit_pattern - what analyzer/audit/audit_pattern.h recognises by figures alone
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "analyzer/audit/audit_pattern.h"

#define STACKS 3

/* One function whose stacks have made so many blocks of so many bytes, and freed none. */
static enum audit_pattern pattern_of(const double made[STACKS][2])
{
	struct segment segment = { 0 };
	struct profile_stack stacks[STACKS] = { 0 };
	struct profile profile = { .segment = &segment,
				   .stacks = stacks,
				   .stacks_count = STACKS };
	struct audit_function function = { .stacks = STACKS };
	struct audit_stack figures[STACKS] = { 0 };
	struct audit_facts facts = { .profile = &profile,
				     .stacks = figures,
				     .functions = &function,
				     .functions_count = 1 };

	for (int i = 0; i < STACKS; i++) {
		figures[i].allocs = figures[i].live_objects = made[i][0];
		figures[i].alloc_bytes = figures[i].live_bytes = made[i][0] * made[i][1];
		function.allocs += made[i][0];
	}
	return audit_pattern_of(&facts, &function, 0, AUDIT_LEAK, AUDIT_GROWTH_LINEAR);
}

Test(audit_pattern, one_large_block_besides_many_small_ones_is_a_table)
{
	const double entries_and_buckets[STACKS][2] = { { 3000, 48 },
							{ 3000, 30 },
							{ 1, 65536 } };

	cr_expect(eq(int, pattern_of(entries_and_buckets), AUDIT_TABLE_ONLY_GROWS));
}

/* The first one was made somewhere else: at the program's start. */
Test(audit_pattern, the_first_of_many_large_objects_is_no_table)
{
	const double first_comes_first[STACKS][2] = { { 3000, 31 },
						      { 1, 512 },
						      { 3000, 512 } };
	const double first_comes_last[STACKS][2] = { { 3000, 31 },
						     { 3000, 512 },
						     { 1, 512 } };

	cr_expect(eq(int, pattern_of(first_comes_first), AUDIT_FORGOTTEN_BLOCKS));
	cr_expect(eq(int, pattern_of(first_comes_last), AUDIT_FORGOTTEN_BLOCKS));
}
