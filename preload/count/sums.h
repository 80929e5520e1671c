/*
 * sums - what all threads have counted
 *
 * Contract: frees of all threads are read before allocations of any (S3 in segment.h), so
 * that no sum of frees passes that of allocations; nothing waits and nothing is kept.
 */
#ifndef PRELOAD_SUMS_H
#define PRELOAD_SUMS_H

#include <heapring/heapring.h>
#include <heapring/segment.h>

/* How many threads ever counted at a site or its neighbours in a page of counters. */
uint32_t sums_counters_pages(uint32_t site, uint32_t slots);

/* Of sites [site, site + n), which must lie in one page of counters. slots: those to read
 * at least, threads_slots() a moment ago. Returns how many places were looked at. */
uint32_t sums_of_sites(uint32_t site, uint32_t n, uint32_t slots,
		       struct heapring_values *ret_sums);

/* Of the process; at sampled sites scaled. The segment must be there. */
void sums_stats(struct heapring_stats *ret_stats);

#endif
