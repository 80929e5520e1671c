/*
 * snapshot - the figures of all sites at levels of memory, kept in the segment
 *
 * Why it exists: a process that is killed leaves how it stood at the end; how it stood at
 * 70 % tells what came in between. A dump would be a file of up to the whole budget
 * written from inside malloc, charged to the very group that is near its limit.
 *
 * Contract
 *   - levels are compared with the process's resident memory, ten times a second while it
 *     allocates: three system calls, only where HEAPRING_SNAPSHOT_AT is set, never in a
 *     sandbox. There, and where /proc is not, live bytes are compared instead;
 *   - a level is reached once, and again after the figure fell below 7/8 of it; then the
 *     newer snapshot replaces the older one;
 *   - at most HR_SNAPSHOTS_MAX, each of at most a 32nd part of the budget;
 *   - all of it is work for the thread in charge of the history (history.c): one thread
 *     at a time, in steps; snapshot_is_due() alone is for everybody.
 */
#ifndef PRELOAD_SNAPSHOT_H
#define PRELOAD_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/process/config.h"

/* Once for all address spaces: the levels in bytes, private memory. False: none. */
bool snapshot_reserve(const struct config *config);

/* For a new segment; without a history there is nothing to copy. */
void snapshot_begin(bool has_history);

extern uint64_t snapshot_look_ms; /* when to look next, UINT64_MAX never */

static inline bool snapshot_is_due(uint64_t now_ms)
{
	return now_ms >= __atomic_load_n(&snapshot_look_ms, __ATOMIC_RELAXED);
}

/* Looks how much memory is used; true: a level was reached, a pass is wanted soon. */
bool snapshot_look(uint64_t now_ms);
bool snapshot_is_wanted(void);

/* A pass over all sites begins at the first one, or was finished. */
void snapshot_pass_begins(void);
void snapshot_pass_ends(uint64_t now_ms);

/* Are there values to be copied before the next pass? */
bool snapshot_is_open(void);

/* Copies a page of values; false: that was the last. */
bool snapshot_copy(const void *const *values_pages);

#endif
