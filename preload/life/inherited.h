/*
 * inherited - what a fork child must know of its parent's segment
 */
#ifndef PRELOAD_INHERITED_H
#define PRELOAD_INHERITED_H

#include <stdint.h>

#include <heapring/segment.h>

struct inherited {
	uint32_t pid;       /* the parent's */
	uint32_t site_base; /* first number that is not the parent's */
	uint64_t start_unix_ns;
	uint64_t live_objects;
	uint64_t live_bytes;
};

/* Reads it from the parent's segment, which is still mapped. */
void inherited_read(struct inherited *ret_inherited);

#endif
