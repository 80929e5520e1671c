/*
 * lows - does each fall of a sawtooth leave more than the one before?
 *
 * What is filled and flushed comes back to one level. Where each flush forgets a part of
 * what it should give back, the lows rise in a line below teeth of any height, and the
 * trend of the whole does not show it.
 *
 * Contract
 *   - found only with LOWS_MIN lows, nearly all of which are above those before, and of
 *     which the later half rises on;
 *   - a low is seen at the next point after its fall, and what came in between lies upon
 *     it. A period that beats with the points makes such lows rise by up to that much;
 *     they must rise by more;
 *   - does not depend on the units of time and value; never NaN.
 */
#ifndef ANALYZER_STATISTICS_LOWS_H
#define ANALYZER_STATISTICS_LOWS_H

#include <stdbool.h>
#include <stddef.h>

#define LOWS_MIN 5u

struct lows {
	size_t count;       /* 0: they do not rise */
	double first, last; /* values */
	double rate;        /* value per unit of time, from the first to the last */
	double certainty;   /* 0 .. 1 */
	size_t first_point, last_point;
};

/* came[i]: all that was added by then, in the unit of the values; never falls. False:
 * they do not rise, or there was no memory to see it; *ret is all 0. */
bool lows_find(const double *at, const double *value, const double *came, size_t count,
	       struct lows *ret);

#endif
