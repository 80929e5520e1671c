/*
 * heap_resident - resident memory of the heap's kind, as the kernel counts it
 *
 * Contract
 *   - private mappings without a file, stacks included; those that hold the profiler's
 *     live table are left out, by its addresses or by being larger than any heap;
 *   - false: the process is gone, or another user's.
 */
#ifndef ANALYZER_HEAP_RESIDENT_H
#define ANALYZER_HEAP_RESIDENT_H

#include <stdbool.h>
#include <stdint.h>

/* live_table, live_table_odd: of the header. */
bool heap_resident_read(int pid, uint64_t live_table, uint64_t live_table_odd,
			uint64_t *ret_bytes);

#endif
