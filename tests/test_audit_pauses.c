/*
 * test_audit_pauses - the contract of analyzer/audit/audit_pauses.h, and what
 * analyzer/audit/audit_series.h says about pauses
 *
 * A program that allocates a room, twice as large each time, and frees the old one. Its
 * history is made from slices as the shim writes them.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>

#include "analyzer/audit/audit_pauses.h"
#include "analyzer/profile/history_ring.h"
#include "tests/built_profile.h"

#define S 1000000000ull
#define SITE HR_SITE_FIRST
#define SLICES_MAX 80u
#define INTERVAL_S 0.1

/* What happened in a slice: in seconds, then blocks and bytes. */
struct slice {
	double from, to;
	uint64_t allocs, alloc_bytes, frees, free_bytes;
};

static struct profile *load_program(double active, double seconds)
{
	struct segment_builder *builder = segment_builder_new();
	uint16_t module = segment_builder_module(builder, "/nowhere/app", HR_MODULE_MAIN);
	uint32_t thread = segment_builder_thread(builder, "app");
	uint32_t node = segment_builder_node(builder, HR_NODE_ROOT, 0x1001, module);
	uint32_t site = segment_builder_site(builder, node, 1);
	struct heapring_counter one = { .allocs = 1, .alloc_bytes = 1 };

	cr_assert(eq(u32, site, SITE));
	segment_builder_count(builder, thread, site, one);
	builder->header.start_mono_ns = 0;
	builder->header.interval_ns = (uint64_t)(INTERVAL_S * S);
	builder->header.active_ns = (uint64_t)(active * S);
	builder->header.end_unix_ns =
		builder->header.start_unix_ns + (uint64_t)(seconds * S);
	return built_profile(builder);
}

static int newest_first(const void *a, const void *b)
{
	const struct ring_change *x = a, *y = b;

	return (x->slice < y->slice) - (x->slice > y->slice);
}

static void sum_up(struct site_sum *sum, const struct heapring_values *by)
{
	sum->allocs += by->allocs;
	sum->alloc_bytes += by->alloc_bytes;
	sum->live += (int64_t)(by->allocs - by->frees);
	sum->live_bytes += (int64_t)(by->alloc_bytes - by->free_bytes);
}

/* open: when what came after the last slice began. A slice that begins then is that. */
static struct audit_pauses pauses_of(const struct slice *slice, size_t count, double open,
				     double seconds, struct audit_window *ret_window)
{
	struct ring_slice slices[SLICES_MAX] = { 0 };
	struct ring_change changes[SLICES_MAX] = { 0 };
	struct heapring_values values[SITE + 1] = { 0 };
	struct site_sum sum[SITE + 1] = { 0 };
	struct history_ring ring = { .slices = slices,
				     .changes = changes,
				     .values = values,
				     .values_count = SITE + 1,
				     .open_ns = (uint64_t)(open * S) };
	struct site_sums sums = { .sums = sum, .count = SITE + 1 };
	struct audit_function function = { 0 };
	struct audit_stack stack = { 0 };
	struct audit_facts facts = { .functions = &function,
				     .functions_count = 1,
				     .stacks = &stack };
	struct profile *profile = load_program(open, seconds);
	struct audit_pauses pauses;
	struct history *history;

	for (size_t i = 0; i < count; i++) {
		const struct slice *it = &slice[i];
		struct heapring_values by = { it->allocs, it->alloc_bytes, it->frees,
					      it->free_bytes };

		sum_up(&sum[SITE], &by);
		if (it->from >= open)
			continue;
		slices[i] = (struct ring_slice){ .first = i,
						 .start_ns = (uint64_t)(it->from * S),
						 .end_ns = (uint64_t)(it->to * S) };
		changes[ring.slices_count++] =
			(struct ring_change){ SITE, (uint32_t)i, by };
		values[SITE].allocs += by.allocs;
		values[SITE].alloc_bytes += by.alloc_bytes;
		values[SITE].frees += by.frees;
		values[SITE].free_bytes += by.free_bytes;
	}
	ring.changes_count = ring.slices_count;
	qsort(changes, ring.changes_count, sizeof(*changes), newest_first);
	cr_assert(eq(int, history_new(profile, &sums, &ring, &history), 0));
	facts.profile = profile;
	facts.history = history;
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		facts.scratch[s] = calloc(history->count, sizeof(*facts.scratch[s]));
	audit_window_find(history, /*ended=*/true, &facts.window);
	audit_pauses_find(&facts, &function, &pauses);
	if (ret_window)
		*ret_window = facts.window;
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		free(facts.scratch[s]);
	history_free(history);
	profile_free(profile);
	return pauses;
}

