/*
 * figures - the allocator's own statistics, because a user asked for them
 *
 * Why it exists: what jemalloc and tcmalloc keep in caches, and what of it is given back
 * to the kernel, stands in structures that only they know. Their documented functions
 * tell it, to who runs inside of the process (`heapring rss --ask`).
 *
 * Contract
 *   - a request (requests.h): wanted_figures, figures_taken, figures_done in the
 *     header; the answer is figures[], UINT64_MAX for what this allocator does not tell,
 *     and for all in a sandbox.
 */
#ifndef PRELOAD_FIGURES_H
#define PRELOAD_FIGURES_H

#include <stdint.h>

/* Looks the allocator's function up. Takes the loader's lock. */
void figures_prepare(void);

/* enum heapring_figures; after figures_prepare(). */
uint32_t figures_offer(void);

/* Does what was asked for and not done; cheap when there is nothing. */
void figures_follow(void);

#endif
