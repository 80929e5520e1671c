/*
 * teeth - does a series go up and down again and again
 *
 * A zigzag: a turn counts once the series has come back by TEETH_HEIGHT of its range.
 * The range leaves out the 2 % at each end, so that one spike does not hide
 * the teeth. Where a rise makes the range so large that fewer than two teeth are found,
 * it is the range above and below the straight line: teeth upon a leak. Periodic but fast
 * series (a period of two or three points) look like noise to the zigzag, so the
 * autocorrelation of what a moving level leaves is looked at too.
 */
#include "analyzer/statistics/teeth.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/statistics/order_stats.h"

#define TRIM 0.02
#define ONE_DEPTH 0.5   /* of the height that it falls from */
#define ONE_LASTS 0.2   /* of the window, for its rise */
#define ONE_SLOWER 1.0  /* its fall, of its rise's time at most */
#define ONE_AGAIN 0.2   /* of the fall that the next rise has come back */
#define ONE_UPWARDS 0.8 /* of a rise's steps do not go down */
#define ONE_POINTS 4u

struct zigzag {
	double *falls, *depths, *valleys, *valley_at;
	size_t falls_count, valleys_count;
	double extreme; /* highest or lowest since the last turn */
	size_t extreme_at;
	int direction; /* 1 up, -1 down, 0 not known yet */
	double turn;   /* where the present leg began */
};

static void turn_down(struct zigzag *z, double value, size_t i)
{
	z->turn = z->extreme;
	z->direction = -1;
	z->extreme = value;
	z->extreme_at = i;
}

static void turn_up(struct zigzag *z, double value, size_t i)
{
	double fall = z->turn - z->extreme;

	if (z->direction < 0) {
		z->falls[z->falls_count] = fall;
		z->depths[z->falls_count++] = z->turn > 0 ? fall / z->turn : 0;
	}
	z->valleys[z->valleys_count] = z->extreme;
	z->valley_at[z->valleys_count++] = (double)z->extreme_at;
	z->turn = z->extreme;
	z->direction = 1;
	z->extreme = value;
	z->extreme_at = i;
}

static void step(struct zigzag *z, double value, size_t i, double threshold)
{
	if (z->direction >= 0 && value > z->extreme) {
		z->extreme = value;
		z->extreme_at = i;
	} else if (z->direction > 0 && value <= z->extreme - threshold) {
		turn_down(z, value, i);
	} else if (z->direction < 0 && value < z->extreme) {
		z->extreme = value;
		z->extreme_at = i;
	} else if (z->direction < 0 && value >= z->extreme + threshold) {
		turn_up(z, value, i);
	}
}

/* The first leg: whichever way the series first goes far enough. */
static size_t start(struct zigzag *z, const double *value, size_t count, double threshold)
{
	double low = value[0], high = value[0];
	size_t low_at = 0, high_at = 0;

	for (size_t i = 1; i < count; i++) {
		if (value[i] < low) {
			low = value[i];
			low_at = i;
		}
		if (value[i] > high) {
			high = value[i];
			high_at = i;
		}
		if (value[i] >= low + threshold) {
			z->extreme = low;
			z->extreme_at = low_at;
			turn_up(z, value[i], i);
			return i + 1;
		}
		if (value[i] <= high - threshold) {
			z->extreme = high;
			z->extreme_at = high_at;
			turn_down(z, value[i], i);
			return i + 1;
		}
	}
	return count;
}

/* Autocorrelation of value minus its running median line (level[]). */
static double correlation(const double *rest, size_t count, size_t lag)
{
	double c0 = 0, c = 0;

	for (size_t i = 0; i < count; i++)
		c0 += rest[i] * rest[i];
	for (size_t i = 0; i + lag < count; i++)
		c += rest[i] * rest[i + lag];
	return c0 > 0 ? c / c0 * (double)count / (double)(count - lag) : 0;
}

