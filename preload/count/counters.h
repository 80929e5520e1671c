/*
 * counters - what each thread did at each site
 *
 * Why per thread: one writer per counter needs no locked instruction, and a
 * locked one costs more than the rest of the hot path. Readers add the threads
 * up.
 *
 * Shape. A thread slot's counters come in segment pages of HR_COUNTERS_PER_PAGE
 * sites. `directory` turns a site into its page; it is private, sparse, and
 * belongs to the slot. The first page of every slot exists from the start,
 * so that the overflow site always has a counter.
 *
 * Slots outlive threads: a slot whose owner died is taken over by a new thread
 * with its counts as they are. Sums stay right, nothing is folded, and nothing
 * can be lost by a kill at the wrong moment. See thread.c for who owns what.
 */
#ifndef PRELOAD_COUNTERS_H
#define PRELOAD_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <heapring/segment.h>

#include "preload/segment/segment_writer.h"

/* Sites here are numbered as the live table numbers them: from tree_site_base()
 * up, which is a multiple of HR_COUNTERS_PER_PAGE. */
#define COUNTERS_DIRECTORY ((HR_SITE_MAX + 1u) / HR_COUNTERS_PER_PAGE)

/* The slow path of counters_at(): makes the page; NULL out of budget. */
struct heapring_counter *counters_make(struct heapring_counter **directory,
				       uint32_t owner, uint32_t site);

/* Never NULL: a site whose page cannot be had is counted as overflow. */
static inline __attribute__((always_inline)) struct heapring_counter *
counters_at(struct heapring_counter **directory, uint32_t owner, uint32_t site)
{
	struct heapring_counter *page = directory[site / HR_COUNTERS_PER_PAGE];

	if (__builtin_expect(page == NULL, 0))
		return counters_make(directory, owner, site);
	return page + site % HR_COUNTERS_PER_PAGE;
}

#endif
