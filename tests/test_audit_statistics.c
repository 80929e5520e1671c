/*
 * test_audit_statistics - the contracts of order_stats.h, trend_test.h, growth_model.h,
 * teeth.h and survival.h on series whose answer is known
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include "analyzer/statistics/doubling.h"
#include "analyzer/statistics/growth_model.h"
#include "analyzer/statistics/order_stats.h"
#include "analyzer/statistics/survival.h"
#include "analyzer/statistics/teeth.h"
#include "analyzer/statistics/trend_test.h"
#include "tests/audit_curves.h"

#define N 60u

static double at[N], value[N];

static void fill(double (*f)(double t))
{
	for (size_t i = 0; i < N; i++) {
		at[i] = (double)i;
		value[i] = f((double)i / (N - 1));
	}
}

static double line(double t)
{
	return 1000 + 590 * t;
}

static double flat(double t)
{
	return 42 + 0 * t;
}

static double exponential(double t)
{
	return 100 * exp(6 * t);
}

static double saturating(double t)
{
	return 1e6 * -expm1(-4 * t);
}

static double hinge(double t)
{
	return 1e6 * fmin(t, 0.5);
}

static double begins(double t)
{
	return 5000 + 1e6 * fmax(0, t - 0.65);
}

static double saw(double t)
{
	return 1000 + 500 * fmod(t * 6, 1);
}

Test(order_stats, quantiles_lie_between_neighbours)
{
	double sorted[] = { 1, 2, 4, 8 };

	cr_expect(epsilon_eq(dbl, order_stats_quantile_sorted(sorted, 4, 0.5), 3, 1e-12));
	cr_expect(epsilon_eq(dbl, order_stats_quantile_sorted(sorted, 4, 0), 1, 1e-12));
	cr_expect(epsilon_eq(dbl, order_stats_quantile_sorted(sorted, 4, 1), 8, 1e-12));
	cr_expect(epsilon_eq(dbl, order_stats_quantile_sorted(sorted, 0, 1), 0, 1e-12));
}

Test(order_stats, equal_values_share_the_mean_of_their_ranks)
{
	const double values[] = { 5, 1, 5, 9 };
	const double wanted[] = { 2.5, 1, 2.5, 4 };
	double ranks[4];

	cr_assert(eq(int, order_stats_ranks(values, 4, ranks), 0));
	for (size_t i = 0; i < 4; i++)
		cr_expect(epsilon_eq(dbl, ranks[i], wanted[i], 1e-12));
}

Test(trend_test, a_line_has_its_slope_whatever_a_quarter_of_the_points_say)
{
	struct trend trend;

	fill(line);
	for (size_t i = 0; i < N; i += 4)
		value[i] = i % 8 ? 1e12 : 0;
	cr_assert(eq(int, trend_test(at, value, N, &trend), 0));
	cr_expect(epsilon_eq(dbl, trend.slope, 10, 0.5));
	cr_expect(le(dbl, trend.low, 10));
	cr_expect(ge(dbl, trend.high, 10));
}

Test(trend_test, what_always_rises_has_tau_one_and_a_small_p)
{
	struct trend trend;

	fill(line);
	trend_test(at, value, N, &trend);
	cr_expect(epsilon_eq(dbl, trend.tau, 1, 1e-12));
	cr_expect(lt(dbl, trend.p, 1e-9));
	cr_expect(epsilon_eq(dbl, trend.middle, 1000, 1e-6));
}

/* 9 pairs rise and 1 falls: S = 8; variance 5*4*15/18 = 16.67; z = 7/4.08 = 1.71 */
Test(trend_test, p_is_that_of_a_small_example_by_hand)
{
	const double t[] = { 1, 2, 3, 4, 5 }, y[] = { 1, 3, 2, 4, 4.5 };
	struct trend trend;

	trend_test(t, y, 5, &trend);
	cr_expect(epsilon_eq(dbl, trend.tau, 0.8, 1e-12));
	cr_expect(epsilon_eq(dbl, trend.p, 0.0864, 0.002));
}

