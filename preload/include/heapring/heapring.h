/*
 * heapring - what a program may tell the profiler it runs under, and ask it
 *
 * This header is all that a program needs: no library to link, and without
 * libheapring.so preloaded every call is a test of a pointer that is 0. For C and C++;
 * other languages find heapring_shim_mark and so on with dlsym(RTLD_DEFAULT, ...).
 *
 *	heapring_mark("cache warm");         // a moment to look back to:
 *	                                     //   heapring top --since "cache warm" PID
 *	heapring_tag_push("tenant-7");       // what this thread allocates until the pop
 *is handle(request);                     //   told apart: heapring top --focus tenant-7
 *	heapring_tag_pop();
 *
 * All may be called from any thread at any time, but not from a signal handler. None
 * blocks, allocates or changes errno.
 */
#ifndef HEAPRING_HEAPRING_H
#define HEAPRING_HEAPRING_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEAPRING_TAGS_MAX 1023 /* names of tags; those past it are one, "more tags" */
#define HEAPRING_TAG_DEPTH 8   /* tags of a thread that count at once */
#define HEAPRING_MARKS_MAX 32  /* names of marks; those past it are dropped */

enum heapring_stats_mode {
	HEAPRING_STATS_EXACT = 0,
	HEAPRING_STATS_SAMPLED = 1, /* the figures are estimates, without bias */
	HEAPRING_STATS_DORMANT = 2
};

/* What Go's runtime.ReadMemStats is for. Bytes are those that were asked for. */
struct heapring_stats {
	uint64_t live_bytes, live_objects;
	uint64_t alloc_bytes, alloc_objects; /* since profiling began */
	uint64_t free_bytes, free_objects;
	uint64_t peak_bytes; /* highest live bytes */
	uint64_t sites;      /* call stacks that have allocated */
	uint64_t threads;    /* that have allocated */
	uint64_t mode;       /* enum heapring_stats_mode */
	uint64_t rate;       /* mean bytes between samples; 1: every allocation counts */
	/* what the figures do not cover */
	uint64_t dropped;      /* allocations: an internal limit */
	uint64_t overflow;     /* allocations whose stack is not known: budget used up */
	uint64_t missed_frees; /* frees that were not seen */
	uint64_t untracked_frees; /* frees of blocks that were never counted */
};

extern void heapring_shim_mark(const char *name) __attribute__((weak));
extern int heapring_shim_stats(struct heapring_stats *stats, size_t bytes)
	__attribute__((weak));
extern void heapring_shim_tag_push(const char *name) __attribute__((weak));
extern void heapring_shim_tag_pop(void) __attribute__((weak));

/*
 * The address of a function of the shim, 0 without it. Read from the global offset
 * table in any case: of a weak function that code refers to in another way, the linker
 * of a program that is not position-independent would settle for 0.
 */
#if defined(__x86_64__) && !defined(__ILP32__)
#define HEAPRING_SHIM(name)                                                              \
	__extension__({                                                                  \
		__typeof__(&name) heapring_found;                                        \
		__asm__(".weak " #name "\n\tmovq " #name "@GOTPCREL(%%rip), %0"          \
			: "=r"(heapring_found));                                         \
		heapring_found;                                                          \
	})
#else
#define HEAPRING_SHIM(name) (name)
#endif

/* Notes the moment under a name, of which the first 79 bytes count. A name may be set
 * any number of times: the first and the last time are kept, and how often. */
static inline void heapring_mark(const char *name)
{
	void (*mark)(const char *) = HEAPRING_SHIM(heapring_shim_mark);

	if (mark)
		mark(name);
}

/* Fills in *stats; 0, or -1 (all zero) when the process is not profiled. Adds up all
 * counters: some milliseconds in a program with a hundred thousand stacks. */
static inline int heapring_stats(struct heapring_stats *stats)
{
	int (*get)(struct heapring_stats *, size_t) = HEAPRING_SHIM(heapring_shim_stats);
	unsigned char *byte = (unsigned char *)stats;
	size_t i;

	if (get)
		return get(stats, sizeof(*stats));
	for (i = 0; i < sizeof(*stats); i++)
		byte[i] = 0;
	return -1;
}

/* What the calling thread allocates until the matching pop carries the name, of which the
 * first 47 bytes count, as its outermost frame. Tags nest. A child made by fork() begins
 * without. Costs about a microsecond. */
static inline void heapring_tag_push(const char *name)
{
	void (*push)(const char *) = HEAPRING_SHIM(heapring_shim_tag_push);

	if (push)
		push(name);
}

static inline void heapring_tag_pop(void)
{
	void (*pop)(void) = HEAPRING_SHIM(heapring_shim_tag_pop);

	if (pop)
		pop();
}

#ifdef __cplusplus
}
#endif

#endif
