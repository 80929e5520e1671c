/*
 * allocator_says - the allocator's own statistics, asked for in a running program
 *
 * One of its own threads calls the documented function (preload/allocator/figures.h) at
 * its next allocation, and is held up as long as that takes.
 *
 * Contract
 *   - figures are in bytes, by enum heapring_figure; ALLOCATOR_SAYS_NOTHING where this
 *     allocator does not tell;
 *   - -ENOTSUP with a fault when the allocator has no such function, or the process is
 *     in a sandbox; -ETIMEDOUT when no thread allocated in time.
 */
#ifndef ANALYZER_RESIDENT_ALLOCATOR_SAYS_H
#define ANALYZER_RESIDENT_ALLOCATOR_SAYS_H

#include <jansson.h>
#include <stdint.h>

#include "analyzer/segment/target.h"

#define ALLOCATOR_SAYS_FIGURES 6u
#define ALLOCATOR_SAYS_NOTHING UINT64_MAX

struct allocator_says {
	const char *how; /* "mallinfo2()" */
	uint64_t figure[ALLOCATOR_SAYS_FIGURES];
};

int allocator_says_ask(const char *name, struct allocator_says *ret_says,
		       struct fault *fault);

/* "in use, rounded up"; figure < ALLOCATOR_SAYS_FIGURES. */
const char *allocator_says_name(unsigned figure);

/* {"how":..,"in_use":..,...}, null for what is not told; null: was not asked. */
json_t *allocator_says_json(const struct allocator_says *says);

#endif
