/*
 * audit_series - the history of a process on an even grid, without its ends
 *
 * A history has coarse and fine parts, a start, a pause and a tear-down; the tests
 * want one point after the other. The window is where the program was at work.
 *
 * Contract
 *   - the grid has at most AUDIT_GRID_MAX points and no more than the history can tell;
 *   - cut off at the end: freeing without allocating (a tear-down), and a pause that is
 *     shorter than the work before it; idle_s says how long the pause was;
 *   - all series of one window have its points; values are finite, not negative.
 */
#ifndef ANALYZER_AUDIT_AUDIT_SERIES_H
#define ANALYZER_AUDIT_AUDIT_SERIES_H

#include <stdbool.h>
#include <stddef.h>

#include "analyzer/profile/history.h"

#define AUDIT_GRID_MAX 240u

struct audit_window {
	double from_s, to_s;
	double idle_s;     /* at the end: no allocations at all */
	double teardown_s; /* cut off at the end: frees only */
	size_t count;      /* points of the grid, at least 2 */
	double at[AUDIT_GRID_MAX];
};

struct audit_series {
	double value[PROFILE_SAMPLES][AUDIT_GRID_MAX];
};

/* ended: the process did; its last point is then a part of a slice. */
void audit_window_find(const struct history *history, bool ended,
		       struct audit_window *ret);

/* The first point of the grid at that time or after it, the last one at most. */
size_t audit_window_index(const struct audit_window *window, double at);

/* Such a share of the time before was cut off at the end, with no allocations. */
bool audit_window_fell_silent(const struct audit_window *window, double share);

/* About a moment: the mean of a twelfth of the window that begins there. */
double audit_mean_from(const double *value, size_t count, size_t from);

/* Growth in the second half, by means of a twelfth. */
double audit_late_growth(const double *value, size_t count);

/* The ring was full: the window has less than six tenths of the points that the run had
 * slices for. */
bool audit_window_lost_slices(const struct history *history,
			      const struct audit_window *window);

void audit_series_total(const struct history *history, const struct audit_window *window,
			struct audit_series *ret);

/* scratch: PROFILE_SAMPLES arrays of history->count. */
void audit_series_stack(const struct history *history, const struct audit_window *window,
			size_t stack, uint64_t *const scratch[PROFILE_SAMPLES],
			struct audit_series *ret);

#endif
