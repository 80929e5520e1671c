/*
 * usable_size - what an allocator made of the size that was asked for
 *
 * glibc: a chunk is a multiple of 16 bytes, at least 32, and the last 8 of its
 * neighbour's are usable: 24, 40, 56, ... A mapped chunk is whole pages less 16.
 * jemalloc: multiples of 16 up to 128, then four classes for each doubling, from
 * 16 KiB on in whole pages.
 */
#include "analyzer/machine/usable_size.h"

#include <string.h>

#define PAGE 4096u
#define ADDRESSES (1ull << 47)
#define CHUNK_FLAGS 7ull
#define CHUNK_MAPPED 2ull

enum usable_rounding usable_rounding_of(const struct heapring_header *header)
{
	if (strncmp(header->allocator, "libc.so", 7) == 0)
		return USABLE_GLIBC;
	return strncmp(header->allocator, "libjemalloc", 11) == 0 ? USABLE_JEMALLOC
								  : USABLE_UNKNOWN;
}

static uint64_t glibc_rounded(uint64_t size)
{
	uint64_t chunk = (size + 8 + 15) & ~15ull;

	if (size > ADDRESSES)
		return size;
	if (size >= USABLE_MAPPED_FROM)
		return ((size + 16 + PAGE - 1) & ~(uint64_t)(PAGE - 1)) - 16;
	return chunk < 32 ? 24 : chunk - 8;
}

static uint64_t jemalloc_rounded(uint64_t size)
{
	uint64_t step = 16;

	if (size <= 8)
		return 8;
	if (size > ADDRESSES) /* of a damaged file: no block is that large */
		return size;
	for (uint64_t top = 128; size > top; top *= 2)
		step = top / 4;
	return (size + step - 1) & ~(step - 1);
}

uint64_t usable_rounded(enum usable_rounding rounding, uint64_t size)
{
	switch (rounding) {
	case USABLE_GLIBC:
		return glibc_rounded(size);
	case USABLE_JEMALLOC:
		return jemalloc_rounded(size);
	case USABLE_UNKNOWN:
		break;
	}
	return size;
}

/* A chunk begins 16 before its block; before a mapped one there may be more, to align it.
 */
static void look_at_chunk(struct process_words *words, const struct live_block *block,
			  struct usable_block *ret)
{
	uint64_t word = process_word(words, block->address - 8);

	ret->has_mapping = (word & CHUNK_MAPPED) != 0;
	ret->before =
		ret->has_mapping ? 16 + process_word(words, block->address - 16) : 8;
	ret->usable = (word & ~CHUNK_FLAGS) - (ret->has_mapping ? 16 : 8);
}

bool usable_block(enum usable_rounding rounding, struct process_words *words,
		  const struct live_block *block, struct usable_block *ret_block)
{
	uint64_t most = block->size + block->size / 4 + 2 * PAGE;

	*ret_block = (struct usable_block){ .usable = block->size };
	if (rounding == USABLE_GLIBC)
		look_at_chunk(words, block, ret_block);
	else
		ret_block->usable = usable_rounded(rounding, block->size);
	if (ret_block->usable >= block->size && ret_block->usable <= most &&
	    ret_block->before < most)
		return true;
	*ret_block = (struct usable_block){ .usable = block->size };
	return false;
}
