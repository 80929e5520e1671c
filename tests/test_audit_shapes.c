/*
 * test_audit_shapes - what series_shape.h makes of random series whose truth is known,
 * and whether its certainty is worth its name
 *
 * The figures in docs/audit.md come from here: run with CALIBRATION_PRINT=1.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/statistics/series_shape.h"
#include "tests/audit_curves.h"

#define RUNS 40u
#define BINS 5u

static const size_t lengths[] = { 12, 20, 40, 80, 160 };

static bool is_right(enum curve_family family, enum shape_kind kind)
{
	switch (family) {
	case CURVE_STEADY:
	case CURVE_STARTUP:
	case CURVE_CHURN:
		return kind == SHAPE_FLAT || kind == SHAPE_FALLING;
	case CURVE_BURSTY_QUEUE:
		return kind == SHAPE_FLAT || kind == SHAPE_FALLING || kind == SHAPE_TEETH;
	case CURVE_WARMING:
	case CURVE_WARMING_FULL:
		return kind == SHAPE_LEVELLING;
	case CURVE_SAWTOOTH:
	case CURVE_RESTARTS:
		return kind == SHAPE_TEETH;
	default:
		return kind == SHAPE_RISING;
	}
}

static struct series_shape draw(enum curve_family family, struct curve_random *random,
				size_t count)
{
	double at[CURVE_POINTS_MAX], value[CURVE_POINTS_MAX];
	struct series_shape shape;

	curve_draw(family, random, count, at, value);
	cr_assert(eq(int, series_shape_find(at, value, count, &shape), 0));
	cr_assert(isfinite(shape.certainty) && isfinite(shape.rate) &&
		  isfinite(shape.net));
	cr_assert(shape.certainty >= 0 && shape.certainty <= 1);
	return shape;
}

Test(series_shape, what_is_full_and_dips_now_and_then_does_not_rise)
{
	double when[72], value[72];
	struct series_shape shape;

	for (size_t i = 0; i < 72; i++) {
		when[i] = (double)i / 9;
		value[i] = i < 28 ? 13000.0 * (double)i : 360000 - (i % 9 == 0 ? 300 : 0);
	}
	cr_assert(eq(int, series_shape_find(when, value, 72, &shape), 0));
	cr_expect(shape.kind != SHAPE_RISING);
}

/* A start, then a part that is gathered and goes at once, above what stays. */
Test(series_shape, what_falls_back_to_one_level_behind_its_start_does_not_rise)
{
	double when[80], value[80];
	struct series_shape shape;

	for (size_t lasts = 17; lasts < 25; lasts++) {
		for (size_t i = 0; i < 80; i++) {
			when[i] = (double)i / 10;
			value[i] = i < 10   ? 9000.0 * (double)i
				   : i < 20 ? 90000 + 5500.0 * (double)(i - 10)
					    : 145000 + 850.0 * (double)((i - 20) % lasts);
		}
		cr_assert(eq(int, series_shape_find(when, value, 80, &shape), 0));
		cr_expect(shape.kind != SHAPE_RISING, "a tooth of %zu points", lasts);
	}
}

/* The same teeth, each of which leaves a fifth of its height. */
Test(series_shape, teeth_that_leave_something_rise)
{
	double when[120], value[120];
	struct series_shape shape;

	for (size_t i = 0; i < 120; i++) {
		when[i] = (double)i / 10;
		value[i] = 145000 + 850.0 * (double)(i % 20) + 4000.0 * (double)(i / 20);
	}
	cr_assert(eq(int, series_shape_find(when, value, 120, &shape), 0));
	cr_expect(eq(int, shape.kind, SHAPE_RISING));
}

/* Filled at one rate, emptied at once: a tooth is three or four of 18 slices wide. */
Test(series_shape, narrow_teeth_are_told_by_their_equal_steps)
{
	double at[18], even[18], uneven[18];
	struct series_shape shape;

	for (size_t i = 0; i < 18; i++) {
		at[i] = (double)i;
		even[i] = 150 + 140 * fmod((double)i, 3.5);
		uneven[i] = 150 + 70 * (double)(i * i * 7 % 11);
	}
	cr_assert(eq(int, series_shape_find(at, even, 18, &shape), 0));
	cr_expect(eq(int, shape.kind, SHAPE_TEETH));
	cr_assert(eq(int, series_shape_find(at, uneven, 18, &shape), 0));
	cr_expect(ne(int, shape.kind, SHAPE_TEETH));
}

/* Two falls by chance, of a number of sessions that wanders around its mean: with few
 * points some lag of noise is alike as well. */
Test(series_shape, what_wanders_for_sixteen_slices_hardly_ever_has_teeth)
{
	struct curve_random random = { 20 };
	double at[16], value[16], wander = 0;
	struct series_shape shape;
	unsigned teeth = 0;

	for (unsigned run = 0; run < 400; run++) {
		for (size_t i = 0; i < 16; i++) {
			wander = 0.5 * wander + curve_normal(&random);
			at[i] = (double)i;
			value[i] = fmax(0.1, 3 + wander);
		}
		cr_assert(eq(int, series_shape_find(at, value, 16, &shape), 0));
		teeth += shape.kind == SHAPE_TEETH;
	}
	cr_expect(lt(uint, teeth, 400 / 25), "%u of 400", teeth);
}

