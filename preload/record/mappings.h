/*
 * mappings - memory that the program maps past its allocator, by call stack
 *
 * Why it exists: arenas, pools and buffers that come straight from mmap() are no
 * blocks, and yet they are where much of a process's memory is. They are counted at
 * sites of a kind of their own, so that the heap's totals stay the heap's.
 *
 * Contract
 *   - off (the default) it costs the hooks one load and a branch;
 *   - recorded are anonymous mappings, in whole pages, whoever maps but the
 *     allocator itself; what libc maps for its own (thread stacks, its heap) does
 *     not pass through the hooks and is not seen;
 *   - live bytes are exact under partial munmap(), MAP_FIXED over what was there and
 *     mremap(); an object is one call, gone with its last page;
 *   - no lock that another thread waits for, no allocation, no system call but the
 *     program's own. What does not fit is not recorded and counted as dropped;
 *   - a fork child begins with no mappings: those it inherited are the parent's.
 */
#ifndef PRELOAD_MAPPINGS_H
#define PRELOAD_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/recent/recent.h"

extern bool mappings_on __attribute__((visibility("hidden")));

/* Reserves the tables and turns recording on; harmless when on. False: no space. */
bool mappings_init(void);

/* For readers outside; NULL: none. */
const struct heapring_ranges *mappings_table(void);

/* [at, at + bytes) was mapped by caller, over whatever was there. anonymous: record
 * it; else only what it replaced is gone. */
void mappings_mapped(void *at, size_t bytes, bool anonymous, struct frame caller);

/* A range is about to go away: a ticket for it, to be ended whatever happens. The kernel
 * may give the range to another thread before this one hears of its success; tickets keep
 * the two in order. */
struct mappings_ticket {
	void *entry; /* NULL: none was to be had */
};
struct mappings_ticket mappings_begin(void);

/* munmap() of the range succeeded; bytes 0: it failed. */
void mappings_unmapped(struct mappings_ticket ticket, void *at, size_t bytes);

/* mremap() turned the one range into the other, which caller now holds if the old one
 * was recorded. stays: the old one is still there, emptied (MREMAP_DONTUNMAP). */
void mappings_moved(struct mappings_ticket ticket, void *old, size_t old_bytes,
		    bool stays, void *at, size_t bytes, struct frame caller);

#endif
