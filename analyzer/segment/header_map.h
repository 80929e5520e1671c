/*
 * header_map - the header of a live segment, mapped to write a request into it
 *
 * Contract
 *   - only the target's own file, through the descriptor that was checked when the target
 *     was opened; only a running process's; only where the caller may write it;
 *   - HR_PAGE bytes; munmap() ends it.
 */
#ifndef ANALYZER_SEGMENT_HEADER_MAP_H
#define ANALYZER_SEGMENT_HEADER_MAP_H

#include "analyzer/segment/target.h"

int header_map(const struct target *target, struct heapring_header **ret_header,
	       struct fault *fault);

#endif
