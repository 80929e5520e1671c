/*
 * asked - the size that an aligned operator new was asked for
 *
 * C++ runtimes round it up to a multiple of the alignment before they call
 * aligned_alloc(). Profiles show what the program asked for: the operator's hook
 * leaves a note for the hook of aligned_alloc, on the same thread.
 *
 * A note that nobody takes (the operator threw, or did not end in aligned_alloc)
 * fits no other call than one of the same alignment and rounded size.
 */
#ifndef PRELOAD_ASKED_H
#define PRELOAD_ASKED_H

#include <stddef.h>

struct asked {
	size_t align; /* 0: no note */
	size_t size;
};

extern _Thread_local struct asked asked __attribute__((visibility("hidden")));

/* The operator is about to be called with these. It makes one byte out of none. */
static inline void asked_leave(size_t align, size_t size)
{
	asked = (struct asked){ align, size + (size == 0) };
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