Test(trend_test, constant_and_short_series_have_no_trend)
{
	struct trend trend;

	fill(flat);
	trend_test(at, value, N, &trend);
	cr_expect(eq(dbl, trend.p, 1));
	cr_expect(eq(dbl, trend.slope, 0));
	trend_test(at, value, 2, &trend);
	cr_expect(eq(dbl, trend.p, 1));
	trend_test(at, value, 0, &trend);
	cr_expect(eq(dbl, trend.p, 1));
}

Test(trend_test, huge_values_are_no_nan)
{
	struct trend trend;

	for (size_t i = 0; i < N; i++) {
		at[i] = (double)i * 1e9;
		value[i] = (double)i * 1e17;
	}
	trend_test(at, value, N, &trend);
	cr_expect(isfinite(trend.p) && isfinite(trend.slope));
	cr_expect(isfinite(trend.low) && isfinite(trend.high) && isfinite(trend.middle));
}

/* Without the correction a wander passes for a trend four times in ten. */
Test(trend_test, neighbours_that_are_alike_are_no_evidence)
{
	struct curve_random random = { 11 };
	unsigned found = 0;

	for (unsigned run = 0; run < 400; run++) {
		struct trend trend;
		double x = curve_normal(&random);

		for (size_t i = 0; i < N; i++) {
			at[i] = (double)i;
			value[i] = x;
			x = 0.8 * x + 0.6 * curve_normal(&random);
		}
		trend_test(at, value, N, &trend);
		found += trend.p < 0.01;
	}
	cr_expect(lt(uint, found, 400 * 12 / 100), "%u of 400", found);
}

Test(trend_test, independent_points_pass_for_a_trend_as_often_as_p_says)
{
	struct curve_random random = { 12 };
	unsigned found = 0;

	for (unsigned run = 0; run < 1000; run++) {
		struct trend trend;

		for (size_t i = 0; i < N; i++) {
			at[i] = (double)i;
			value[i] = curve_normal(&random);
		}
		trend_test(at, value, N, &trend);
		found += trend.p < 0.05;
	}
	cr_expect(all(ge(uint, found, 10), le(uint, found, 70)), "%u of 1000", found);
}

Test(growth_model, each_law_is_recognised)
{
	double (*const curves[])(double) = {
		[GROWTH_CONSTANT] = flat,           [GROWTH_LINEAR] = line,
		[GROWTH_EXPONENTIAL] = exponential, [GROWTH_SATURATING] = saturating,
		[GROWTH_RISE_THEN_FLAT] = hinge,    [GROWTH_FLAT_THEN_RISE] = begins
	};

	for (int law = 0; law < GROWTH_LAWS; law++) {
		struct growth_model model;
		double sum = 0;

		fill(curves[law]);
		cr_assert(eq(int, growth_model_fit(at, value, N, &model), 0));
		cr_expect(eq(int, (int)model.law, law));
		for (int i = 0; i < GROWTH_LAWS; i++)
			sum += model.weight[i];
		cr_expect(epsilon_eq(dbl, sum, 1, 1e-9));
		cr_expect(ge(dbl, model.weight[law], 0.5));
	}
}

Test(growth_model, the_answer_does_not_depend_on_units)
{
	struct growth_model small, large;

	fill(saturating);
	growth_model_fit(at, value, N, &small);
	for (size_t i = 0; i < N; i++) {
		at[i] = 5e5 + at[i] * 3600;
		value[i] *= 1e9;
	}
	growth_model_fit(at, value, N, &large);
	cr_expect(eq(int, (int)small.law, (int)large.law));
	cr_expect(epsilon_eq(dbl, small.end_slope, large.end_slope, 1e-6));
	cr_expect(epsilon_eq(dbl, large.plateau / small.plateau, 1e9, 1e4));
}

