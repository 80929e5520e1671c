/*
 * doubling - what fills a container whose room is multiplied when it is full
 *
 * A vector or a hash table that gets an entry a millisecond stands still for longer and
 * longer between steps that are higher and higher: by its bytes alone it looks like a
 * cache that is full. But each step says how much was in it at that moment, and
 * these points lie on the line that its entries come by.
 *
 * Contract
 *   - found only with DOUBLING_STEPS_MIN steps on end by the same factor, between which
 *     the value stands still, whose points lie on a line, and while the next step is not
 *     overdue;
 *   - what is constant beside the container does not matter;
 *   - does not depend on the units of time and value; never NaN.
 */
#ifndef ANALYZER_STATISTICS_DOUBLING_H
#define ANALYZER_STATISTICS_DOUBLING_H

#include <stdbool.h>
#include <stddef.h>

#define DOUBLING_STEPS_MIN 3u

struct doubling {
	size_t steps;                    /* that lie on the line */
	double factor;                   /* 2 for most */
	double rate;                     /* of what fills it: value per unit of time */
	double next_due;                 /* when it is full again, in the unit of `at` */
	double certainty;                /* 0 .. 1 */
	double last[DOUBLING_STEPS_MIN]; /* when the last ones were, the latest first */
};

/* False: nothing of the kind, and *ret is all 0. 0 < count. */
bool doubling_find(const double *at, const double *value, size_t count,
		   struct doubling *ret);

/*
 * The number of blocks beside it, at the same times: true when these are its entries,
 * since they were multiplied by its factor from step to step, and hardly any came since
 * the last one. Then what fills it has come to an end, whatever its room says.
 */
bool doubling_entries_stand(const struct doubling *doubling, const double *at,
			    const double *number, size_t count);

#endif
