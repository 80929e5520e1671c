/*
 * survival - how long blocks live, those that still live counted too
 *
 * A life table (Kaplan and Meier 1958, in classes of age): the blocks that are still
 * alive say "at least this old", which is information, not nothing. Leaving them
 * out would make a leak look short-lived, since only what was freed has an age.
 *
 * Contract
 *   - ages fall in the classes of HR_LIFETIME_MS; class i ends at HR_LIFETIME_MS(i);
 *   - surviving[i]: share of blocks that outlive class i; never rises, 0 .. 1;
 *   - where nothing is known about an age, surviving[] stays what it was;
 *   - temporary: share of all that were freed within the first class, where births
 *     are known; never NaN.
 */
#ifndef ANALYZER_STATISTICS_SURVIVAL_H
#define ANALYZER_STATISTICS_SURVIVAL_H

#include <stdint.h>

#include <heapring/segment.h>

struct survival {
	double surviving[HR_LIFETIMES];
	double freed;     /* share of all that was ever allocated and is freed */
	double temporary; /* see above */
	double median_s; /* half of the blocks live longer; < 0: more than half still live
			  */
};

/*
 * freed[i]: blocks that died in class i. living[i]: blocks alive whose age lies in class
 * i now (censored there).
 */
void survival_estimate(const uint64_t *freed, const uint64_t *living,
		       struct survival *ret);

/*
 * Ages of what lives. Which of the blocks of a site still live is not known one by one:
 * the youngest are taken, so ages are at most too young. at[]: seconds;
 * allocated[]: objects ever, by then; live: objects alive at the last moment.
 */
void survival_living_ages(const double *at, const double *allocated, unsigned long count,
			  double live, uint64_t *ret_living);

#endif
