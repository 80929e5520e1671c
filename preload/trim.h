/*
 * trim - the allocator gives free pages back, because a user asked for it
 *
 * Why it exists: whether free memory can be returned is best seen by trying, and only
 * the process itself can. A debugger that calls malloc_trim() in a stopped thread may
 * stop it inside of malloc, with the lock held, and then the call never returns. Here a
 * thread does it between two of its own calls of the allocator, where a program might
 * have written malloc_trim(0) itself.
 *
 * This is the one place where an application's thread takes locks and makes system
 * calls for us: only on request (`heapring pins --try-trim`), only one thread, and
 * never in a sandbox.
 *
 * Contract
 *   - a reader asks by another wanted_trim and then another wanted_seq in the header
 *     (pair M1 of mode.h); the first thread that sees it does it, once;
 *   - T1: trim_done is stored with release after trim_ns, which a reader of trim_done
 *     may then read.
 */
#ifndef PRELOAD_TRIM_H
#define PRELOAD_TRIM_H

#include <stdint.h>

/* Looks the allocator's function up. Takes the loader's lock. */
void trim_prepare(void);

/* enum heapring_trim; after trim_prepare(). */
uint32_t trim_offer(void);

/* Does what was asked for and not done; cheap when there is nothing. */
void trim_follow(void);

#endif
