/*
 * teeth - does a series go up and down again and again
 *
 * Contract
 *   - a tooth is a rise and the fall after it, each of at least TEETH_HEIGHT of the
 *     range between the 2nd and the 98th percentile: what is smaller is noise;
 *   - the period is that of the autocorrelation when it has a clear peak, else the
 *     median distance of the valleys;
 *   - never NaN; a constant or very short series has no teeth.
 */
#ifndef ANALYZER_STATISTICS_TEETH_H
#define ANALYZER_STATISTICS_TEETH_H

#include <stdbool.h>
#include <stddef.h>

#define TEETH_HEIGHT 0.5

struct teeth {
	size_t count;          /* falls that were complete */
	double depth;          /* median fall over the level it fell from, 0 .. 1 */
	double height;         /* median fall, in the unit of the values */
	double period;         /* points; 0 unknown */
	double regularity;     /* autocorrelation at the period, 0 .. 1 */
	double smoothness;     /* of neighbours; white noise has 0 */
	double evenness;       /* of its steps upwards: 1 all alike, noise 0.3 */
	double valley_rise;    /* last valley minus first, over the median height */
	double drift;          /* the same from the first valley behind a fall */
	double tau_of_valleys; /* Kendall's; 0 with fewer than 3 */
	bool ends_rising;      /* the last point is on a rise that has not fallen yet */
	double last_rise;      /* that rise, over the median height; 0 none */
};

/* 0 or -ENOMEM. */
int teeth_find(const double *value, size_t count, struct teeth *ret);

/*
 * One tooth and the beginning of the next, where the window is not long enough for more:
 * a rise that lasts, a fall that is no slower and takes half of the height away, and
 * another rise that has not ended. Then count is 1 and the other figures are that
 * tooth's.
 */
bool teeth_find_one(const double *value, size_t count, struct teeth *ret);

/* The points of the valleys behind the falls, oldest first; ret_low: room for count. 0 or
 * -ENOMEM. */
int teeth_lows(const double *value, size_t count, size_t *ret_low, size_t *ret_count);

#endif
