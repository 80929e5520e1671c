/*
 * marks - names that the program set at some moment
 *
 * Contract: marks_set() may be called from any thread; no lock, no allocation. A name
 * past HR_MARKS_PER_PAGE is dropped and counted. Two threads that set a name for
 * the first time at the same moment may make two of it: a reader adds them up.
 */
#ifndef PRELOAD_MARKS_H
#define PRELOAD_MARKS_H

#include <stdint.h>

/* For a new segment. */
void marks_begin(void);

void marks_set(const char *name, uint64_t now_ns);

#endif
