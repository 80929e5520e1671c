/*
 * thread - what the shim keeps for every thread of the target
 *
 * Why it exists: the hot path touches one private struct, found through one
 * initial-exec TLS pointer, and one counter in the segment.
 *
 * Life. A thread is attached by its first allocation or free: it takes a slot
 * of the segment (counters, losses) and the private memory that goes with it.
 * There is no destructor: frees that other destructors make late are counted
 * like any other. A slot is taken over by a new thread when its owner is dead,
 * so memory depends on the threads alive at once.
 *
 * Fork. The private memory is wiped in a new address space, so `gate` reads
 * GATE_CLOSED there and the first call takes the slow path, which gives the
 * child a segment of its own. A vfork child shares memory and counts as its
 * parent.
 *
 * The gate. One word says what the hot path may do, so that it tests once:
 * closed (not attached, wiped, or not to be counted), busy (a signal handler
 * interrupted the shim: pass through), exact (with or without the fast path),
 * sampled or dormant.
 */
#ifndef PRELOAD_THREAD_H
#define PRELOAD_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include <heapring/segment.h>

#include "preload/unwind/unwind.h"

enum gate {
	GATE_CLOSED = 0,
	GATE_OFF,  /* this process is not profiled */
	GATE_LOST, /* this one is, but it has no slot for the thread */
	GATE_BUSY,
	GATE_EXACT,        /* this and all below: allocations are counted, or may be */
	GATE_EXACT_LEAVES, /* exact, but no fast path: the live table is not flat,
			    * somebody listens to the probes, or nothing tells that the
			    * clock moved */
	GATE_SAMPLED,
	GATE_DORMANT,
};

struct thread {
	uint32_t gate;
	uint32_t resume;      /* the gate to go back to after GATE_BUSY */
	int64_t until_sample; /* bytes to the next sample; dormant: to the next look */

	uint32_t now_ms;      /* coarse time */
	uint64_t clock_stamp; /* coarse_clock_stamp() when it was read */
	uint32_t slot;
	uint32_t site_base;
	uint32_t ticked_ms; /* when this thread last did what was due */
	int64_t room; /* bytes to allocate before live bytes are folded; see fold() */
	int64_t room_least; /* since the last fold */
	int64_t room_most;
	struct heapring_thread *record;
	char *live_flat;                     /* live_tables[0].flat */
	struct heapring_counter **directory; /* by site / HR_COUNTERS_PER_PAGE */
	uint64_t random;                     /* state of the sampler's generator */
	uint64_t rate;                       /* 1: exact */
	uint32_t mode_seq; /* the header's wanted_seq that was followed last */
	bool listened;     /* probes_listen() when it was looked at last */

	uint32_t generation; /* of the modules, for what recents and unwinder remember */
	uint32_t tags;       /* pushed and not popped, those past UNWIND_TAGS too */

	struct recents recents;
	struct unwinder unwinder;
};

extern _Thread_local struct thread *thread_self
	__attribute__((visibility("hidden"), tls_model("initial-exec")));

/* A place on the calling thread's own stack, near its outer end; 0: not known. */
extern _Thread_local uintptr_t thread_began
	__attribute__((visibility("hidden"), tls_model("initial-exec")));

/* Before all else, once, by the process's first allocation. */
void threads_begin(void);

/* Reserves the private memory of all slots, of `most` bytes at most: as many threads
 * are counted as fit. False: not even some do. */
bool threads_init(uint64_t most);

/* Attaches the calling thread, or finds out why not; afterwards its gate is not
 * GATE_CLOSED. May make system calls; saves errno. */
void thread_attach(void);

/* An allocation that t may not count: it is told if only for want of a slot. */
void thread_alloc_lost(const struct thread *t);

/* Drops what the thread remembers of stacks: modules changed, or its owner did. */
void thread_forget(struct thread *t);

/* The same for the calling thread, from outside of an event. */
void thread_forget_own(void);

/* What the thread allocates until the pop carries a tag; deeper than UNWIND_TAGS they
 * are counted and not shown. The thread's own. */
void thread_tag_push(struct thread *t, uint32_t tag);
void thread_tag_pop(struct thread *t);

/* The record of a slot that was handed out, from any thread; NULL: none yet. */
const struct heapring_thread *threads_record(uint32_t slot);

/* For a fork child: every slot is free again. */
void threads_reset(void);

/* Slots handed out so far, and the counters of one at sites index * HR_COUNTERS_PER_PAGE
 * (of the live table's numbers) and following; NULL: none. From any thread. */
uint32_t threads_slots(void);
const struct heapring_counter *threads_counters(uint32_t slot, uint32_t index);

#endif