Test(growth_model, an_exponential_tells_its_doubling)
{
	struct growth_model model;

	fill(exponential); /* exp(6 t): doubles in ln 2 / 6 of 59 */
	growth_model_fit(at, value, N, &model);
	cr_expect(epsilon_eq(dbl, model.doubling, 59 * M_LN2 / 6, 1));
}

Test(growth_model, few_points_are_constant_without_weight)
{
	struct growth_model model;

	fill(line);
	growth_model_fit(at, value, GROWTH_POINTS_MIN - 1, &model);
	cr_expect(eq(int, (int)model.law, GROWTH_CONSTANT));
	cr_expect(eq(dbl, model.weight[GROWTH_CONSTANT], 0));
	growth_model_fit(at, value, 0, &model);
	cr_expect(eq(int, (int)model.law, GROWTH_CONSTANT));
}

Test(growth_model, moments_that_do_not_pass_give_no_answer)
{
	struct growth_model model;

	fill(line);
	memset(at, 0, sizeof(at));
	growth_model_fit(at, value, N, &model);
	cr_expect(eq(int, (int)model.law, GROWTH_CONSTANT));
}

Test(teeth, a_sawtooth_has_its_teeth_and_its_period)
{
	struct teeth teeth;

	fill(saw);
	cr_assert(eq(int, teeth_find(value, N, &teeth), 0));
	cr_expect(all(ge(sz, teeth.count, 4), le(sz, teeth.count, 6)));
	cr_expect(epsilon_eq(dbl, teeth.period, 59.0 / 6, 1.1));
	cr_expect(epsilon_eq(dbl, teeth.depth, 0.31, 0.05));
}

Test(teeth, lines_and_constants_have_none)
{
	struct teeth teeth;

	fill(line);
	teeth_find(value, N, &teeth);
	cr_expect(eq(sz, teeth.count, 0));
	fill(flat);
	teeth_find(value, N, &teeth);
	cr_expect(eq(sz, teeth.count, 0));
	cr_expect(eq(dbl, teeth.regularity, 0));
	teeth_find(value, 3, &teeth);
	cr_expect(eq(sz, teeth.count, 0));
}

Test(teeth, white_noise_is_not_smooth)
{
	struct curve_random random = { 5 };
	struct teeth teeth;

	for (size_t i = 0; i < N; i++)
		value[i] = 100 + curve_normal(&random);
	teeth_find(value, N, &teeth);
	cr_expect(lt(dbl, teeth.smoothness, 0.3));
}

#define TABLE_POINTS 80u

/* What a table has room for that gets `per_s` bytes a second until `until`, 8 s long. */
static void draw_table(double per_s, double until, double offset, double *when,
		       double *room)
{
	double now = 64;

	for (size_t i = 0; i < TABLE_POINTS; i++) {
		when[i] = (double)i / 10;
		while (now < per_s * fmin(when[i], until))
			now *= 2;
		room[i] = offset + now;
	}
}

Test(doubling, a_table_that_fills_in_a_straight_line_is_found)
{
	double when[TABLE_POINTS], room[TABLE_POINTS];
	struct doubling doubling;

	for (double per_s = 10e3; per_s < 20e3; per_s += 250) {
		draw_table(per_s, 8, 5000, when, room);
		cr_assert(doubling_find(when, room, TABLE_POINTS, &doubling), "%f",
			  per_s);
		cr_expect(doubling.rate > 0.75 * per_s && doubling.rate < 1.25 * per_s);
		cr_expect(epsilon_eq(dbl, doubling.factor, 2, 0.01));
		cr_expect(doubling.next_due > 7.5, "the next step is still to come");
		cr_expect(doubling.certainty > 0.5 && doubling.certainty < 1);
	}
}

