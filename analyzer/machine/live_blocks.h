/*
 * live_blocks - every block that a running process holds, read from outside
 *
 * The shim keeps a shadow of the address space in the process: a word for each 16
 * bytes (preload/allocator/live_table.h). Its pages are read as they are, without
 * stopping the process; only those that exist, so the walk makes it no larger.
 *
 * Contract
 *   - the process must be the reader's own (as ptrace would ask), or -EPERM;
 *   - a block that is made, freed or moved meanwhile may be seen or not, and once in a
 *     while with a wrong size: visitors check what they are told;
 *   - blocks at addresses that are 8 mod 16 (of at most 8 bytes, under allocators
 *     other than glibc's) are in a table of their own, and not seen without it.
 */
#ifndef ANALYZER_MACHINE_LIVE_BLOCKS_H
#define ANALYZER_MACHINE_LIVE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include <heapring/segment.h>

#include "analyzer/console/fault.h"

struct live_block {
	uint64_t address;
	uint64_t size; /* asked for */
	uint32_t site;
};

/* Those of one mapping come together, in order of address. Non-zero ends the walk. */
typedef int live_blocks_fn(void *arg, const struct live_block *block);

/* header: of the live segment. */
int live_blocks_each(const struct heapring_header *header, live_blocks_fn *fn, void *arg,
		     struct fault *fault);

/* Reads memory of the process; less than asked for where some is not there. */
size_t live_blocks_read(uint32_t pid, uint64_t address, void *to, size_t bytes);

#endif
