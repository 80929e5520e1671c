/*
 * ranges - which addresses belong to which mapping
 *
 * Contract
 *   - a set of disjoint ranges of addresses, each with the site that mapped it;
 *   - one user at a time; no allocation, no lock, no system call;
 *   - ranges_cut() tells how many bytes each site lost, and when a mapping's last
 *     byte is gone;
 *   - bounded: past HR_RANGES_MAX ranges ranges_add() returns false, and a cut that would
 *     leave two pieces gives the outer one up as if it had been cut.
 */
#ifndef PRELOAD_RANGES_H
#define PRELOAD_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include <heapring/live_memory.h>

/* NULL: no memory. */
struct heapring_ranges *ranges_new(void);

/* Is any of [from, to) in a range? */
bool ranges_hold(const struct heapring_ranges *ranges, uintptr_t from, uintptr_t to);

/* whole: that was the last byte of a mapping. */
typedef void ranges_lost(void *arg, uint32_t site, uint64_t bytes, bool whole);

/* Takes [from, to) out of whatever ranges hold it; nothing when it is empty. False: a
 * piece was given up. */
bool ranges_cut(struct heapring_ranges *ranges, uintptr_t from, uintptr_t to,
		ranges_lost *lost, void *arg);

/* Adds a range that overlaps none. */
bool ranges_add(struct heapring_ranges *ranges, uintptr_t at, uintptr_t end,
		uint32_t site);

#endif
