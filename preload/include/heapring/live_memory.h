/*
 * live_memory - tables of the shim in the target's own memory, for readers of a live
 * process
 *
 * The segment outlives the process; these do not, and need not: they tell of addresses,
 * which are of use only while the process has them. The header of the segment says where
 * each table is. A reader copies them with process_vm_readv() and checks what it got: the
 * process goes on meanwhile.
 */
#ifndef HEAPRING_LIVE_MEMORY_H
#define HEAPRING_LIVE_MEMORY_H

#include <stdint.h>

/*
 * What the shim has mapped for itself, the segment included: it is not of the program.
 * Entries stay where they are; bytes 0: no longer there.
 */
#define HR_PRIVATE_MAX 512u

struct heapring_private {
	uint32_t used; /* entries that were ever in use */
	uint32_t reserved;
	struct {
		uint64_t at, bytes;
	} of[HR_PRIVATE_MAX];
};

/*
 * What is mapped directly at the moment, in the memory of a live process. One thread
 * at a time changes it and moves ranges about: a reader that finds them out of order
 * reads again.
 */
#define HR_RANGES_MAX 16384u

struct heapring_range {
	uint64_t at, end;
	uint32_t mapping; /* index in mapping[] */
	uint32_t reserved;
};

struct heapring_mapping {
	uint32_t site;
	uint32_t ranges; /* how many are left; free: the next free record + 1 */
};

struct heapring_ranges {
	uint32_t count;
	uint32_t mappings_used;                     /* ever handed out */
	uint32_t mappings_free;                     /* first free record + 1, 0 none */
	struct heapring_range range[HR_RANGES_MAX]; /* by address */
	struct heapring_mapping mapping[HR_RANGES_MAX];
};

/* How the allocator can be asked to give free pages back. */
enum heapring_trim {
	HR_TRIM_NONE = 0,
	HR_TRIM_GLIBC = 1,    /* malloc_trim(0) */
	HR_TRIM_TCMALLOC = 2, /* MallocExtension_ReleaseFreeMemory() */
	HR_TRIM_JEMALLOC = 3, /* mallctl("arena.4096.purge") */
	HR_TRIM_MIMALLOC = 4, /* mi_collect(true) */
};

/* How the allocator can be asked for its own statistics. */
enum heapring_figures {
	HR_FIGURES_NONE = 0,
	HR_FIGURES_GLIBC = 1,    /* mallinfo2() */
	HR_FIGURES_TCMALLOC = 2, /* MallocExtension_GetNumericProperty() */
	HR_FIGURES_JEMALLOC = 3, /* mallctl("stats....") */
	HR_FIGURES_MIMALLOC = 4, /* mi_process_info() */
};

/* What it said, in bytes. */
enum heapring_figure {
	HR_FIGURE_IN_USE,   /* of blocks, rounded up; glibc's have tcache's among them */
	HR_FIGURE_CACHED,   /* freed, kept by threads and lists for the next block */
	HR_FIGURE_FREE,     /* freed, in pages or between blocks, not given back */
	HR_FIGURE_OWN,      /* its own tables */
	HR_FIGURE_HELD,     /* all that it has from the kernel and has not given back */
	HR_FIGURE_RETAINED, /* given back, the addresses kept */
};

#endif
