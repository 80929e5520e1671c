/*
 * memory - count what our own code allocates
 *
 * Why it exists: "no allocation a message" must be a number in the summary even
 * when no profiler is loaded. The counting is inline and the call is malloc's
 * own, so a profiler still sees the function that really asked.
 *
 * Contract
 *   - memory is freed with free();
 *   - counts are per thread and reach the totals with memory_publish(), which a
 *     stage calls once a batch;
 *   - libraries that take allocator hooks (copy decoders) get memory_lib_alloc,
 *     unless a profiler is loaded: then they call malloc themselves.
 */
#ifndef PIPELINE_MEMORY_H
#define PIPELINE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct memory_count {
	uint64_t calls;
	uint64_t bytes;
};

extern __thread struct memory_count memory_here;

static inline void *memory_alloc(size_t size)
{
	memory_here.calls++;
	memory_here.bytes += size;
	return malloc(size);
}

static inline void *memory_zero(size_t n, size_t size)
{
	memory_here.calls++;
	memory_here.bytes += n * size;
	return calloc(n, size);
}

static inline char *memory_strndup(const char *text, size_t len)
{
	memory_here.calls++;
	memory_here.bytes += len + 1;
	return strndup(text, len);
}

void *memory_lib_alloc(size_t size);
bool memory_profiled(void);

/* Adds this thread's counts to the totals. */
void memory_publish(void);
struct memory_count memory_total(void);

/* Resident bytes of this process now, and the highest so far. */
size_t memory_resident(void);
size_t memory_resident_peak(void);

/* Bytes that malloc has handed out and not got back, and those it holds for that. */
size_t memory_heap_in_use(void);
size_t memory_heap_held(void);

/* One arena and fixed thresholds: what is freed goes back and is found again.
 * Call once, before threads start. */
void memory_tune(void);

/* Gives back what was freed. */
void memory_trim(void);

#endif