/* A limit that was doubled: no single curve fits, but it stands. */
Test(series_shape, two_rises_each_to_a_level_do_not_go_on_rising)
{
	double at[90], value[90];
	struct series_shape shape;

	for (size_t i = 0; i < 90; i++) {
		at[i] = (double)i;
		value[i] = fmin((double)i, 25) + fmin(fmax(0, (double)i - 35), 25) +
			   0.1 * (double)(i * 7 % 5);
	}
	cr_assert(eq(int, series_shape_find(at, value, 90, &shape), 0));
	cr_expect(ne(int, shape.kind, SHAPE_RISING));
}

Test(series_shape, long_enough_each_family_is_recognised)
{
	for (int family = 0; family < CURVE_FAMILIES; family++) {
		struct curve_random random = { 100 + (uint64_t)family };
		unsigned right = 0, least = RUNS * 88 / 100;

		/* half of the bursty ones walk without a bound that one could see, and
		 * two and a half restarts are not many */
		if (family == CURVE_BURSTY_QUEUE || family == CURVE_RESTARTS)
			least = RUNS * 70 / 100;
		for (unsigned run = 0; run < RUNS; run++) {
			struct series_shape shape =
				draw((enum curve_family)family, &random, 120);

			right += is_right((enum curve_family)family, shape.kind);
		}
		cr_expect(ge(uint, right, least), "%s: %u of %u",
			  curve_family_names[family], right, RUNS);
	}
}

Test(series_shape, what_is_bounded_hardly_ever_passes_for_rising)
{
	static const enum curve_family bounded[] = { CURVE_STEADY,       CURVE_STARTUP,
						     CURVE_CHURN,        CURVE_WARMING,
						     CURVE_WARMING_FULL, CURVE_SAWTOOTH,
						     CURVE_RESTARTS };
	struct curve_random random = { 200 };
	unsigned rising = 0, all = 0;

	for (size_t f = 0; f < sizeof(bounded) / sizeof(bounded[0]); f++)
		for (size_t l = 1; l < sizeof(lengths) / sizeof(lengths[0]); l++)
			for (unsigned run = 0; run < RUNS; run++, all++)
				rising += draw(bounded[f], &random, lengths[l]).kind ==
					  SHAPE_RISING;
	cr_expect(le(uint, rising, all / 100), "%u of %u", rising, all);
}

/* Of answers with certainty c about c are right, or more: never far fewer. */
Test(series_shape, certainty_is_calibrated)
{
	struct curve_random random = { 300 };
	double promised[BINS] = { 0 };
	unsigned right[BINS] = { 0 }, count[BINS] = { 0 };

	for (int family = 0; family < CURVE_FAMILIES; family++)
		for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++)
			for (unsigned run = 0; run < RUNS; run++) {
				struct series_shape shape = draw(
					(enum curve_family)family, &random, lengths[l]);
				size_t bin = (size_t)(shape.certainty * BINS);

				bin = bin < BINS ? bin : BINS - 1;
				promised[bin] += shape.certainty;
				count[bin]++;
				right[bin] +=
					is_right((enum curve_family)family, shape.kind);
			}
	for (size_t bin = 0; bin < BINS; bin++) {
		double certainty = promised[bin] / fmax(1, count[bin]);
		double share = right[bin] / fmax(1, count[bin]);

		if (getenv("CALIBRATION_PRINT"))
			fprintf(stderr, "| %.2f | %u | %.2f |\n", certainty, count[bin],
				share);
		if (count[bin] >= 50)
			cr_expect(ge(dbl, share, certainty - 0.12), "bin %zu", bin);
	}
}

Test(series_shape, too_few_points_are_short)
{
	struct curve_random random = { 400 };

	cr_expect(eq(int, (int)draw(CURVE_LEAK, &random, 3).kind, SHAPE_SHORT));
	cr_expect(eq(dbl, draw(CURVE_LEAK, &random, 2).certainty, 0));
	cr_expect(lt(dbl, draw(CURVE_LEAK, &random, 8).certainty, 0.5));
}

Test(series_shape, constants_and_zeros_are_flat)
{
	double at[30], value[30] = { 0 };
	struct series_shape shape;

	for (size_t i = 0; i < 30; i++)
		at[i] = (double)i;
	series_shape_find(at, value, 30, &shape);
	cr_expect(eq(int, (int)shape.kind, SHAPE_FLAT));
	for (size_t i = 0; i < 30; i++)
		value[i] = 1e18;
	series_shape_find(at, value, 30, &shape);
	cr_expect(eq(int, (int)shape.kind, SHAPE_FLAT));
}

Test(series_shape, one_instant_is_no_rise)
{
	double at[20] = { 0 }, value[20];
	struct series_shape shape;

	for (size_t i = 0; i < 20; i++)
		value[i] = (double)i * 1e15;
	cr_assert(eq(int, series_shape_find(at, value, 20, &shape), 0));
	cr_expect(isfinite(shape.rate) && isfinite(shape.certainty));
}
