/*
 * profile_delta - what happened between two profiles of one process
 *
 * Contract
 *   - both were read from the same segment, the older one first, and neither is
 *     split by thread;
 *   - afterwards `now` holds the differences: what was allocated in between, and by
 *     how much in use grew. That may have shrunk: inuse values are then negative
 *     numbers in two's complement, as who adds them up expects;
 *   - `window_ns` says how long it was; coverage stays that of the whole.
 */
#ifndef ANALYZER_PROFILE_PROFILE_DELTA_H
#define ANALYZER_PROFILE_PROFILE_DELTA_H

#include "analyzer/profile/profile.h"

void profile_subtract(struct profile *now, const struct profile *before,
		      uint64_t window_ns);

#endif
