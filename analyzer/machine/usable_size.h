/*
 * usable_size - what an allocator made of the size that was asked for
 *
 * glibc keeps a block's size in the word before it, jemalloc's follows from its size
 * classes. Of others nothing is known here.
 *
 * Contract
 *   - usable_block() looks into the process: a block that was torn while it was read
 *     gives an answer below its size or far above it, which is refused (false);
 *   - usable_rounded() is what a block of that size gets, without looking.
 */
#ifndef ANALYZER_MACHINE_USABLE_SIZE_H
#define ANALYZER_MACHINE_USABLE_SIZE_H

#include <stdbool.h>

#include <heapring/segment.h>

#include "analyzer/machine/live_blocks.h"
#include "analyzer/machine/process_words.h"

#define USABLE_MAPPED_FROM (128u << 10) /* glibc's first M_MMAP_THRESHOLD */

enum usable_rounding { USABLE_UNKNOWN, USABLE_GLIBC, USABLE_JEMALLOC };

enum usable_rounding usable_rounding_of(const struct heapring_header *header);

struct usable_block {
	uint64_t usable;  /* bytes from the block's address on */
	uint64_t before;  /* of the allocator, before the block: its header */
	bool has_mapping; /* glibc: alone in a mapping that it got for it */
};

bool usable_block(enum usable_rounding rounding, struct process_words *words,
		  const struct live_block *block, struct usable_block *ret_block);

uint64_t usable_rounded(enum usable_rounding rounding, uint64_t size);

#endif
