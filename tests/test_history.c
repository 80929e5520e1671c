/*
 * test_history - the contracts of preload/history/history.h,
 * analyzer/profile/history_ring.h and analyzer/profile/history.h: what the shim writes,
 * the analyzer reads
 *
 * A made-up clock drives the ring; a model remembers what was counted at the end of
 * every slice. Real processes, killed at random, are the business of run_history.py.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/profile/history.h"
#include "analyzer/profile/history_ring.h"
#include "history_model.h"

static struct fault fault;

static struct profile *load(void)
{
	struct profile_wants wants = { .history = true };
	struct target target;
	struct profile *profile;

	cr_assert(eq(int, target_open(model_path(), &target, &fault), 0), "%s",
		  fault.text);
	target.life = SEGMENT_KILLED; /* nobody counts now */
	cr_assert(eq(int, profile_load_with(&target, &wants, &profile, &fault), 0), "%s",
		  fault.text);
	target_close(&target);
	return profile;
}

/* Every point is what the model had at that moment. */
static void check(const struct history *h)
{
	cr_assert(not(h->damaged));
	for (size_t i = 0; i < h->count; i++) {
		struct moment m = i + 1 < h->count ? model_at(h->at[i]) : model_now();

		if (i > 0)
			cr_assert(h->at[i] >= h->at[i - 1]);
		if (h->at[i] == 0 || h->sweep_s[i] > 0)
			continue;
		cr_assert(eq(u64, h->total[PROFILE_INUSE_SPACE][i], m.live),
			  "%zu of %zu at %f", i, h->count, h->at[i]);
		cr_assert(eq(u64, h->total[PROFILE_INUSE_OBJECTS][i], m.objects));
		cr_assert(eq(u64, h->total[PROFILE_ALLOC_SPACE][i], m.bytes));
		cr_assert(eq(u64, h->total[PROFILE_ALLOC_OBJECTS][i], m.allocs));
	}
}

Test(history, every_point_is_what_was_counted_then)
{
	model_begin("4MiB");
	for (int i = 0; i < 400; i++) {
		model_events(50, 40);
		model_tick(250);
		if (i % 20 == 19) {
			struct profile *profile = load();

			check(profile->history);
			cr_expect(profile->history->from_start);
			cr_expect(eq(sz, profile->history->slices, (size_t)(i + 1) / 4));
			profile_free(profile);
		}
	}
}

Test(history, a_cut_when_the_coarse_clock_is_behind_the_start)
{
	struct profile *profile;

	model_begin("4MiB");
	model_events(20, 5);
	model_cut_early(3);
	model_events(20, 5);
	model_tick(1000);
	profile = load();
	cr_expect(not(profile->history->damaged));
	cr_expect(eq(sz, profile->history->slices, 2));
	profile_free(profile);
}

Test(history, a_stack_s_series_add_up_to_the_totals)
{
	struct profile *profile;
	const struct history *h;
	uint64_t *value[PROFILE_SAMPLES], *sum[PROFILE_SAMPLES], at[PROFILE_SAMPLES];

	model_begin("4MiB");
	for (int i = 0; i < 60; i++) {
		model_events(300, 200);
		model_tick(500);
	}
	profile = load();
	h = profile->history;
	check(h);
	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		value[s] = calloc(h->count, sizeof(uint64_t));
		sum[s] = calloc(h->count, sizeof(uint64_t));
	}
	for (size_t stack = 0; stack < profile->stacks_count; stack++) {
		history_stack(h, stack, value);
		history_stack_at(h, stack, h->count / 2, at);
		for (int s = 0; s < PROFILE_SAMPLES; s++) {
			cr_assert(eq(u64, at[s], value[s][h->count / 2]));
			cr_assert(eq(u64, value[s][h->count - 1],
				     profile->stacks[stack].value[s]));
			for (size_t i = 0; i < h->count; i++)
				sum[s][i] += value[s][i];
		}
	}
	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		cr_assert(memcmp(sum[s], h->total[s], h->count * sizeof(uint64_t)) == 0);
		free(sum[s]);
		free(value[s]);
	}
	profile_free(profile);
}

