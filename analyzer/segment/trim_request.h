/*
 * trim_request - asks a running program's allocator to give free pages back
 *
 * One of its own threads does it, between two calls of the allocator
 * (preload/allocator/trim.h).
 *
 * Contract
 *   - -ENOTSUP with a fault when the allocator has no such function, or the process is
 *     in a sandbox; -ETIMEDOUT when no thread allocated in time;
 *   - resident bytes are those of smaps, right before and after.
 */
#ifndef ANALYZER_SEGMENT_TRIM_REQUEST_H
#define ANALYZER_SEGMENT_TRIM_REQUEST_H

#include <stdint.h>

#include "analyzer/segment/target.h"

struct trim_result {
	const char *how; /* "malloc_trim(0)" */
	uint64_t before, after;
	uint64_t ns; /* that the thread was held up */
};

/* What would be called, NULL: nothing. */
const char *trim_request_name(const struct heapring_header *header);

int trim_request_send(const char *name, struct trim_result *ret_result,
		      struct fault *fault);

#endif
