/*
 * test_audit_callers - the contract of analyzer/audit/audit_callers.h
 *
 * main -> record -> make, and main -> show -> make: two callers of one function.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>

#include "analyzer/audit/audit_callers.h"
#include "analyzer/audit/audit_growth.h"
#include "analyzer/profile/history_ring.h"
#include "tests/built_profile.h"

#define S 1000000000ull
#define SLICES 80u
#define BLOCK 1000u
#define MAKE 0x9001 /* one function, that both call */

enum { RECORD, SHOW, CALLERS };

struct caller {
	unsigned takes; /* blocks a slice */
	unsigned holds; /* at most; more are given back */
};

static const struct caller keeps = { 10, 1000000 };
static const struct caller fair = { 40, 200 };
static const struct caller fills = { 12, 430 }; /* after half of the time */

static uint32_t site_of[CALLERS];

static struct profile *load_program(void)
{
	struct segment_builder *builder = segment_builder_new();
	uint16_t module = segment_builder_module(builder, "/nowhere/app", HR_MODULE_MAIN);
	uint32_t thread = segment_builder_thread(builder, "app");
	uint32_t main = segment_builder_node(builder, HR_NODE_ROOT, 0x1001, module);
	struct heapring_counter one = { .allocs = 1, .alloc_bytes = 1 };

	for (unsigned i = 0; i < CALLERS; i++) {
		uint32_t node = segment_builder_node(
			builder, main, 0x2001 + 0x1000 * (uint64_t)i, module);

		node = segment_builder_node(builder, node, MAKE, module);
		site_of[i] = segment_builder_site(builder, node, 1);
		segment_builder_count(builder, thread, site_of[i], one);
	}
	builder->header.start_mono_ns = 0;
	builder->header.interval_ns = S / 10;
	builder->header.active_ns = SLICES * S / 10;
	builder->header.end_unix_ns = builder->header.start_unix_ns + SLICES * S / 10;
	return built_profile(builder);
}

static int newest_first(const void *a, const void *b)
{
	const struct ring_change *x = a, *y = b;

	return (x->slice < y->slice) - (x->slice > y->slice);
}

/* What a caller does in the slice with that number. */
static struct heapring_values does(const struct caller *caller, unsigned slice)
{
	uint64_t before = (uint64_t)caller->takes * slice;
	uint64_t after = before + caller->takes;
	uint64_t frees = after <= caller->holds    ? 0
			 : before >= caller->holds ? caller->takes
						   : after - caller->holds;

	return (struct heapring_values){ caller->takes, (uint64_t)caller->takes * BLOCK,
					 frees, frees * BLOCK };
}

static struct history *history_of(struct profile *profile,
				  const struct caller *const by[])
{
	struct ring_slice slices[SLICES] = { 0 };
	struct ring_change changes[CALLERS * SLICES];
	struct heapring_values values[HR_SITE_FIRST + CALLERS] = { 0 };
	struct site_sum sum[HR_SITE_FIRST + CALLERS] = { 0 };
	struct history_ring ring = { .slices = slices,
				     .slices_count = SLICES,
				     .changes = changes,
				     .values = values,
				     .values_count = HR_SITE_FIRST + CALLERS,
				     .open_ns = SLICES * S / 10 };
	struct site_sums sums = { .sums = sum, .count = HR_SITE_FIRST + CALLERS };
	struct history *history;

	for (unsigned i = 0; i < SLICES; i++) {
		slices[i] = (struct ring_slice){ .first = i,
						 .start_ns = i * S / 10,
						 .end_ns = (i + 1) * S / 10 };
		for (unsigned c = 0; c < CALLERS; c++) {
			struct heapring_values did = does(by[c], i);
			struct site_sum *of = &sum[site_of[c]];

			changes[ring.changes_count++] =
				(struct ring_change){ site_of[c], i, did };
			values[site_of[c]].allocs += did.allocs;
			values[site_of[c]].alloc_bytes += did.alloc_bytes;
			values[site_of[c]].frees += did.frees;
			values[site_of[c]].free_bytes += did.free_bytes;
			of->allocs += did.allocs;
			of->alloc_bytes += did.alloc_bytes;
			of->live += (int64_t)(did.allocs - did.frees);
			of->live_bytes += (int64_t)(did.alloc_bytes - did.free_bytes);
		}
	}
	qsort(changes, ring.changes_count, sizeof(*changes), newest_first);
	cr_assert(eq(int, history_new(profile, &sums, &ring, &history), 0));
	return history;
}

/* The address in the module of who is blamed; 0: nobody. */
static unsigned long blamed(const struct caller *record, const struct caller *show)
{
	static const struct audit_surroundings nothing;
	const struct caller *by[CALLERS] = { record, show };
	struct profile *profile = load_program();
	struct audit_facts *facts = calloc(1, sizeof(*facts));
	const struct audit_function *worst;
	struct symbols *symbols;
	struct fault fault;
	unsigned long address = 0;

	profile->history = history_of(profile, by);
	cr_assert(eq(int, symbols_load(profile, NULL, NULL, &symbols, &fault), 0));
	cr_assert(eq(int, audit_facts_gather(profile, symbols, &nothing, facts), 0));
	cr_assert(eq(int, audit_callers_find(facts), 0));
	worst = audit_growth_worst(facts, false);
	if (worst)
		address = strtoul(strchr(worst->symbol->function, '+') + 1, NULL, 16);
	audit_facts_done(facts);
	free(facts);
	symbols_free(symbols);
	profile_free(profile);
	return address;
}

Test(audit_callers, where_one_gives_back_the_other_is_blamed)
{
	cr_expect(eq(ulong, blamed(&keeps, &fair), 0x2001));
	cr_expect(eq(ulong, blamed(&fair, &keeps), 0x3001));
}

Test(audit_callers, one_that_was_not_full_at_first_is_fair_as_well)
{
	cr_expect(eq(ulong, blamed(&keeps, &fills), 0x2001));
}

Test(audit_callers, where_both_keep_the_function_is_blamed)
{
	cr_expect(eq(ulong, blamed(&keeps, &keeps), MAKE));
}

Test(audit_callers, where_neither_keeps_nobody_is)
{
	cr_expect(eq(ulong, blamed(&fair, &fair), 0));
}
