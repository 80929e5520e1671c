/*
 * forward - a preloaded library that only passes the C allocation functions on
 *
 * The floor of every comparison: what any LD_PRELOAD profiler pays before it
 * does anything. It finds the next allocator as the real shim does (next.c).
 * With -DWITH_UNWIND each allocation also takes a stack with libunwind and drops
 * it: the price of the usual way to get one, without counting anything.
 */
#include <stdlib.h>

#include "preload/allocator/next.h"

#define EXPORT __attribute__((visibility("default")))

#ifdef WITH_UNWIND
#define UNW_LOCAL_ONLY
#include <libunwind.h>

#define DEPTH 128

static inline void look(void)
{
	static _Thread_local int inside;
	void *stack[DEPTH];

	if (inside)
		return; /* libunwind's own allocation */
	inside = 1;
	unw_backtrace(stack, DEPTH);
	inside = 0;
}
#else
static inline void look(void)
{
}
#endif

EXPORT void *malloc(size_t size)
{
	look();
	return next.malloc(size);
}

EXPORT void free(void *block)
{
	if (!next_owns(block))
		next.free(block);
}

EXPORT void *calloc(size_t n, size_t size)
{
	look();
	return next.calloc(n, size);
}

EXPORT void *realloc(void *block, size_t size)
{
	look();
	return next.realloc(block, size);
}

EXPORT int posix_memalign(void **ret_block, size_t align, size_t size)
{
	look();
	return next.posix_memalign(ret_block, align, size);
}

EXPORT void *aligned_alloc(size_t align, size_t size)
{
	look();
	return next.aligned_alloc(align, size);
}
