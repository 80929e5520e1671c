/*
 * history - how a process's figures moved: the history ring, decoded
 *
 * Why it exists: a profile says what is; whether it grows, how fast, and since
 * when is in the ring of time slices that the shim keeps (docs/format.md).
 *
 * Shape. A history is a row of points, oldest first: moments at which the figures
 * are known. Between two points they moved somehow; a straight line is the best
 * guess. A process that made no allocator events for a while has two points of
 * the same figures, one at each end of the pause. The last point is the profile
 * itself: now, or the end of a process that ended.
 *
 * Contract
 *   - profile_load_with() with wants.history sets profile->history; it belongs to
 *     the profile and dies with it. NULL only for profiles that were read from
 *     another format (pprof). A segment without a ring, or whose ring is damaged,
 *     gives the points that are known for sure: the start (all 0), if nothing
 *     was inherited, and now;
 *   - count >= 1; at[] never falls; value[] of the alloc samples never falls;
 *     totals are the sums over stacks, at every point;
 *   - values are final figures as in profile.h: bytes and objects; those of
 *     sampled sites are scaled, so they compare with exact ones;
 *   - stacks are named by their index in profile->stacks. The ring knows no
 *     threads: with wants.by_thread there is none (wants.history is refused);
 *   - memory is 40 bytes for each change that the ring still holds and 72 for each
 *     point; series are made one stack at a time in arrays of the caller's.
 *
 * Resolution. A slice is HEAPRING_INTERVAL long while little changes; older ones
 * are merged, eight into one, so the past gets coarser and reaches further. The
 * figures of a site belong to some moment between a slice's end and
 * sweep_s after it: the shim looks at the sites one after the other.
 */
#ifndef ANALYZER_HISTORY_H
#define ANALYZER_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/fault.h"
#include "analyzer/profile.h"

/* A name that the program gave to heapring_mark(). */
struct history_mark {
	const char *name;
	uint64_t count;         /* how often */
	double first_s, last_s; /* seconds since the start */
};

struct history {
	size_t count;      /* points */
	double *at;        /* seconds since profiling began (process.start_unix_ns) */
	uint64_t *unix_ns; /* the same moments on the wall clock */
	double *sweep_s;   /* the figures of a point may be so much younger */
	uint64_t *total[PROFILE_SAMPLES];

	double interval_s; /* what was asked for with HEAPRING_INTERVAL */
	bool from_start;   /* at[0] is the start; else the ring lost what was before */
	bool damaged;      /* a record was not readable: what is older is left out */

	/* highest live bytes: the process's own peak, which may lie between points */
	uint64_t peak_space;
	double peak_s; /* < 0: not known */

	struct history_mark *marks; /* in order of first_s */
	size_t marks_count;

	struct history_changes *changes; /* private to history.c */
};

void history_free(struct history *history);

/*
 * The series of one stack: value[s][i] at point i, for each s whose value[s] is not
 * NULL; the arrays hold history->count. Takes time in proportion to the points and
 * the changes of that stack, so a loop over all stacks is one pass over the ring.
 */
void history_stack(const struct history *history, size_t stack,
		   uint64_t *const value[PROFILE_SAMPLES]);

/* How many slices changed that stack; 0: it is what it was at at[0]. */
size_t history_stack_changes(const struct history *history, size_t stack);

/*
 * A series (a total or one of history_stack()) at any moment, by straight lines between
 * points; before at[0] its first value, after the last point its last.
 */
double history_value(const struct history *history, const uint64_t *value, double at_s);

/* The same on an even grid: out[0] at from_s .. out[n - 1] at to_s. n >= 2. */
void history_resample(const struct history *history, const uint64_t *value, double from_s,
		      double to_s, size_t n, double *out);

/*
 * A moment as a user names it: "30s" since the start, "-5m" before the last point,
 * "14:02:10" or "14:02" local time of day (the latest one not after the last point),
 * "start", "now", "peak", else the name of a mark (the last time it was set; "name#first"
 * the first). -ENOENT and a one-line fault: no such mark; -ERANGE: the ring no longer
 * reaches that far, or the moment is yet to come; -EINVAL: it does not parse.
 */
int history_moment(const struct history *history, const char *text, double *ret_s,
		   struct fault *fault);

/*
 * profile->stacks and total as they were at at_s, which must lie within the history:
 * inuse_* are what was live then, alloc_* what had been allocated until then.
 */
void history_rewind(struct profile *profile, double at_s);

/*
 * alloc_* become what was allocated since from_s, inuse_* what live figures grew by
 * (stacks that shrank: 0) between from_s and the moment the profile is at.
 */
void history_window(struct profile *profile, double from_s);

#endif
