/*
 * request - asks a running program to do something, once (preload/requests.h)
 *
 * Contract
 *   - `header` is mapped to be written (header_map.h); `wanted` and `done` are two of its
 *     fields, of one kind of request;
 *   - request_wait(): 0 when request_send()'s number was answered, and then the answer's
 *     fields may be read; -ETIMEDOUT with a fault when no thread of the program allocated
 *     within wait_ms.
 */
#ifndef ANALYZER_REQUEST_H
#define ANALYZER_REQUEST_H

#include <heapring/segment.h>
#include <stdint.h>

#include "analyzer/fault.h"

/* The number that is answered. */
uint32_t request_send(struct heapring_header *header, uint32_t *wanted);

int request_wait(const struct heapring_header *header, const uint32_t *done,
		 uint32_t number, unsigned wait_ms, struct fault *fault);

#endif
