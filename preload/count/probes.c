#include "preload/count/probes.h"

#ifdef HAVE_SYS_SDT_H

#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

/* The section is where listeners expect them; it has to be writable. */
unsigned short otel_memory_alloc_semaphore __attribute__((section(".probes"), used));
unsigned short otel_memory_free_semaphore __attribute__((section(".probes"), used));

__attribute__((noinline, cold)) void probes_fire_alloc(const void *block, uint64_t size,
						       uint64_t weight)
{
	DTRACE_PROBE3(otel_memory, alloc, block, size, weight);
}

__attribute__((noinline, cold)) void probes_fire_free(const void *block)
{
	DTRACE_PROBE1(otel_memory, free, block);
}

#endif
