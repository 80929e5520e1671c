/*
 * shim_fixture - a segment in a temporary directory, for tests of the shim's core
 *
 * The modules of preload/ find each other through globals. A test starts what it
 * needs here; Criterion runs every test in a process of its own, and the directory
 * is removed when that process exits.
 */
#ifndef TESTS_SHIM_FIXTURE_H
#define TESTS_SHIM_FIXTURE_H

#include <stdint.h>

/* The temporary directory, made at the first call. */
const char *fixture_dir(void);

/* A segment of this budget and an empty tree. */
void fixture_segment(uint64_t budget);

/* The whole process as at its first allocation: what record_*_full() need. */
void fixture_process(void);

/* Pages of a type in the page map; owner UINT32_MAX: of any. */
unsigned fixture_pages(unsigned type, uint32_t owner);

/* A pid that no process has. */
uint32_t fixture_dead_pid(void);

#endif
