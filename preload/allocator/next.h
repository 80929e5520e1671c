/*
 * next - the allocator that the program would have used without us
 *
 * Contract
 *   - every pointer may be called from the first instruction of the process
 *     on: before it is resolved it points to a function that resolves it;
 *   - what dlsym itself allocates meanwhile comes from a static arena that is
 *     never given back: next_owns() tells such blocks, which must reach neither
 *     the allocator's free nor its realloc;
 *   - a function that the allocator lacks is composed from others.
 */
#ifndef PRELOAD_NEXT_H
#define PRELOAD_NEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct next {
	void *(*malloc)(size_t);
	void (*free)(void *);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*memalign)(size_t, size_t);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
};

extern struct next next __attribute__((visibility("hidden")));

/* Resolves all; harmless when done already. */
void next_resolve(void);

#define NEXT_ARENA_BYTES 65536u
extern char next_arena[NEXT_ARENA_BYTES] __attribute__((visibility("hidden")));

/* Is this one of the arena's blocks? */
static inline bool next_owns(const void *block)
{
	return (uintptr_t)block - (uintptr_t)next_arena < NEXT_ARENA_BYTES;
}

/* Makes the free of an arena block take the full path, also when sampling. */
void next_guard(void);

/* The file name of the object that provides malloc, "" when unknown; valid
 * after next_resolve(). */
const char *next_allocator(void);

/* A function that an allocator has besides those of C; its file's name begins so. */
struct next_extra {
	const char *allocator, *function;
};

/* The one of `count` that is of this program's allocator and that it has: its index, and
 * where it is; 0 when there is none, for extras[0] stands for that. After next_resolve();
 * takes the loader's lock. */
uint32_t next_extra(const struct next_extra *extras, uint32_t count, void **ret_function);

/* The file name of an object whose malloc the program's calls reach instead of the
 * shim's, "" when there is none. */
const char *next_preceding(void);

/* Is this an address in the object that provides malloc? */
bool next_is_allocator(uintptr_t pc);

/* The next object's definition of a function, or NULL. Takes the loader's lock:
 * never from the allocation path after the first call. */
void *next_function(const char *name);

#endif
