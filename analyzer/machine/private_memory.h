/*
 * private_memory - what the shim has mapped for itself in a live process
 */
#ifndef ANALYZER_MACHINE_PRIVATE_MEMORY_H
#define ANALYZER_MACHINE_PRIVATE_MEMORY_H

#include <stdint.h>

#include <heapring/live_memory.h>

/* at: the header's private_table. Returns the table, malloc'ed, with no more entries
 * `used` than it has, none of which wraps; empty when it cannot be read. NULL: out of
 * memory. */
struct heapring_private *private_memory_read(uint32_t pid, uint64_t at);

#endif
