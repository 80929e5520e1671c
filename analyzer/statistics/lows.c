/*
 * lows - does each fall of a sawtooth leave more than the one before?
 *
 * Five lows in a random order rise all the way once in 120 times, seven with one pair the
 * wrong way round once in 720.
 */
#include "analyzer/statistics/lows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/statistics/series_shape.h"
#include "analyzer/statistics/teeth.h"

#define IN_ORDER 0.9  /* Kendall's tau of the lows */
#define OVER_BEAT 1.1 /* their rise, over what may come in a point's time */
#define GOES_ON 0.6   /* the later half's part of the rise; a line: 1 */
#define SCALE 2.0     /* certainty(lows) = 1 - exp(-(lows - 3) / scale) */

static double tau_of(const double *value, const size_t *low, size_t count)
{
	double s = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1; k < count; k++)
			s += (value[low[k]] > value[low[i]]) -
			     (value[low[k]] < value[low[i]]);
	return s / ((double)count * ((double)count - 1) / 2);
}

/* The most that was added since the point before a low. */
static double beat_of(const double *came, const size_t *low, size_t count)
{
	double most = 0;

	for (size_t i = 0; i < count; i++)
		if (low[i] > 0)
			most = fmax(most, came[low[i]] - came[low[i] - 1]);
	return most;
}

/* No generation of objects that fills up, no cache that warms below the teeth. */
static bool goes_on(const double *at, const double *value, const size_t *low,
		    size_t count)
{
	size_t first = low[0], middle = low[(count - 1) / 2], last = low[count - 1];
	double before = (value[middle] - value[first]) / (at[middle] - at[first]);
	double after = (value[last] - value[middle]) / (at[last] - at[middle]);

	return after > GOES_ON * before;
}

static bool judge(const double *at, const double *value, const double *came,
		  const size_t *low, size_t count, struct lows *ret)
{
	size_t first = low[0], last = low[count - 1];
	double rise = value[last] - value[first];
	double beat = beat_of(came, low, count);

	if (!(at[last] > at[first]) || tau_of(value, low, count) < IN_ORDER ||
	    rise <= OVER_BEAT * beat || !goes_on(at, value, low, count))
		return false;
	*ret = (struct lows){ .count = count,
			      .first = value[first],
			      .last = value[last],
			      .rate = rise / (at[last] - at[first]),
			      .first_point = first,
			      .last_point = last };
	ret->certainty = -expm1(-((double)count - 3) / SCALE) *
			 fmin(1, 0.5 + 0.25 * rise / fmax(beat, 1e-300));
	return true;
}

bool lows_find(const double *at, const double *value, const double *came, size_t count,
	       struct lows *ret)
{
	size_t *low = malloc((count + 1) * sizeof(*low)), lows = 0;
	bool found;

	memset(ret, 0, sizeof(*ret));
	found = low && teeth_lows(value, count, low, &lows) == 0 && lows >= LOWS_MIN &&
		judge(at, value, came, low, lows, ret);
	if (found)
		ret->certainty *= fmax(0, series_shape_certainty_of(count));
	free(low);
	return found;
}
