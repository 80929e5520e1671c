/*
 * test_audit_owner - the contract of analyzer/audit/audit_owner.h
 *
 * main -> serve -> open_session -> copy_name; the helper copy_name keeps texts.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>

#include "analyzer/audit/audit_owner.h"
#include "tests/built_profile.h"

enum { SERVE, OPEN_SESSION, COPY_NAME, FUNCTIONS };

#define TEXT 100.0
#define POINTS 20u

static struct fault fault;
static uint32_t node_of[FUNCTIONS];

static struct profile *load_program(void)
{
	struct segment_builder *builder = segment_builder_new();
	uint16_t module = segment_builder_module(builder, "/nowhere/app", HR_MODULE_MAIN);
	uint32_t thread = segment_builder_thread(builder, "app");
	uint32_t node = segment_builder_node(builder, HR_NODE_ROOT, 0x1001, module);
	struct heapring_counter one = { .allocs = 1, .alloc_bytes = 1 };

	for (int i = 0; i < FUNCTIONS; i++)
		node = node_of[i] = segment_builder_node(
			builder, node, 0x2001 + 0x1000 * (uint64_t)i, module);
	segment_builder_count(builder, thread, segment_builder_site(builder, node, 1),
			      one);
	return built_profile(builder);
}

struct program {
	struct profile *profile;
	struct symbols *symbols;
	struct audit_facts facts;
	struct audit_stack stack;
	struct audit_function functions[FUNCTIONS];
	double series[FUNCTIONS][PROFILE_SAMPLES][AUDIT_GRID_MAX];
};

/* Each function's blocks that are kept by the end, from 0 in a straight line. */
static struct program *program_with(const double kept[FUNCTIONS])
{
	struct program *p = calloc(1, sizeof(*p));

	p->profile = load_program();
	cr_assert(eq(int, symbols_load(p->profile, NULL, NULL, &p->symbols, &fault), 0));
	for (int f = 0; f < FUNCTIONS; f++) {
		struct audit_function *function = &p->functions[f];
		unsigned count;

		*function = (struct audit_function){
			.symbol = symbols_of_node(p->symbols, node_of[f], &count),
			.is_direct = true,
			.grows = kept[f] > 0,
			.live_objects = kept[f],
			.live_bytes = TEXT * kept[f],
			.series = p->series[f],
			.growth_stack = 0,
		};
		for (size_t i = 0; i < POINTS; i++)
			p->series[f][PROFILE_INUSE_OBJECTS][i] =
				kept[f] * (double)i / (POINTS - 1);
	}
	p->stack = (struct audit_stack){ .growth_bytes = TEXT * kept[COPY_NAME] *
							 (POINTS - 2) / (POINTS - 1) };
	p->facts = (struct audit_facts){ .profile = p->profile,
					 .symbols = p->symbols,
					 .window = { .count = POINTS },
					 .stacks = &p->stack,
					 .functions = p->functions,
					 .functions_count = FUNCTIONS };
	return p;
}

static void done(struct program *p)
{
	symbols_free(p->symbols);
	profile_free(p->profile);
	free(p);
}

/* The index of who keeps what copy_name made; FUNCTIONS: nobody else. */
static int owner_of(struct program *p)
{
	const struct audit_function *owner =
		audit_owner_of(&p->facts, &p->functions[COPY_NAME]);

	return owner ? (int)(owner - p->functions) : FUNCTIONS;
}

static int owner_with(double serve, double open_session, double copy_name)
{
	const double kept[FUNCTIONS] = { serve, open_session, copy_name };
	struct program *p = program_with(kept);
	int owner = owner_of(p);

	done(p);
	return owner;
}

Test(audit_owner, a_caller_that_keeps_a_block_for_each_of_the_helpers_keeps_both)
{
	cr_expect(eq(int, owner_with(0, 1000, 1000), OPEN_SESSION));
}

Test(audit_owner, a_record_may_have_a_few_texts)
{
	cr_expect(eq(int, owner_with(0, 1000, 4000), OPEN_SESSION));
	cr_expect(eq(int, owner_with(0, 100, 1000), FUNCTIONS));
}

Test(audit_owner, a_caller_that_keeps_more_often_keeps_something_else)
{
	cr_expect(eq(int, owner_with(0, 2000, 1000), FUNCTIONS));
}

Test(audit_owner, a_caller_that_keeps_nothing_is_none)
{
	cr_expect(eq(int, owner_with(0, 0, 1000), FUNCTIONS));
}

Test(audit_owner, of_two_the_innermost_is_it)
{
	cr_expect(eq(int, owner_with(1000, 1000, 1000), OPEN_SESSION));
	cr_expect(eq(int, owner_with(1000, 0, 1000), SERVE));
}

Test(audit_owner, a_helper_of_a_library_has_none)
{
	const double kept[FUNCTIONS] = { 0, 1000, 1000 };
	struct program *p = program_with(kept);

	p->functions[COPY_NAME].is_direct = false;
	cr_expect(eq(int, owner_of(p), FUNCTIONS));
	done(p);
}

Test(audit_owner, a_caller_in_a_library_is_none)
{
	const double kept[FUNCTIONS] = { 0, 1000, 1000 };
	struct program *p = program_with(kept);

	p->functions[OPEN_SESSION].is_direct = false;
	cr_expect(eq(int, owner_of(p), FUNCTIONS));
	done(p);
}

Test(audit_owner, who_creates_threads_owns_no_blocks)
{
	const double kept[FUNCTIONS] = { 0, 1000, 1000 };
	struct program *p = program_with(kept);

	p->functions[OPEN_SESSION].is_thread_create = true;
	cr_expect(eq(int, owner_of(p), FUNCTIONS));
	done(p);
}
