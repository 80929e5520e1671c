/*
 * asked - what an operator's hook tells the hooks that the operator ends in
 *
 * C++ runtimes round it up to a multiple of the alignment before they call
 * aligned_alloc(). Profiles show what the program asked for: the operator's hook
 * leaves a note for the hook of aligned_alloc, on the same thread.
 *
 * A note that nobody takes (the operator threw, or did not end in aligned_alloc)
 * fits no other call than one of the same alignment and rounded size.
 *
 * Some allocators' own operator delete ends in free, some do not (jemalloc: delete[]).
 * Its hook has counted the block by then: free must not take it for one never counted.
 */
#ifndef PRELOAD_ASKED_H
#define PRELOAD_ASKED_H

#include <stddef.h>

struct asked {
	size_t align; /* 0: no note */
	size_t size;
	const void *deleted; /* by an operator delete that is at it */
};

extern _Thread_local struct asked asked __attribute__((visibility("hidden")));

/* The operator is about to be called with these. It makes one byte out of none. */
static inline void asked_leave(size_t align, size_t size)
{
	asked.align = align;
	asked.size = size + (size == 0);
}

/* What was asked for, when aligned_alloc(align, size) is called. */
static inline size_t asked_take(size_t align, size_t size)
{
	if (asked.align != align || size - asked.size >= align)
		return size;
	asked.align = 0;
	return asked.size;
}

#endif
