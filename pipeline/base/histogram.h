/*
 * histogram - how long things took, in a fixed 15 KiB
 *
 * Contract
 *   - log-linear: 32 buckets to each power of two, so a quantile is at most 3.2 %
 *     above the true value, over 1 .. 2^63;
 *   - one thread records; any thread may read at any time and sees each count
 *     late by at most the current call;
 *   - histogram_quantile() is the upper edge of the bucket that holds the value
 *     of that rank, never more than the largest value recorded; 0 when empty.
 */
#ifndef PIPELINE_HISTOGRAM_H
#define PIPELINE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS (60 * 32)

struct histogram {
	_Atomic uint64_t count[HISTOGRAM_BUCKETS]; /* the recording thread */
	_Atomic uint64_t total, sum, max;
};

void histogram_record(struct histogram *h, uint64_t value, uint64_t times);
uint64_t histogram_quantile(const struct histogram *h, double q);

/* How many recorded values are at most limit, to a bucket's accuracy. */
uint64_t histogram_below(const struct histogram *h, uint64_t limit);
double histogram_mean(const struct histogram *h);

#endif
