/*
 * segment_copy - a segment as a dump file
 *
 * Contract
 *   - the file appears complete under its name or not at all; what was there
 *     before stays until then, and a full disk loses nothing;
 *   - a dump of a live process is as consistent as reading it live: no free
 *     without its allocation;
 *   - the dump says how the process stood: running, exited, killed, execed.
 */
#ifndef ANALYZER_SEGMENT_SEGMENT_COPY_H
#define ANALYZER_SEGMENT_SEGMENT_COPY_H

#include "analyzer/segment/target.h"

int segment_copy(const struct target *target, const char *to, uint64_t *ret_bytes,
		 struct fault *fault);

/* The same into a regular file that the caller opened and calls by that name. */
int segment_copy_to(const struct target *target, int fd, const char *name,
		    uint64_t *ret_bytes, struct fault *fault);

#endif
