/*
 * pprof_read - a pprof profile as a profile with its symbols
 *
 * Contract
 *   - sample types are found by name; space and objects count as inuse_*, what is
 *     missing is 0, and a file without any is refused;
 *   - labels `thread` split the stacks when by_thread is wanted;
 *   - what heapring exported reads back with the same figures, process and
 *     coverage; without errors of samples, which the format does not carry;
 *   - negative values (a difference that was saved) count as 0;
 *   - a damaged file is a fault, with nothing to free.
 */
#ifndef ANALYZER_PPROF_PPROF_READ_H
#define ANALYZER_PPROF_PPROF_READ_H

#include <stdbool.h>

#include "analyzer/symbols/symbols.h"

/* Is it a regular file that begins as gzip does? */
bool pprof_read_detect(const char *path);

int pprof_read(const char *path, const struct profile_wants *wants,
	       struct profile **ret_profile, struct symbols **ret_symbols,
	       struct fault *fault);

#endif
