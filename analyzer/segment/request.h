/*
 * request - asks a running program to do something, once (preload/allocator/requests.h)
 *
 * Contract
 *   - request_make(): 0 when a thread answered; then *ret_header is mapped, to be read
 *     and given to munmap(). -ENOTSUP with a fault when the allocator has no such
 *     function, -ETIMEDOUT when no thread of the program allocated within some seconds.
 */
#ifndef ANALYZER_SEGMENT_REQUEST_H
#define ANALYZER_SEGMENT_REQUEST_H

#include <heapring/segment.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/segment/target.h"

struct request {
	const char *how;     /* what would be called, NULL: nothing */
	const char *purpose; /* "gives free pages back" */
	size_t wanted, done; /* offsets of two uint32_t of the header */
};

int request_make(const struct target *target, const struct request *request,
		 struct heapring_header **ret_header, struct fault *fault);

/* Opens the target, makes the request by ask(), closes it. */
typedef int request_fn(const struct target *target, void *ret_answer,
		       struct fault *fault);
int request_of(const char *name, request_fn *ask, void *ret_answer, struct fault *fault);

/* The answer was that the process is in a sandbox: -ENOTSUP. */
int request_refused(const struct target *target, struct fault *fault);

#endif
