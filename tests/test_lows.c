/*
 * test_lows - the contract of analyzer/statistics/lows.h
 *
 * Something comes at one rate and is flushed again and again.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <math.h>

#include "analyzer/statistics/lows.h"

#define N 120u
#define PER_POINT 100.0

static double at[N], value[N], came[N];

/* What a flush leaves of a tooth, and whether that becomes less. */
static bool flush_each(double points, double leaves, double slower, struct lows *ret)
{
	double left = 0, flushed = 0;

	for (size_t i = 0; i < N; i++) {
		double flushes = floor((double)i / points);

		at[i] = (double)i / 10;
		came[i] = PER_POINT * (double)i;
		for (; flushed < flushes; flushed++)
			left += leaves * PER_POINT * points * exp(-slower * flushed);
		value[i] = left + came[i] - flushes * PER_POINT * points;
	}
	return lows_find(at, value, came, N, ret);
}

Test(lows, a_flush_that_leaves_a_part_lifts_the_lows)
{
	struct lows lows;

	cr_assert(flush_each(15, 0.125, 0, &lows));
	cr_expect(eq(sz, lows.count, 7));
	cr_expect(epsilon_eq(dbl, lows.rate, 0.125 * PER_POINT * 10, 1));
	cr_expect(gt(dbl, lows.certainty, 0.5));
	cr_expect(le(dbl, lows.certainty, 1));
}

Test(lows, a_flush_that_leaves_nothing_does_not)
{
	struct lows lows;

	cr_expect(not(flush_each(15, 0, 0, &lows)));
	cr_expect(eq(sz, lows.count, 0));
}

Test(lows, a_period_that_beats_with_the_points_lifts_them_by_less_than_a_points_part)
{
	struct lows lows;

	/* each low is seen a twelfth of a point later than the one before */
	cr_expect(not(flush_each(10 - 1.0 / 12, 0, 0, &lows)));
}

Test(lows, four_of_them_are_too_few)
{
	struct lows lows;

	cr_expect(not(flush_each(24.5, 0.125, 0, &lows)));
}

Test(lows, what_fills_up_below_the_teeth_does_not_go_on)
{
	struct lows lows;

	cr_expect(not(flush_each(12, 0.5, 0.7, &lows)));
}

Test(lows, lines_and_constants_have_none)
{
	struct lows lows;

	for (size_t i = 0; i < N; i++)
		value[i] = came[i] = at[i] = (double)i;
	cr_expect(not(lows_find(at, value, came, N, &lows)));
	for (size_t i = 0; i < N; i++)
		value[i] = 7;
	cr_expect(not(lows_find(at, value, came, N, &lows)));
	cr_expect(not(lows_find(at, value, came, 1, &lows)));
}
