/*
 * history_ring - the history ring of a segment, copied and checked
 *
 * Contract
 *   - slices come oldest first and without a gap: where the ring is damaged or a slice
 *     is missing, it and everything older is left out;
 *   - values are what the newest record of each site left it with, all records
 *     that are given included: the figures at the end of slice s are the values minus
 *     the changes of slices above s;
 *   - a segment that is being written gives one consistent picture. It must be read
 *     before the counters, so that no value is ahead of them;
 *   - damage is no error: what is sound is given. Errors are those of reading.
 */
#ifndef ANALYZER_PROFILE_HISTORY_RING_H
#define ANALYZER_PROFILE_HISTORY_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <heapring/segment.h>

#include "analyzer/console/fault.h"
#include "analyzer/segment/target.h"

/* CLOCK_MONOTONIC of the target's machine, as in heapring_slice. */
struct ring_slice {
	uint64_t first; /* number of the (first) slice, from 0 */
	uint64_t start_ns, end_ns, sweep_ns;
	bool partial; /* some sites are a slice behind */
};

struct ring_change {
	uint32_t site;
	uint32_t slice; /* index; slices_count: after the newest slice */
	struct heapring_values by;
};

struct history_ring {
	struct ring_slice *slices;
	size_t slices_count;
	struct ring_change *changes; /* newest slice first */
	size_t changes_count;
	struct heapring_values *values; /* by site */
	uint32_t values_count;
	struct heapring_mark *marks; /* complete ones, names NUL-terminated */
	size_t marks_count;
	uint64_t open_ns; /* start of what came after the newest slice; 0: not known */
	bool damaged;
	bool stopped; /* the budget ended: later sites have no past */
};

int history_ring_read(const struct target *target, struct history_ring **ret_ring,
		      struct fault *fault);
void history_ring_free(struct history_ring *ring);

/* Was the slice ended at a pause, by the event after it? That one is counted in it. */
bool history_ring_pauses(const struct history_ring *ring, size_t slice);

#endif
