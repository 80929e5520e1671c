/*
 * resident - how much memory of the heap's kind is resident when the process ends
 *
 * Why it exists: a heap full of holes shows in resident memory alone, which is gone with
 * the process. Who profiles a whole run and looks afterwards wants to know it, too.
 *
 * Contract
 *   - private mappings without a file, the profiler's own apart, in bytes; 0: the kernel
 *     does not say;
 *   - reads /proc/self/smaps: for the end of the process, and once.
 */
#ifndef PRELOAD_RESIDENT_H
#define PRELOAD_RESIDENT_H

#include <stdint.h>

uint64_t resident_heap(void);

#endif