Test(history, a_full_ring_gets_coarser_and_stays_true)
{
	struct profile *profile;
	const struct history *h;

	model_begin("64KiB");
	for (int i = 0; i < 9000; i++) {
		model_events(20, 300);
		model_tick(500);
	}
	profile = load();
	h = profile->history;
	check(h);
	cr_expect(not(h->from_start));
	/* a second each at the end, and much longer ones at the beginning */
	cr_expect(h->at[h->count - 1] - h->at[h->count - 4] < 4.5);
	cr_expect(h->at[1] - h->at[0] >= 8 * 1.0);
	cr_expect(h->at[h->count - 1] - h->at[0] > 600, "reaches back %f s",
		  h->at[h->count - 1] - h->at[0]);
	profile_free(profile);
}

Test(history, a_pause_is_a_pause_and_not_a_slope)
{
	struct profile *profile;
	const struct history *h;
	bool seen = false;

	model_begin("4MiB");
	for (int i = 0; i < 10; i++) {
		model_events(100, 10);
		model_tick(500);
	}
	model_tick(3600 * 1000);
	model_events(100, 10);
	model_tick(1500);
	profile = load();
	h = profile->history;
	check(h);
	for (size_t i = 1; i < h->count; i++) {
		if (h->at[i] - h->at[i - 1] < 1800)
			continue;
		seen = true;
		cr_expect(eq(u64, h->total[PROFILE_ALLOC_OBJECTS][i],
			     h->total[PROFILE_ALLOC_OBJECTS][i - 1]));
		cr_expect(h->has_next[i - 1]);
	}
	cr_expect(seen);
	profile_free(profile);
}

Test(history, only_a_point_before_a_pause_has_the_next_event)
{
	struct profile *profile;
	const struct history *h;

	model_begin("4MiB");
	for (int i = 0; i < 20; i++) {
		model_events(100, 10);
		model_tick(500);
	}
	profile = load();
	h = profile->history;
	for (size_t i = 0; i < h->count; i++)
		cr_expect(not(h->has_next[i]), "%zu", i);
	profile_free(profile);
}

Test(history, a_process_that_did_nothing_has_a_start_and_an_end)
{
	struct profile *profile;

	model_begin("4MiB");
	model_allocate(0, 1, 100);
	profile = load();
	cr_expect(profile->history->count >= 2);
	cr_expect(eq(sz, profile->history->slices, 0));
	cr_expect(eq(u64, profile->history->total[PROFILE_INUSE_SPACE][0], 0));
	cr_expect(eq(
		u64,
		profile->history->total[PROFILE_INUSE_SPACE][profile->history->count - 1],
		100));
	profile_free(profile);
}

Test(history, no_ring_is_no_error)
{
	struct profile *profile;

	model_begin("0");
	for (int i = 0; i < 20; i++) {
		model_events(50, 40);
		model_tick(500);
	}
	profile = load();
	cr_expect(not(profile->history->kept));
	cr_expect(eq(sz, profile->history->slices, 0));
	profile_free(profile);
}

Test(history, a_slice_of_many_sites_is_spread_over_many_ticks)
{
	struct profile *profile;
	const struct history *h;
	int sweeps = 0;

	setenv("HEAPRING_BUDGET", "128MiB", 1);
	model_begin("16MiB");
	for (uint32_t i = 0; i < MODEL_BLOCKS; i++)
		model_allocate(i, i, 10);
	model_tick(MODEL_INTERVAL_MS);
	for (;; sweeps++) {
		profile = load();
		h = profile->history;
		if (h->slices > 0)
			break;
		profile_free(profile);
		cr_assert(lt(int, sweeps, 5000));
		model_tick(4);
	}
	cr_expect(gt(int, sweeps, 2));
	profile_free(profile);
	profile = load();
	h = profile->history;
	cr_expect(not(h->damaged));
	cr_expect(eq(u64, h->total[PROFILE_INUSE_OBJECTS][h->count - 1], MODEL_BLOCKS));
	profile_free(profile);
}

