/*
 * hooks - the C allocation functions, as the program sees them
 *
 * Each forwards to the next allocator and records what it did. Sizes are what
 * the program asked for. A call that fails is not recorded. free and realloc of
 * blocks that were handed out while the allocator was being resolved stay in
 * the shim (see next.h): such blocks are never in the live table, so the test
 * costs nothing on the hot path.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "preload/allocator/next.h"
#include "preload/hooks/asked.h"
#include "preload/hooks/nested.h"
#include "preload/record/record.h"

#define EXPORT __attribute__((visibility("default")))

static inline __attribute__((always_inline)) void *recorded(void *block, size_t size,
							    struct frame caller)
{
	struct thread *t = thread_self;

	if (is_nested())
		return block;
	if (likely(block != NULL && record_alloc(t, block, size, caller)))
		return block;
	if (record_skips(t, size) || t->gate == GATE_OFF)
		return block;
	return record_alloc_rest(block, size, caller.pc, caller.sp, caller.fp);
}

/*
 * What malloc, calloc and realloc jump to when there may be something to record: so they
 * need no frame of their own where there is nothing (sampled, dormant), and the caller's
 * frame is the caller of this one. Without optimisation there are no such jumps.
 */
#ifdef __OPTIMIZE__
#define JUMPED_TO __attribute__((noinline))
#else
#define JUMPED_TO inline __attribute__((always_inline))
#endif

static inline __attribute__((always_inline)) bool passes(size_t size)
{
	return !is_nested() && record_skips(thread_self, size);
}

static JUMPED_TO void *malloc_recorded(size_t size)
{
	void *block = next.malloc(size);

	return recorded(block, size, FRAME_OF_CALLER());
}

EXPORT void *malloc(size_t size)
{
	return passes(size) ? next.malloc(size) : malloc_recorded(size);
}

static __attribute__((noinline)) void free_full(void *block)
{
	if (block == NULL)
		return;
	if (block != asked.deleted)
		record_free_full(block);
	if (!next_owns(block))
		next.free(block);
}

EXPORT void free(void *block)
{
	struct thread *t = thread_self;

	if (is_nested())
		next.free(block);
	else if (likely(record_free(t, block)))
		next.free(block);
	else if (record_ignores(t, block))
		next.free(block);
	else
		free_full(block);
}

static JUMPED_TO void *calloc_recorded(size_t n, size_t size)
{
	void *block = NESTING(next.calloc(n, size));

	return recorded(block, n * size, FRAME_OF_CALLER());
}

EXPORT void *calloc(size_t n, size_t size)
{
	return passes(n * size) ? NESTING(next.calloc(n, size))
				: calloc_recorded(n, size);
}

/* A block from before the allocator was resolved moves to a real one. */
static void *realloc_owned(void *block, size_t size)
{
	void *moved = next.malloc(size);
	size_t have = *(size_t *)((char *)block - 16);

	if (moved != NULL)
		memcpy(moved, block, have < size ? have : size);
	return moved;
}

/* realloc of a block that may have to go the long way: not long, not exact. */
static __attribute__((noinline)) void *reallocated_full(void *block, size_t size)
{
	struct live_block taken;
	void *moved;

	if (unlikely(next_owns(block)))
		return realloc_owned(block, size);
	taken = record_take(block);
	moved = NESTING(next.realloc(block, size));
	if (unlikely(moved == NULL && size != 0))
		record_put_back(block, &taken);
	else
		record_taken_free(&taken);
	return moved;
}

static inline __attribute__((always_inline)) void *reallocated(void *block, size_t size,
							       struct frame caller)
{
	struct thread *t = thread_self;
	struct live_block taken;
	void *moved;

	if (is_nested())
		return next.realloc(block, size);
	if (block == NULL)
		return recorded(NESTING(next.realloc(NULL, size)), size, caller);
	if (unlikely(!record_take_plain(t, block, &taken)))
		return recorded(reallocated_full(block, size), size, caller);
	moved = NESTING(next.realloc(block, size));
	if (unlikely(moved == NULL && size != 0))
		record_put_back(block, &taken);
	else if (unlikely(!record_taken_free_plain(t, &taken)))
		record_taken_free(&taken);
	return recorded(moved, size, caller);
}

static JUMPED_TO void *realloc_recorded(void *block, size_t size)
{
	return reallocated(block, size, FRAME_OF_CALLER());
}

EXPORT void *realloc(void *block, size_t size)
{
	if (!is_nested() && record_skips_both(thread_self, block, size))
		return NESTING(next.realloc(block, size));
	return realloc_recorded(block, size);
}

EXPORT void *reallocarray(void *block, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return reallocated(block, total, FRAME_OF_CALLER());
}

EXPORT void *memalign(size_t align, size_t size)
{
	return recorded(NESTING(next.memalign(align, size)), size, FRAME_OF_CALLER());
}

EXPORT void *aligned_alloc(size_t align, size_t size)
{
	void *block = NESTING(next.aligned_alloc(align, size));

	return recorded(block, asked_take(align, size), FRAME_OF_CALLER());
}

EXPORT void *valloc(size_t size)
{
	return recorded(NESTING(next.valloc(size)), size, FRAME_OF_CALLER());
}

EXPORT void *pvalloc(size_t size)
{
	return recorded(NESTING(next.pvalloc(size)), size, FRAME_OF_CALLER());
}

EXPORT int posix_memalign(void **ret_block, size_t align, size_t size)
{
	int error = NESTING(next.posix_memalign(ret_block, align, size));

	if (error == 0)
		recorded(*ret_block, size, FRAME_OF_CALLER());
	return error;
}

/* C23; glibc 2.36 has neither, and plain free serves both. */
void free_sized(void *block, size_t size);
void free_aligned_sized(void *block, size_t align, size_t size);

EXPORT void free_sized(void *block, size_t size)
{
	(void)size;
	free(block);
}

EXPORT void free_aligned_sized(void *block, size_t align, size_t size)
{
	(void)align;
	(void)size;
	free(block);
}
