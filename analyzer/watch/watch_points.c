#include "analyzer/watch/watch_points.h"

void watch_points_add(struct watch_points *points, uint64_t at_ms, int64_t value)
{
	unsigned at = (unsigned)(points->count++ % WATCH_POINTS);

	points->value[at] = value;
	points->at_ms[at] = at_ms;
}

/* i: 0 the last, 1 the one before. */
static unsigned index_back(const struct watch_points *points, uint64_t i)
{
	return (unsigned)((points->count - 1 - i) % WATCH_POINTS);
}

static uint64_t kept(const struct watch_points *points, uint64_t most)
{
	uint64_t have = points->count < WATCH_POINTS ? points->count : WATCH_POINTS;

	return have < most ? have : most;
}

double watch_points_slope(const struct watch_points *points)
{
	uint64_t have = kept(points, WATCH_SLOPE);
	unsigned first, last;

	if (have < 2)
		return 0;
	first = index_back(points, have - 1);
	last = index_back(points, 0);
	if (points->at_ms[last] <= points->at_ms[first])
		return 0;
	return (double)(points->value[last] - points->value[first]) * 1000 /
	       (double)(points->at_ms[last] - points->at_ms[first]);
}

void watch_points_levels(const struct watch_points *points, unsigned width, int levels,
			 int *ret_levels)
{
	uint64_t have = kept(points, width);
	int64_t low = INT64_MAX, high = INT64_MIN;

	for (uint64_t i = 0; i < have; i++) {
		int64_t value = points->value[index_back(points, i)];

		low = value < low ? value : low;
		high = value > high ? value : high;
	}
	for (unsigned column = 0; column < width; column++) {
		uint64_t back = width - 1 - column;

		ret_levels[column] = -1;
		if (back >= have)
			continue;
		ret_levels[column] = levels / 2;
		if (high > low)
			ret_levels[column] =
				(int)((double)(points->value[index_back(points, back)] -
					       low) /
					      (double)(high - low) * (levels - 1) +
				      0.5);
	}
}
