/*
 * lookup - the site of the present stack, and the calling thread's counter of it
 *
 * Three ways, each tried when the one before failed: a guess among the recent stacks by
 * the innermost frame (recent.h; the fast path has it inline), a search among them by a
 * key, and a walk, after which the stack is one of the recent ones. Keys have levels:
 * where more stacks share one than a set has ways, a longer one tells them apart.
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

#include "preload/likely.h"
#include "preload/modules.h"
#include "preload/peak.h"
#include "preload/stack_key.h"
#include "preload/thread.h"
#include "preload/verify.h"

/* A site and the calling thread's counter of it. */
struct counted_site {
	uint32_t site;
	struct heapring_counter *counter;
};

/* The present stack in the terms of recent.h. */
struct present {
	struct frame caller;
	uint32_t epoch;
	uint32_t level; /* of the key */
	struct stack_key key;
};

/* Frames that the shortest key has besides the innermost one. */
#define LOOKUP_FIRST_FRAMES 2u

/* What other threads did since the entry was used last: the caches of another
 * generation are void, and counters note what they held at a new peak. */
static inline void lookup_follow_epoch(struct thread *t, struct present *present)
{
	present->epoch = recent_epoch_now();
	if (unlikely(t->generation != modules_generation()))
		thread_forget(t);
}

static inline const struct recent *lookup_of_epoch(struct recent *e,
						   const struct present *present)
{
	if (unlikely(e->epoch != present->epoch)) {
		peak_note(e->counter);
		e->epoch = present->epoch;
	}
	verify_stack(e->site, &present->caller, "the recent stacks");
	return e;
}

/* The same by longer keys, as long as more stacks share one than a set has ways. */
struct recent *lookup_longer(struct thread *t, struct present *present);

/* The entry of the present stack by its key; NULL: it is none of the recent ones, and
 * `present`, of which the caller is set, is completed for lookup_walk(). */
static inline __attribute__((always_inline)) const struct recent *
lookup_recent(struct thread *t, struct present *present)
{
	struct stack_key key; /* in registers: `present` is memory */
	struct recent *e;

	lookup_follow_epoch(t, present);
	key = stack_key_begin(&t->unwinder, present->caller);
	stack_key_extend(&t->unwinder, &key, LOOKUP_FIRST_FRAMES);
	e = recent_find(&t->recents, present->caller, key.value);
	if (unlikely(e == NULL)) {
		present->key = key;
		e = lookup_longer(t, present);
		if (e == NULL)
			return NULL;
	}
	return lookup_of_epoch(e, present);
}

/* The site of a stack that lookup_recent() did not find, which becomes a recent one. */
struct counted_site lookup_walk(struct thread *t, struct present *present);

/* All three ways. */
struct counted_site lookup_site(struct thread *t, struct frame caller);

#endif