Test(doubling, that_the_old_room_is_still_there_while_copying_does_not_matter)
{
	double when[TABLE_POINTS], room[TABLE_POINTS];
	struct doubling doubling;

	draw_table(15e3, 8, 0, when, room);
	for (size_t i = 1; i < TABLE_POINTS; i++)
		if (room[i] > 1.5 * room[i - 1] && i + 1 < TABLE_POINTS)
			room[i] += room[i] / 2, i++;
	cr_expect(doubling_find(when, room, TABLE_POINTS, &doubling));
}

Test(doubling, a_step_that_lies_between_two_points_is_one)
{
	double when[TABLE_POINTS], room[TABLE_POINTS], split[TABLE_POINTS];
	struct doubling doubling;

	draw_table(15e3, 8, 0, when, room);
	for (size_t i = 0; i < TABLE_POINTS; i++)
		split[i] = i > 0 ? room[i - 1] + 0.3 * (room[i] - room[i - 1]) : room[i];
	cr_expect(doubling_find(when, split, TABLE_POINTS, &doubling));
}

/* As of many blocks that come and go: the envelope is the table's, the values are not. */
Test(doubling, values_that_do_not_stand_still_between_the_steps_are_not)
{
	double when[TABLE_POINTS], room[TABLE_POINTS];
	struct doubling doubling;

	draw_table(15e3, 8, 0, when, room);
	for (size_t i = 0; i + 1 < TABLE_POINTS; i += 2)
		room[i] *= 1.5;
	cr_expect(not(doubling_find(when, room, TABLE_POINTS, &doubling)));
}

/* Five that get a fifth each, up to a seventeenth more or less. */
static void draw_tables(double per_s, double *when, double *room)
{
	static const double part[] = { 0.188, 0.195, 0.2, 0.206, 0.211 };
	double one[TABLE_POINTS];

	memset(room, 0, TABLE_POINTS * sizeof(*room));
	for (size_t t = 0; t < sizeof(part) / sizeof(part[0]); t++) {
		draw_table(part[t] * per_s, 8, 0, when, one);
		for (size_t i = 0; i < TABLE_POINTS; i++)
			room[i] += one[i];
	}
}

Test(doubling, several_that_are_full_one_shortly_after_the_other_are_one)
{
	double when[TABLE_POINTS], room[TABLE_POINTS];
	struct doubling doubling;

	for (double per_s = 50e3; per_s < 100e3; per_s += 1250) {
		draw_tables(per_s, when, room);
		cr_assert(doubling_find(when, room, TABLE_POINTS, &doubling), "%f",
			  per_s);
		cr_expect(doubling.rate > 0.7 * per_s && doubling.rate < 1.3 * per_s);
	}
}

Test(doubling, a_table_that_is_full_is_not)
{
	double when[TABLE_POINTS], room[TABLE_POINTS];
	struct doubling doubling;

	for (double until = 0.5; until < 2.5; until += 0.1) {
		draw_table(15e3, until, 0, when, room);
		cr_expect(not(doubling_find(when, room, TABLE_POINTS, &doubling)), "%f",
			  until);
		cr_expect(eq(sz, doubling.steps, 0));
	}
}

Test(doubling, entries_that_stand_say_that_it_is_full)
{
	double when[TABLE_POINTS], room[TABLE_POINTS], number[TABLE_POINTS];
	struct doubling doubling;
	double full;

	draw_table(12e3, 8, 5000, when, room);
	cr_assert(doubling_find(when, room, TABLE_POINTS, &doubling));
	full = doubling.last[0] + 0.1 * (doubling.last[0] - doubling.last[1]);
	for (size_t i = 0; i < TABLE_POINTS; i++)
		number[i] = 30 + 100 * when[i];
	cr_expect(not(doubling_entries_stand(&doubling, when, number, TABLE_POINTS)));
	for (size_t i = 0; i < TABLE_POINTS; i++)
		number[i] = 30 + 100 * fmin(when[i], full);
	cr_expect(doubling_entries_stand(&doubling, when, number, TABLE_POINTS));
	for (size_t i = 0; i < TABLE_POINTS; i++)
		number[i] = 500;
	cr_expect(not(doubling_entries_stand(&doubling, when, number, TABLE_POINTS)),
		  "blocks that stood all the time are not its entries");
}