Test(history, an_open_slice_does_not_change_the_past)
{
	struct profile *profile;

	setenv("HEAPRING_BUDGET", "128MiB", 1);
	model_begin("16MiB");
	for (int round = 0; round < 6; round++) {
		for (uint32_t i = 0; i < MODEL_BLOCKS; i++)
			if (model_size(i) == 0)
				model_allocate(i, i, 10 + (size_t)round);
			else
				model_release(i);
		model_tick(MODEL_INTERVAL_MS);
		/* in the middle of the sweep */
		profile = load();
		cr_expect(not(profile->history->damaged));
		check(profile->history);
		profile_free(profile);
		for (int i = 0; i < 2000; i++)
			model_tick(1);
	}
}

static void give_up_a_writer(unsigned stopped_at)
{
	struct profile *profile;
	size_t slices;

	model_begin("4MiB");
	for (int i = 0; i < 20; i++) {
		model_events(1000, 2000);
		model_tick(500);
	}
	model_events(1000, 2000);
	model_stop_a_writer(stopped_at);
	profile = load();
	slices = profile->history->slices;
	profile_free(profile);
	/* first nobody writes, and then another thread */
	for (int i = 0; i < 4000; i++) {
		model_events(10, 2000);
		model_tick(10);
	}
	profile = load();
	cr_expect(not(profile->history->damaged));
	cr_expect(gt(sz, profile->history->slices, slices + 20));
	profile_free(profile);
	model_resume_the_writer();
	for (int i = 0; i < 100; i++) {
		model_events(10, 2000);
		model_tick(250);
	}
	profile = load();
	check(profile->history);
	cr_expect(gt(sz, profile->history->slices, slices + 40));
	profile_free(profile);
}

Test(history, a_writer_that_is_stopped_before_it_wrote_is_given_up)
{
	give_up_a_writer(3);
}

Test(history, a_writer_that_is_stopped_in_a_slice_is_given_up)
{
	give_up_a_writer(8);
}

Test(history, cutting_ends_a_slice_now)
{
	struct profile *profile;
	const struct history *h;
	size_t slices;

	model_begin("4MiB");
	model_events(100, 20);
	model_tick(1000);
	model_events(100, 20);
	profile = load();
	slices = profile->history->slices;
	profile_free(profile);
	model_cut(100);
	profile = load();
	h = profile->history;
	check(h);
	cr_expect(eq(sz, h->slices, slices + 1));
	profile_free(profile);
}

Test(history, a_value_between_points_lies_on_a_line)
{
	double at[] = { 0, 10, 20, 20, 30 };
	uint64_t value[] = { 0, 100, 100, 300, 200 };
	double out[4];
	struct history h = { .count = 5, .at = at };

	cr_expect(epsilon_eq(dbl, history_value(&h, value, -5), 0, 1e-9));
	cr_expect(epsilon_eq(dbl, history_value(&h, value, 5), 50, 1e-9));
	cr_expect(epsilon_eq(dbl, history_value(&h, value, 15), 100, 1e-9));
	cr_expect(epsilon_eq(dbl, history_value(&h, value, 25), 250, 1e-9));
	cr_expect(epsilon_eq(dbl, history_value(&h, value, 99), 200, 1e-9));
	history_resample(&h, value, 0, 30, 4, out);
	cr_expect(epsilon_eq(dbl, out[1], 100, 1e-9));
	cr_expect(epsilon_eq(dbl, out[3], 200, 1e-9));
	cr_expect(eq(sz, history_nearest(&h, 4), 0));
	cr_expect(eq(sz, history_nearest(&h, 6), 1));
	cr_expect(eq(sz, history_nearest(&h, 1000), 4));
}
