/*
 * probes - OpenTelemetry's USDT probes: who listens sees every recorded event
 *
 *   otel_memory:alloc(ptr, size, weighted_bytes)
 *   otel_memory:free(ptr)
 *
 * Each is a nop and a note that says where it is and where its arguments are;
 * bpftrace, perf and OpenTelemetry's eBPF profiler put a breakpoint there. Each has
 * a semaphore, a word that a listener counts up.
 *
 * The probes are in the full version of the events alone, so nothing is added to
 * the fast path. A thread looks at the semaphores when its clock has moved on, and
 * leaves the fast path while there is a listener. A tool that sets no semaphore sees
 * nothing.
 *
 * Contract
 *   - with a listener, after one tick of the coarse clock (4 ms) and an event
 *     of the thread, each block that is recorded fires alloc and its free
 *     fires free; in sampled mode those are the samples, and weighted_bytes is what
 *     one stands for;
 *   - free comes before the allocator gets the block back, alloc after it was
 *     handed out: for one address they alternate. realloc is free and alloc.
 */
#ifndef PRELOAD_PROBES_H
#define PRELOAD_PROBES_H

#include <stdbool.h>
#include <stdint.h>

#ifdef HAVE_SYS_SDT_H

extern unsigned short otel_memory_alloc_semaphore __attribute__((visibility("hidden")));
extern unsigned short otel_memory_free_semaphore __attribute__((visibility("hidden")));

void probes_fire_alloc(const void *block, uint64_t size, uint64_t weight);
void probes_fire_free(const void *block);

/* The words change under the program's feet: each look is a load. */
static inline bool probes_listen(void)
{
	return (*(volatile unsigned short *)&otel_memory_alloc_semaphore |
		*(volatile unsigned short *)&otel_memory_free_semaphore) != 0;
}

#else /* nobody can listen */

static inline void probes_fire_alloc(const void *block, uint64_t size, uint64_t weight)
{
}

static inline void probes_fire_free(const void *block)
{
}

static inline bool probes_listen(void)
{
	return false;
}

#endif

static inline void probes_alloc(const void *block, uint64_t size, uint64_t weight)
{
	if (__builtin_expect(probes_listen(), 0))
		probes_fire_alloc(block, size, weight);
}

static inline void probes_free(const void *block)
{
	if (__builtin_expect(probes_listen(), 0))
		probes_fire_free(block);
}

#endif