/* The highest peak of the autocorrelation after it first went below 0. */
static void find_period(const double *rest, size_t count, struct teeth *teeth)
{
	bool below = false;

	teeth->smoothness = fmax(0, correlation(rest, count, 1));
	for (size_t lag = 1; lag <= count / 3; lag++) {
		double c = correlation(rest, count, lag);

		below = below || c < 0;
		if (below && c > teeth->regularity) {
			teeth->regularity = fmin(1, c);
			teeth->period = (double)lag;
		}
	}
}

/* rest: value without its straight line through the halves' means, and centred. */
static void take_line_out(const double *value, size_t count, double *rest)
{
	double mean = 0, sxy = 0, sxx = 0, middle = ((double)count - 1) / 2;

	for (size_t i = 0; i < count; i++)
		mean += value[i] / (double)count;
	for (size_t i = 0; i < count; i++) {
		double x = (double)i - middle;

		sxy += x * (value[i] - mean);
		sxx += x * x;
	}
	for (size_t i = 0; i < count; i++)
		rest[i] = value[i] - mean -
			  (sxx > 0 ? sxy / sxx : 0) * ((double)i - middle);
}

static double tau_of(const double *value, size_t count)
{
	double s = 0;

	if (count < 3)
		return 0;
	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1; k < count; k++)
			s += (value[k] > value[i]) - (value[k] < value[i]);
	return s / ((double)count * (double)(count - 1) / 2);
}

/*
 * What is filled at one rate and emptied at once rises in equal steps, even where its
 * teeth are but three or four points wide. up, apart: room for count values.
 */
static double evenness_of(const double *value, size_t count, double *up, double *apart)
{
	size_t ups = 0;
	double median;

	for (size_t i = 1; i < count; i++)
		if (value[i] > value[i - 1])
			up[ups++] = value[i] - value[i - 1];
	if (2 * ups < count)
		return 0;
	median = order_stats_median(up, ups);
	for (size_t i = 0; i < ups; i++)
		apart[i] = fabs(up[i] - median);
	return fmax(0, 1 - order_stats_median(apart, ups) / median);
}

static void describe(struct zigzag *z, struct teeth *teeth)
{
	size_t gaps = z->valleys_count > 1 ? z->valleys_count - 1 : 0;
	double rise = z->direction > 0 ? z->extreme - z->turn : 0;

	teeth->count = z->falls_count;
	teeth->depth = order_stats_median(z->depths, z->falls_count);
	teeth->height = order_stats_median(z->falls, z->falls_count);
	teeth->tau_of_valleys = tau_of(z->valleys, z->valleys_count);
	if (teeth->height > 0 && z->valleys_count > 1)
		teeth->valley_rise = (z->valleys[z->valleys_count - 1] - z->valleys[0]) /
				     teeth->height;
	if (teeth->height > 0 && z->falls_count > 1)
		teeth->drift = (z->valleys[z->valleys_count - 1] -
				z->valleys[z->valleys_count - z->falls_count]) /
			       teeth->height;
	teeth->ends_rising = z->direction > 0;
	teeth->last_rise = teeth->height > 0 ? rise / teeth->height : 0;
	for (size_t i = 0; i < gaps; i++)
		z->valley_at[i] = z->valley_at[i + 1] - z->valley_at[i];
	if (teeth->regularity < 0.4)
		teeth->period = order_stats_median(z->valley_at, gaps);
}

/* What a turn needs to count. */
static double height_of(const double *value, size_t count, double *sorted)
{
	memcpy(sorted, value, count * sizeof(*sorted));
	order_stats_sort(sorted, count);
	return TEETH_HEIGHT * (order_stats_quantile_sorted(sorted, count, 1 - TRIM) -
			       order_stats_quantile_sorted(sorted, count, TRIM));
}

static void zigzag(struct zigzag *z, const double *value, size_t count, double height)
{
	z->falls_count = z->valleys_count = 0;
	z->direction = 0;
	if (!(height > 0) || !isfinite(height))
		return;
	for (size_t i = start(z, value, count, height); i < count; i++)
		step(z, value[i], i, height);
}

#define ROOM 6u /* for each value */