/* What lived at that time, by the points. */
static double level_at(const struct audit_pauses *pauses, double when)
{
	size_t i = 0;

	while (i + 1 < pauses->count && pauses->at[i + 1] <= when)
		i++;
	return pauses->value[i];
}

/* A room of 1 KiB at first. Each slice but the first begins with the end of the old room,
 * and ends with the new one. */
static const struct slice rooms[] = {
	{ 0.0, 0.4, 2, 3072, 0, 0 },     { 0.4, 0.8, 1, 4096, 1, 1024 },
	{ 0.8, 1.6, 1, 8192, 1, 2048 },  { 1.6, 3.2, 1, 16384, 1, 4096 },
	{ 3.2, 6.4, 1, 32768, 1, 8192 }, { 6.4, 6.4, 0, 0, 1, 16384 },
};

Test(audit_pauses, a_room_stands_still_until_the_event_that_ends_its_slice)
{
	struct audit_pauses pauses = pauses_of(rooms, 6, 6.4, 8, NULL);

	cr_assert(pauses.count > 0);
	cr_expect(eq(dbl, level_at(&pauses, 1.5), 4096));
	cr_expect(eq(dbl, level_at(&pauses, 3.1), 8192));
	cr_expect(eq(dbl, level_at(&pauses, 6.3), 16384));
	cr_expect(eq(dbl, level_at(&pauses, 7.5), 32768));
}

/* A tick of the clock lay between a new room and the end of the old one, so that the
 * slice was not due yet, and ended where the pause began. */
Test(audit_pauses, an_event_that_was_counted_before_its_pause_comes_after_it)
{
	static const struct slice early[] = {
		{ 0.0, 0.4, 2, 3072, 0, 0 },      { 0.4, 0.8, 1, 4096, 1, 1024 },
		{ 0.8, 1.6, 1, 8192, 1, 2048 },   { 1.6, 1.61, 1, 16384, 1, 4096 },
		{ 3.2, 3.21, 1, 32768, 1, 8192 }, { 6.4, 6.41, 0, 0, 1, 16384 }
	};
	struct audit_pauses pauses = pauses_of(early, 6, 6.41, 8, NULL);

	cr_assert(pauses.count > 0);
	cr_expect(eq(dbl, level_at(&pauses, 2.5), 8192));
	cr_expect(eq(dbl, level_at(&pauses, 6.0), 16384));
	cr_expect(eq(dbl, level_at(&pauses, 7.5), 32768));
}

/* The last of two that were full comes before the pause, the next first one after it. */
Test(audit_pauses, of_several_blocks_the_last_is_twice_as_large)
{
	static const struct slice two[] = { { 0.0, 0.4, 4, 4096, 0, 0 },
					    { 0.4, 0.8, 1, 2048, 0, 0 },
					    { 0.8, 0.9, 2, 6144, 3, 4096 },
					    { 1.6, 1.7, 2, 12288, 2, 4096 },
					    { 3.2, 3.3, 2, 24576, 2, 8192 } };
	struct audit_pauses pauses = pauses_of(two, 5, 6.4, 8, NULL);
	double live_then = 4096 + 2048 + 6144 - 4096; /* with the block at 1.6 s */

	cr_assert(pauses.count > 0);
	cr_expect(eq(dbl, level_at(&pauses, 1.2), live_then - 4096));
}

