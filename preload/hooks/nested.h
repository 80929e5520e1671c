/*
 * nested - allocation functions that the C library builds on others of them
 *
 * musl's calloc, realloc and memalign call malloc, free and aligned_alloc as anybody
 * would, and so come back to the hooks. What happens within such a call is its own
 * business: it is passed on, and the outer call is what counts. glibc's never come
 * back, and pay nothing.
 */
#ifndef PRELOAD_NESTED_H
#define PRELOAD_NESTED_H

#include <stdbool.h>

#ifdef __GLIBC__
#define NESTING(call) (call)
static inline bool is_nested(void)
{
	return false;
}
#else
static _Thread_local unsigned nesting;
#define NESTING(call)                                                                    \
	({                                                                               \
		__typeof__(call) result_;                                                \
		nesting++;                                                               \
		result_ = (call);                                                        \
		nesting--;                                                               \
		result_;                                                                 \
	})
static inline bool is_nested(void)
{
	return nesting != 0;
}
#endif

#endif
