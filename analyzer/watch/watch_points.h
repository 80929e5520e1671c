/*
 * watch_points - the last figures of something, for a sparkline and a slope
 *
 * Contract
 *   - holds the last WATCH_POINTS figures, older ones are forgotten;
 *   - the slope is that of the last WATCH_SLOPE of them, per second, 0 while there
 *     are fewer than two.
 */
#ifndef ANALYZER_WATCH_WATCH_POINTS_H
#define ANALYZER_WATCH_WATCH_POINTS_H

#include <stdint.h>

#define WATCH_POINTS 32u
#define WATCH_SLOPE 10u

struct watch_points {
	int64_t value[WATCH_POINTS];
	uint64_t at_ms[WATCH_POINTS];
	uint64_t count; /* ever added */
};

void watch_points_add(struct watch_points *points, uint64_t at_ms, int64_t value);
double watch_points_slope(const struct watch_points *points);

/*
 * The last `width` figures from the lowest to the highest of them, as levels from 0
 * to `levels` - 1; -1 where there is none yet. All equal: the middle one.
 */
void watch_points_levels(const struct watch_points *points, unsigned width, int levels,
			 int *ret_levels);

#endif