/* The turns; room + 4 * count: the values without their line. */
static struct zigzag find_turns(const double *value, size_t count, double *room)
{
	struct zigzag z = { .falls = room,
			    .depths = room + count,
			    .valleys = room + 2 * count,
			    .valley_at = room + 3 * count };
	double *rest = room + 4 * count, *sorted = room + 5 * count;

	take_line_out(value, count, rest);
	zigzag(&z, value, count, height_of(value, count, sorted));
	if (z.falls_count < 2)
		zigzag(&z, value, count, height_of(rest, count, sorted));
	return z;
}

static void find(const double *value, size_t count, double *room, struct teeth *teeth)
{
	double *rest = room + 4 * count, *sorted = room + 5 * count;
	struct zigzag z = find_turns(value, count, room);

	find_period(rest, count, teeth);
	describe(&z, teeth);
	teeth->evenness = evenness_of(value, count, rest, sorted);
}

int teeth_find(const double *value, size_t count, struct teeth *ret)
{
	struct teeth teeth = { 0 };
	double *room;

	*ret = teeth;
	if (count < 4)
		return 0;
	room = malloc(ROOM * count * sizeof(*room));
	if (!room)
		return -ENOMEM;
	find(value, count, room, &teeth);
	free(room);
	*ret = teeth;
	return 0;
}

int teeth_lows(const double *value, size_t count, size_t *ret_low, size_t *ret_count)
{
	double *room = malloc(ROOM * (count + 1) * sizeof(*room));
	struct zigzag z;
	size_t first;

	*ret_count = 0;
	if (!room)
		return -ENOMEM;
	z = find_turns(value, count, room);
	first = z.valleys_count - z.falls_count; /* what the first rise began at */
	for (size_t i = 0; i < z.falls_count; i++)
		ret_low[i] = (size_t)z.valley_at[first + i];
	*ret_count = z.falls_count;
	free(room);
	return 0;
}

static size_t index_of_extreme(const double *value, size_t from, size_t to, double sign)
{
	size_t best = from;

	for (size_t i = from + 1; i < to; i++)
		if (sign * value[i] > sign * value[best])
			best = i;
	return best;
}

static bool goes_up(const double *value, size_t from, size_t to)
{
	size_t up = 0;

	for (size_t i = from; i < to; i++)
		up += value[i + 1] >= value[i];
	return to >= from + ONE_POINTS && (double)up >= ONE_UPWARDS * (double)(to - from);
}

/* The end of the deepest fall that comes back again. */
static bool find_fall(const double *value, size_t count, size_t *ret_top, size_t *ret_end)
{
	double deepest = 0;
	size_t top = 0;

	for (size_t end = 1; end < count; end++) {
		double fall = value[top] - value[end];
		size_t again = index_of_extreme(value, end, count, 1);

		if (fall > deepest && value[again] - value[end] >= ONE_AGAIN * fall) {
			deepest = fall;
			*ret_top = top;
			*ret_end = end;
		}
		if (value[end] > value[top])
			top = end;
	}
	return deepest > 0;
}

bool teeth_find_one(const double *value, size_t count, struct teeth *ret)
{
	size_t top = 0, end = 0, start, again;
	double fall, rise;

	if (count < 3 * ONE_POINTS || !find_fall(value, count, &top, &end))
		return false;
	start = index_of_extreme(value, 0, top + 1, -1);
	again = index_of_extreme(value, end, count, 1);
	fall = value[top] - value[end];
	rise = value[top] - value[start];
	if (fall < ONE_DEPTH * value[top] || rise < ONE_DEPTH * fall ||
	    (double)(top - start) < ONE_LASTS * (double)count ||
	    (double)(end - top) > ONE_SLOWER * (double)(top - start) ||
	    !goes_up(value, start, top) || !goes_up(value, end, again))
		return false;
	*ret = (struct teeth){ .count = 1,
			       .depth = fall / value[top],
			       .height = fall,
			       .period = (double)(end - start),
			       .smoothness = ONE_UPWARDS,
			       .ends_rising = again == count - 1,
			       .last_rise = (value[again] - value[end]) / fall };
	return true;
}
