/*
 * history_moment - a moment in a process's life, as a user names it
 *
 *   30s, 1.5m, 250ms, 90     after the start (a bare number: seconds)
 *   -5m                      before the last point
 *   14:02, 14:02:10          local time of day: the latest such not after the last point
 *   start, now, peak         peak: when live bytes were highest
 *   NAME, NAME#first         a mark that the program set, the last or the first time;
 *   mark:NAME                also of a mark whose name looks like one of the above
 *
 * Contract: a moment that the history does not reach is a fault of one line that says
 * what it does reach, never the nearest thing to it. Moments within a slice of
 * either end count as the end.
 */
#ifndef ANALYZER_PROFILE_HISTORY_MOMENT_H
#define ANALYZER_PROFILE_HISTORY_MOMENT_H

#include "analyzer/console/units.h"
#include "analyzer/profile/history.h"

/* 0; -EINVAL, -ENOENT (no such mark) or -ERANGE with a fault. */
int history_moment(const struct history *history, const char *text, double *ret_s,
		   struct fault *fault);

/* The same as the number of the nearest point. */
int history_moment_point(const struct history *history, const char *text,
			 size_t *ret_point, struct fault *fault);

/* "after 42.5s", "after 1h20m" and "14:02:10": a moment for people. */
struct units_text history_after(double at_s);
struct units_text history_clock(const struct history *history, double at_s);

#endif
