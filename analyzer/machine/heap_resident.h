/*
 * heap_resident - resident memory of the heap's kind, as the kernel counts it
 *
 * Contract
 *   - private mappings without a file, those of other threads' stacks included; the
 *     profiler's own are left out, and what is larger than any heap;
 *   - false: the process is gone, or another user's.
 */
#ifndef ANALYZER_MACHINE_HEAP_RESIDENT_H
#define ANALYZER_MACHINE_HEAP_RESIDENT_H

#include <stdbool.h>
#include <stdint.h>

/* private_table: of the header. */
bool heap_resident_read(int pid, uint64_t private_table, uint64_t *ret_bytes);

#endif
