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
 * itself: now, or the end of a process that ended (of one that was killed: the last
 * event that is known).
 *
 * Contract
 *   - profile_load_with() with wants.history sets profile->history; it belongs to
 *     the profile and dies with it. NULL only for profiles that were read from
 *     another format (pprof). A segment without a ring, or whose ring is damaged,
 *     gives the points that are known for sure: the start, where all is 0, and now;
 *   - count >= 2; at[] never falls; alloc values never fall; totals are the sums
 *     over stacks, at every point;
 *   - values are final figures as in profile.h: bytes and objects; those of
 *     sampled sites are scaled, so they compare with exact ones;
 *   - stacks are named by their index in profile->stacks. The ring knows no
 *     threads: with wants.by_thread or at_peak there is none;
 *   - memory is 40 bytes for each change that the ring still holds and some 60 for each
 *     point; series are made one stack at a time in arrays of the caller's.
 *
 * Resolution. A slice is HEAPRING_INTERVAL long while little changes; older ones
 * are merged, eight into one, so the past gets coarser and reaches further. The
 * figures of a site belong to some moment within sweep_s of a point: the shim looks
 * at the sites one after the other, and ends a slice that gets too large. A pause is
 * noticed by the event that ends it, when that is counted already: it stands in the
 * figures of the point before the pause (has_next).
 */
#ifndef ANALYZER_PROFILE_HISTORY_H
#define ANALYZER_PROFILE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/console/fault.h"
#include "analyzer/profile/profile.h"
#include "analyzer/segment/site_sums.h"

/* A name that the program gave to heapring_mark(). */
struct history_mark {
	char *name;
	uint64_t count;         /* how often it was set */
	double first_s, last_s; /* seconds since the start */
};

struct history {
	size_t count;      /* points */
	double *at;        /* seconds since profiling began (process.start_unix_ns) */
	uint64_t *unix_ns; /* the same moments on the wall clock */
	double *sweep_s;   /* the figures of a point may be so much younger, or older */
	bool *has_next;    /* a pause follows, and the event that ended it is in it */
	uint64_t *total[PROFILE_SAMPLES];

	size_t slices;     /* in the ring; 0: all that is known is start and end */
	double interval_s; /* what was asked for with HEAPRING_INTERVAL */
	double coarse_s; /* until then slices were merged or dropped: the ring is full */
	bool kept;       /* false: HEAPRING_HISTORY=0, or no room for it */
	bool from_start; /* at[0] is the start; else the ring lost what was before */
	bool damaged;    /* a slice was not readable: what is older is left out */

	/* highest live bytes: the process's own peak, which may lie between points */
	uint64_t peak_space;
	double peak_s; /* < 0: not known */

	struct history_mark *marks; /* in order of first_s */
	size_t marks_count;

	struct history_changes *changes; /* private to history.c */
};

struct history_ring;

/* For profile.c: the ring must have been read before the sums. */
int history_new(const struct profile *profile, const struct site_sums *sums,
		const struct history_ring *ring, struct history **ret_history);
void history_free(struct history *history);

/*
 * The series of one stack: value[s][i] at point i, for each s whose value[s] is not
 * NULL; the arrays hold history->count. Takes time in proportion to the points and
 * the changes of that stack, so a loop over all stacks is one pass over the ring.
 */
void history_stack(const struct history *history, size_t stack,
		   uint64_t *const value[PROFILE_SAMPLES]);

/* The four figures of one stack at one point. */
void history_stack_at(const struct history *history, size_t stack, size_t point,
		      uint64_t value[PROFILE_SAMPLES]);

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

/* The point nearest to a moment. */
size_t history_nearest(const struct history *history, double at_s);

#endif
