/*
 * requests - things that a reader asks a process to do, each done once by one thread
 *
 * Why it exists: some questions only the process itself can answer, by calling its own
 * allocator. A debugger that makes such a call in a stopped thread may stop it inside of
 * malloc, with the lock held, and then the call never returns. Here a thread does it
 * between two of its own calls of the allocator, where a program might have written the
 * call itself.
 *
 * These are the places where an application's thread takes locks and makes system calls
 * for us: only on request, only one thread, and never in a sandbox.
 *
 * Contract
 *   - a reader asks by another number in `wanted` and then another wanted_seq in the
 *     header (pair M1 of mode.h); the first thread that sees it gets true, once;
 *   - T1: `done` is stored with release after the answer, which a reader of `done` may
 *     then read.
 */
#ifndef PRELOAD_REQUESTS_H
#define PRELOAD_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

/* Is this thread the one that has to answer? */
static inline bool request_take(const uint32_t *wanted, uint32_t *taken,
				uint32_t *ret_number)
{
	uint32_t before = __atomic_load_n(taken, __ATOMIC_RELAXED);

	*ret_number = __atomic_load_n(wanted, __ATOMIC_RELAXED);
	/* relaxed: only one thread gets it, and it reads nothing that others wrote */
	return *ret_number != before &&
	       __atomic_compare_exchange_n(taken, &before, *ret_number, false,
					   __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static inline void request_answered(uint32_t *done, uint32_t number)
{
	__atomic_store_n(done, number, __ATOMIC_RELEASE); /* T1 */
}

#endif
