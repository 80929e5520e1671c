/*
 * lookup - the site of the present stack, and the calling thread's counter of it
 *
 * Three ways, each tried when the one before failed: a guess among the recent stacks by
 * the innermost frame (recent.h; the fast path has it inline), a search among them by
 * words of the stack, and a walk, after which the stack is one of the recent ones.
 *
 * Epochs. Before anything remembered is used, a thread does what others made necessary
 * since: after an unload it forgets all, and at a new peak each counter notes what it
 * held. An entry whose epoch is the present one needs neither.
 *
 * Behind a busy gate, on the calling thread's own state; no lock, no system call but for
 * segment pages.
 */
#ifndef PRELOAD_LOOKUP_H
#define PRELOAD_LOOKUP_H

#include <stdint.h>

#include "preload/count/peak.h"
#include "preload/count/thread.h"
#include "preload/platform/likely.h"
#include "preload/recent/recent.h"
#include "preload/unwind/modules.h"
#include "preload/unwind/verify.h"

/* A site and the calling thread's counter of it. */
struct counted_site {
	uint32_t site;
	struct heapring_counter *counter;
};

/* What other threads did since something remembered was used last: the caches of another
 * generation are void, and counters note what they held at a new peak. Returns the epoch
 * that this is about. */
static inline uint32_t lookup_follow_epoch(struct thread *t)
{
	uint32_t epoch = recent_epoch_now();

	if (unlikely(t->generation != modules_generation()))
		thread_forget(t);
	return epoch;
}

static inline const struct recent *lookup_of_epoch(struct recent *e, uint32_t epoch,
						   struct frame caller)
{
	if (unlikely(e->epoch != epoch)) {
		peak_note(e->counter);
		e->epoch = epoch;
	}
	verify_stack(e->site, &caller, "the recent stacks");
	return e;
}

/* The entry of the present stack by the index; NULL: it is none of the recent ones. */
static inline __attribute__((always_inline)) const struct recent *
lookup_recent(struct thread *t, struct frame caller)
{
	uint32_t epoch = lookup_follow_epoch(t);
	struct recent *e = recent_find(&t->recents, caller);

	return likely(e != NULL) ? lookup_of_epoch(e, epoch, caller) : NULL;
}

/* The node of the present stack, by a walk; the innermost frame is the caller's. For what
 * is no block: it becomes none of the recent stacks. */
uint32_t lookup_node(struct thread *t, const struct frame *caller);

/* The site of a stack that lookup_recent() did not find, which becomes a recent one. */
struct counted_site lookup_walk(struct thread *t, struct frame caller);

/* All three ways. */
struct counted_site lookup_site(struct thread *t, struct frame caller);

#endif
