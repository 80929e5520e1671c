/*
 * test_watch_points - the contract of watch_points.h
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "analyzer/watch/watch_points.h"

Test(watch_points, the_slope_is_per_second_over_the_last_ones)
{
	struct watch_points points = { 0 };

	cr_expect(eq(dbl, watch_points_slope(&points), 0));
	watch_points_add(&points, 1000, 50);
	cr_expect(eq(dbl, watch_points_slope(&points), 0));
	watch_points_add(&points, 1500, 150);
	cr_expect(eq(dbl, watch_points_slope(&points), 200));
	for (unsigned i = 0; i < WATCH_SLOPE; i++)
		watch_points_add(&points, 2000 + 1000 * i, 150 - 30 * (int64_t)i);
	cr_expect(eq(dbl, watch_points_slope(&points), -30));
}

Test(watch_points, levels_go_from_the_lowest_to_the_highest_and_end_at_the_right)
{
	struct watch_points points = { 0 };
	int levels[4];

	watch_points_add(&points, 1, -10);
	watch_points_add(&points, 2, 60);
	watch_points_add(&points, 3, 25);
	watch_points_levels(&points, 4, 8, levels);
	cr_expect(eq(int, levels[0], -1));
	cr_expect(eq(int, levels[1], 0));
	cr_expect(eq(int, levels[2], 7));
	cr_expect(eq(int, levels[3], 4));
}

Test(watch_points, old_figures_are_forgotten)
{
	struct watch_points points = { 0 };
	int levels[WATCH_POINTS];

	watch_points_add(&points, 0, 1000000);
	for (unsigned i = 0; i < WATCH_POINTS; i++)
		watch_points_add(&points, 1 + i, 7);
	watch_points_levels(&points, WATCH_POINTS, 8, levels);
	for (unsigned i = 0; i < WATCH_POINTS; i++)
		cr_expect(eq(int, levels[i], 4));
}
