/*
 * verify - hold every recorded stack against libunwind's full walk
 *
 * Only in shims built with the meson option verify_unwind, and in the one that
 * the tests preload; in all others both functions are nothing.
 *
 * Contract
 *   - verify_stack() compares the stack of a site, frame by frame, with what
 *     libunwind finds from the same caller; a difference writes one line with
 *     both stacks and counts;
 *   - verify_finish() writes one line with the counts, once;
 *   - lines go to the file that HEAPRING_VERIFY_LOG names, else to stderr (the
 *     second line then only when there was a difference);
 *   - slow, takes locks of libunwind and of the loader: for tests only.
 */
#ifndef PRELOAD_VERIFY_H
#define PRELOAD_VERIFY_H

#include <stdint.h>

#include "preload/recent/recent.h"

#ifdef HEAPRING_VERIFY
void verify_stack(uint32_t site, const struct frame *caller, const char *path);
void verify_finish(void);
#else
/* site: as the live table numbers it; path: which code found it, for the line. */
static inline void verify_stack(uint32_t site, const struct frame *caller,
				const char *path)
{
	(void)site, (void)caller, (void)path;
}

static inline void verify_finish(void)
{
}
#endif

#endif
