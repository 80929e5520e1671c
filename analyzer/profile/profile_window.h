/*
 * profile_window - a profile as it was, or what happened in a part of its time
 *
 * Contract
 *   - `at` and `since` are moments as history_moment.h has them, NULL: not given;
 *   - with `at` the profile is what it was at the point nearest to it: inuse_* is what
 * was live then, alloc_* what had been allocated until then;
 *   - with `since` alloc_* is what was allocated from there to `at` (or the end), and
 *     inuse_* by how much a stack grew in that time; of stacks that shrank it is 0, and
 *     what they shrank by is in `shrunk`;
 *   - variances are scaled with their figures.
 */
#ifndef ANALYZER_PROFILE_PROFILE_WINDOW_H
#define ANALYZER_PROFILE_PROFILE_WINDOW_H

#include "analyzer/profile/history.h"

struct profile_window {
	bool has_at, has_since;
	double at_s, since_s; /* of the points that were taken */
	uint64_t at_unix_ns, since_unix_ns;
	uint64_t before[PROFILE_SAMPLES]; /* totals at since, ... */
	uint64_t after[PROFILE_SAMPLES];  /* ... and at the end of the window */
	uint64_t shrunk[PROFILE_SAMPLES]; /* inuse_* of stacks that shrank, in all */
};

/* profile->history must be there. */
int profile_window_apply(struct profile *profile, const char *at, const char *since,
			 struct profile_window *ret_window, struct fault *fault);

/* A stack's variances when its figures were `then`, from what both are now. */
void profile_window_scale_variance(double variance[PROFILE_SAMPLES],
				   const uint64_t now[PROFILE_SAMPLES],
				   const uint64_t then[PROFILE_SAMPLES]);

#endif
