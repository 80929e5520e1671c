/*
 * trim - the allocator gives free pages back, because a user asked for it
 *
 * Why it exists: whether free memory can be returned is best seen by trying, and only
 * the process itself can (`heapring pins --try-trim`).
 *
 * Contract
 *   - a request (requests.h): wanted_trim, trim_taken, trim_done in the header;
 *     the answer is trim_ns.
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
