/*
 * test_teeth - the contract of analyzer/statistics/teeth.h where there are few of them
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "analyzer/statistics/teeth.h"

#define N 60u

static double value[N];

/* Up for `rise` points and down at once, again and again. */
static void fill_slow_teeth(size_t rise)
{
	for (size_t i = 0; i < N; i++)
		value[i] = 10 + (double)(i % rise);
}

Test(teeth, one_tooth_and_the_beginning_of_the_next_are_told)
{
	struct teeth teeth;

	fill_slow_teeth(N * 2 / 3);
	cr_assert(teeth_find_one(value, N, &teeth));
	cr_expect(eq(sz, teeth.count, 1));
	cr_expect(eq(dbl, teeth.height, N * 2 / 3 - 1));
	cr_expect(eq(dbl, teeth.period, N * 2 / 3));
}

Test(teeth, a_fall_that_nothing_follows_is_no_tooth)
{
	struct teeth teeth;

	fill_slow_teeth(N * 2 / 3);
	for (size_t i = N * 2 / 3; i < N; i++)
		value[i] = 10;
	cr_expect(not(teeth_find_one(value, N, &teeth)));
}

Test(teeth, what_is_freed_after_the_start_is_no_tooth)
{
	struct teeth teeth;

	for (size_t i = 0; i < N; i++)
		value[i] = i < 4 ? 100.0 * (double)i : 20 + (double)i;
	cr_expect(not(teeth_find_one(value, N, &teeth)));
}

Test(teeth, a_line_has_none)
{
	struct teeth teeth;

	for (size_t i = 0; i < N; i++)
		value[i] = (double)i;
	cr_expect(not(teeth_find_one(value, N, &teeth)));
}

Test(teeth, valleys_behind_falls_are_told_from_the_start_below_them)
{
	struct teeth teeth;

	for (size_t i = 0; i < N; i++)
		value[i] = i < 30 ? (double)i : 15 + (double)(i % 15);
	cr_assert(eq(int, teeth_find(value, N, &teeth), 0));
	cr_expect(gt(sz, teeth.count, 1));
	cr_expect(eq(dbl, teeth.drift, 0));
	cr_expect(gt(dbl, teeth.valley_rise, 0.5));
}
