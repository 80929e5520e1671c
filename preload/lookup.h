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

#include "preload/thread.h"

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

/* The entry of the present stack by its key; NULL: it is none of the recent ones.
 * Completes `present`, of which the caller is set. */
const struct recent *lookup_recent(struct thread *t, struct present *present);

/* The site of a stack that lookup_recent() did not find, which becomes a recent one. */
struct counted_site lookup_walk(struct thread *t, struct present *present);

/* All three ways. */
struct counted_site lookup_site(struct thread *t, struct frame caller);

#endif
