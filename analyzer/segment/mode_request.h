/*
 * mode_request - asks a running program to count otherwise
 *
 * Contract
 *   - mode_request_parse() takes what HEAPRING_RATE takes: exact, off, or bytes;
 *   - the request is written as pair M1 in preload/count/mode.h wants it: mode and
 *     rate first, then another wanted_seq with release;
 *   - only a live segment that the caller may write is ever touched.
 */
#ifndef ANALYZER_SEGMENT_MODE_REQUEST_H
#define ANALYZER_SEGMENT_MODE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/segment/target.h"

#define MODE_RATE_DEFAULT (512u << 10)

struct mode_request {
	uint32_t mode; /* enum heapring_mode */
	uint64_t rate; /* bytes, never 0 */
};

bool mode_request_parse(const char *text, struct mode_request *ret_request);

/*
 * Waits up to wait_ms for the program to follow. Returns 1 when it did, 0 when it
 * has only been asked, or a negative errno; *ret_header is the latest state.
 */
int mode_request_send(const struct target *target, const struct mode_request *request,
		      unsigned wait_ms, struct heapring_header *ret_header,
		      struct fault *fault);

#endif
