/*
 * glibc_heap - the arenas of glibc's malloc in another process, chunk by chunk
 *
 * The main arena grows in the [heap] mapping; every other one is made of heaps at
 * multiples of 64 MiB that begin with a small record. Chunks follow one another: each
 * begins with its size, and the next one's size says whether it is in use. That chain
 * is its own proof: read at a wrong place it does not end where the heap ends.
 *
 * Contract
 *   - nothing runs in the process, no lock is taken: a heap that changes while it is
 *     read, so that its chain breaks, is read again and then given up (`broken`);
 *   - claims the heaps as SPACE_HEAP, their records and arenas as SPACE_TABLES;
 *   - figures are of resident bytes, but for `heaps` and `arenas`;
 *   - `used` counts chunks that glibc has not in a bin: blocks, and what threads keep
 *     in their caches (tcache, fastbins), which glibc does not mark as free.
 */
#ifndef ANALYZER_RESIDENT_GLIBC_HEAP_H
#define ANALYZER_RESIDENT_GLIBC_HEAP_H

#include "analyzer/resident/address_space.h"

struct glibc_heap {
	uint32_t arenas, heaps;
	uint64_t used;
	uint64_t free; /* in bins: between blocks */
	uint64_t top;  /* above the last block of each heap */
	uint64_t broken;
	uint64_t spread; /* free in all arenas but the one with the most */
};

/* 0 or -ENOMEM. */
int glibc_heap_claim(uint32_t pid, const struct memory_map *map,
		     struct resident_pages *pages, struct address_space *space,
		     struct glibc_heap *ret_heap);

#endif