Test(audit_pauses, one_block_that_is_made_larger_in_its_place_was_as_before)
{
	static const struct slice one[] = { { 0.0, 0.4, 1, 1024, 0, 0 },
					    { 0.4, 0.8, 1, 2048, 1, 1024 },
					    { 0.8, 1.6, 1, 4096, 1, 2048 },
					    { 1.6, 3.2, 1, 8192, 1, 4096 },
					    { 3.2, 6.4, 1, 16384, 1, 8192 } };
	struct audit_pauses pauses = pauses_of(one, 5, 6.4, 8, NULL);

	cr_assert(pauses.count > 0);
	cr_expect(eq(dbl, level_at(&pauses, 3.0), 4096));
	cr_expect(eq(dbl, level_at(&pauses, 6.0), 8192));
}

Test(audit_pauses, only_of_a_history_with_few_slices_for_its_time)
{
	struct slice busy[40];
	struct audit_pauses pauses;

	for (size_t i = 0; i < 40; i++)
		busy[i] = (struct slice){
			(double)i / 10, (double)(i + 1) / 10, 5, 500, 0, 0
		};
	pauses = pauses_of(busy, 40, 4, 4, NULL);
	cr_expect(eq(sz, pauses.count, 0));
}

Test(audit_pauses, points_are_in_the_order_of_time)
{
	struct audit_pauses pauses = pauses_of(rooms, 6, 6.4, 8, NULL);

	cr_assert(pauses.count > 2);
	for (size_t i = 1; i < pauses.count; i++)
		cr_expect(pauses.at[i] >= pauses.at[i - 1], "%zu", i);
}

Test(audit_pauses, the_new_room_counts_from_when_the_old_one_is_gone)
{
	struct audit_pauses pauses = pauses_of(rooms, 6, 6.4, 8, NULL);

	cr_assert(pauses.count > 0);
	for (size_t i = 0; i < pauses.count; i++)
		cr_expect(not(eq(dbl, pauses.value[i], 32768 + 16384)));
}

Test(audit_pauses, the_last_point_is_the_end_of_the_run)
{
	struct audit_window window;
	struct audit_pauses pauses = pauses_of(rooms, 6, 6.4, 8, &window);

	cr_assert(pauses.count > 0);
	cr_expect(epsilon_eq(dbl, pauses.at[pauses.count - 1], 8, 1e-6));
	cr_expect(epsilon_eq(dbl, window.to_s + window.idle_s, 8, 1e-6));
}

/* Of three rooms the first goes at the end, which is counted before the pause. */
Test(audit_pauses, the_end_of_the_program_takes_nothing_from_the_pause_before_it)
{
	static const struct slice end[] = { { 0.0, 0.4, 3, 24576, 0, 0 },
					    { 0.4, 1.0, 3, 49152, 3, 24576 },
					    { 1.0, 1.1, 0, 0, 1, 16384 },
					    { 8.0, 8.0, 0, 0, 2, 32768 } };
	struct audit_pauses pauses = pauses_of(end, 4, 8, 8, NULL);

	cr_assert(pauses.count > 0);
	cr_expect(eq(dbl, pauses.value[pauses.count - 1], 49152));
}

/* The last one was full just then: its old room goes with all the rest. */
Test(audit_pauses, the_old_room_does_not_live_until_the_end_either)
{
	static const struct slice end[] = { { 0.0, 0.4, 2, 3072, 0, 0 },
					    { 0.4, 0.8, 1, 4096, 1, 1024 },
					    { 0.8, 1.6, 1, 8192, 1, 2048 },
					    { 1.6, 3.2, 1, 16384, 1, 4096 },
					    { 3.2, 3.3, 0, 0, 2, 24576 } };
	struct audit_pauses pauses = pauses_of(end, 5, 3.2, 3.3, NULL);

	cr_assert(pauses.count > 0);
	cr_expect(eq(dbl, pauses.value[pauses.count - 1], 16384));
}

Test(audit_window, a_pause_that_was_counted_as_no_event_is_left_out_once)
{
	static const struct slice work[] = { { 0.0, 1.0, 50, 5000, 0, 0 },
					     { 1.0, 2.0, 50, 5000, 0, 0 },
					     { 2.0, 3.0, 50, 5000, 0, 0 },
					     { 3.0, 3.1, 5, 500, 0, 0 } };
	struct audit_window window;

	pauses_of(work, 4, 4, 5, &window);
	cr_expect(window.to_s + window.idle_s <= 5 + 1e-6);
}