Test(doubling, neither_are_lines_steps_of_one_height_or_exponentials)
{
	double when[TABLE_POINTS], line[TABLE_POINTS], even[TABLE_POINTS],
		faster[TABLE_POINTS];
	struct doubling doubling;

	for (size_t i = 0; i < TABLE_POINTS; i++) {
		when[i] = (double)i;
		line[i] = 100 * when[i];
		even[i] = 1000 * floor(when[i] / 16);
		faster[i] = 1000 * pow(2, floor(when[i] / 10));
	}
	cr_expect(not(doubling_find(when, line, TABLE_POINTS, &doubling)));
	cr_expect(not(doubling_find(when, even, TABLE_POINTS, &doubling)));
	cr_expect(not(doubling_find(when, faster, TABLE_POINTS, &doubling)));
	cr_expect(not(doubling_find(when, line, 1, &doubling)));
}

Test(survival, all_freed_at_once_are_temporary)
{
	const uint64_t freed[HR_LIFETIMES] = { 100 }, living[HR_LIFETIMES] = { 0 };
	struct survival survival;

	survival_estimate(freed, living, &survival);
	cr_expect(eq(dbl, survival.temporary, 1));
	cr_expect(eq(dbl, survival.freed, 1));
	cr_expect(eq(dbl, survival.surviving[0], 0));
	cr_expect(le(dbl, survival.median_s, 0.016));
}

Test(survival, the_living_count_as_older_than_they_are)
{
	/* of 100, 10 died young and 90 have lived for over a minute */
	const uint64_t freed[HR_LIFETIMES] = { 10 },
		       living[HR_LIFETIMES] = { 0, 0, 0, 90 };
	struct survival survival;

	survival_estimate(freed, living, &survival);
	cr_expect(epsilon_eq(dbl, survival.surviving[0], 0.9, 1e-9));
	cr_expect(epsilon_eq(dbl, survival.surviving[HR_LIFETIMES - 1], 0.9, 1e-9));
	cr_expect(lt(dbl, survival.median_s, 0));
}

/* Class 1: 40 of 100 die. Class 2: 20 are censored there and 30 of 60 - 10 die. */
Test(survival, the_life_table_is_that_of_an_example_by_hand)
{
	const uint64_t freed[HR_LIFETIMES] = { 0, 40, 30, 10 };
	const uint64_t living[HR_LIFETIMES] = { 0, 0, 20, 0 };
	struct survival survival;

	survival_estimate(freed, living, &survival);
	cr_expect(epsilon_eq(dbl, survival.surviving[1], 0.6, 1e-9));
	cr_expect(epsilon_eq(dbl, survival.surviving[2], 0.6 * 0.4, 1e-9));
	cr_expect(epsilon_eq(dbl, survival.surviving[3], 0, 1e-9));
}

Test(survival, nothing_known_is_no_nan)
{
	const uint64_t none[HR_LIFETIMES] = { 0 };
	struct survival survival;

	survival_estimate(none, none, &survival);
	cr_expect(eq(dbl, survival.surviving[HR_LIFETIMES - 1], 1));
	cr_expect(eq(dbl, survival.freed, 0));
}

Test(survival, the_youngest_births_are_the_living)
{
	const double when[] = { 0, 10, 20 }, allocated[] = { 0, 50, 60 };
	uint64_t living[HR_LIFETIMES], sum = 0;

	survival_living_ages(when, allocated, 3, 30, living);
	for (unsigned i = 0; i < HR_LIFETIMES; i++)
		sum += living[i];
	cr_expect(eq(u64, sum, 30));
	/* 10 of 5 s on average, 20 of 15 s: both between 4.1 s and 66 s */
	cr_expect(eq(u64, living[3], 30));
}
