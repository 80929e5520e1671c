/*
 * recent - the stacks that a thread allocated from lately, whole
 *
 * Why it exists: programs alternate between some dozens of stacks. The last one
 * alone rarely comes twice in a row (sqlite3: once in ten thousand), but one of
 * the recent ones nearly always. A hit costs the comparison of one word a frame
 * and yields the counter itself: no rows, no tree.
 *
 * Contract
 *   - recent_is() is true only when the present stack equals the entry's, frame
 *     for frame; the proof is that of unwind.c, for an entry holds all checks
 *     of its stack;
 *   - on any stack (coroutines, alternate signal stacks) only memory of frames
 *     that are live is read, see "Order";
 *   - `last` always points to a valid entry, at first to one that no stack equals.
 *
 * Order. Checks are compared from the innermost frame outward, four at a time. A
 * check that holds proves that the next frame outward exists, so that its word
 * may be read; the four of a group lie in one page, so that reading all of them
 * needs no more than the first. Hence no bounds of a stack need to be known.
 *
 * Shape. Entries in sets of ways, by a key over the innermost frames (KEY_FRAMES
 * in unwind.c): allocation wrappers make the innermost one alone a poor key. In
 * front of the sets a small table by the innermost frame guesses the entry, which
 * is right in programs without wrappers and saves computing the key.
 * A stack is entered when it is met the second time: copying the checks of one
 * that will not come again soon costs more than it saves (cc1).
 *
 * Trunk. Stacks that follow each other mostly differ in a few inner frames. So an
 * entry has its own checks for the inner part and shares the groups of the outer
 * part with a stack entered before, the trunk: ten times as many stacks fit, and
 * the shared part stays in the cache. `held` says how many of the present stack's
 * checks, from the outer end, are still those of the trunk; whoever walks lowers it.
 *
 * The checks lie in a ring, oldest overwritten first. `at` counts ring positions
 * since the start, so an entry whose checks were overwritten is seen by its
 * distance from `head`. A trunk is given up when half the ring was filled after it.
 */
#ifndef PRELOAD_RECENT_H
#define PRELOAD_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <heapring/segment.h>

#define RECENT_SET_BITS 10u
#define RECENT_SETS (1u << RECENT_SET_BITS)
#define RECENT_WAYS 4u
#define RECENT_GUESSES 256u
#define RECENT_SEEN 4096u
#define RECENT_RING 32768u      /* checks */
#define RECENT_OWN_MAX 12u      /* an entry with more of its own becomes a trunk */
#define RECENT_CHECKS_MAX 1024u /* of a stack that is entered */

/* The frame that called a hook: where it continues, with which sp and fp. */
struct frame {
	uintptr_t pc;
	uintptr_t sp;
	uintptr_t fp;
};

/* A word of stack memory that must still hold what it held. */
struct check {
	const uintptr_t *at;
	uintptr_t value;
};

#define CHECK_PAD 4u /* checks in a group */

#define RECENT_NEEDS_FP 0x80000000u

struct recent {
	struct frame top; /* the innermost frame; pc 0: free */
	struct heapring_counter *counter;
	const struct check *own;   /* the inner checks */
	const struct check *outer; /* the others, shared */
	uint16_t own_count;        /* a multiple of CHECK_PAD, and so is the next */
	uint16_t outer_count;
	uint32_t site; /* as the live table numbers it; RECENT_NEEDS_FP: top.fp must
			* be the same */
	uint64_t at;   /* ring position of the older of the two */
};

/* What a walk found, for recent_enter(). */
struct recent_stack {
	struct frame top;
	bool needs_fp; /* top.fp must be the same */
	uint32_t site;
	struct heapring_counter *counter;
	const struct check *check; /* vouch for all of the stack, outermost first */
	uint32_t checks;
};

struct trunk {
	uint64_t at;     /* ring position of its groups */
	uint32_t groups; /* checks there, padding included */
	uint32_t held;   /* of the present stack's checks; 0: there is no trunk */
	uint16_t place[RECENT_CHECKS_MAX]; /* where check i lies, from `at` */
};

struct recents {
	const struct recent *last;
	uint64_t head; /* ring positions handed out */
	bool entered;  /* there is something in guess or key */
	uint32_t victim;
	uint32_t seen[RECENT_SEEN]; /* part of the key of a stack met once */
	const struct recent *guess[RECENT_GUESSES];
	uint64_t key[RECENT_SETS][RECENT_WAYS]; /* apart: a set's keys are half a line */
	struct recent entry[RECENT_SETS][RECENT_WAYS];
	struct trunk trunk;
	struct check ring[RECENT_RING];
};

/* Do n checks hold? n is a multiple of CHECK_PAD. */
static inline __attribute__((always_inline)) bool checks_hold(const struct check *c,
							      uint32_t n)
{
	for (const struct check *end = c + n; c < end; c += CHECK_PAD)
		if (__builtin_expect(((*c[0].at ^ c[0].value) | (*c[1].at ^ c[1].value) |
				      (*c[2].at ^ c[2].value) |
				      (*c[3].at ^ c[3].value)) != 0,
				     0))
			return false;
	return true;
}

static inline __attribute__((always_inline)) bool recent_is(const struct recent *e,
							    struct frame caller)
{
	uintptr_t needs_fp = (uintptr_t)(intptr_t)((int32_t)e->site >> 31);
	uintptr_t differs = (e->top.pc ^ caller.pc) | (e->top.sp ^ caller.sp) |
			    ((e->top.fp ^ caller.fp) & needs_fp);

	return differs == 0 && checks_hold(e->own, e->own_count) &&
	       checks_hold(e->outer, e->outer_count);
}

static inline const struct recent **recent_guess_of(struct recents *r,
						    struct frame caller)
{
	uint64_t key = (caller.pc ^ caller.sp << 20) * 0x9e3779b97f4a7c15ull;

	return &r->guess[(key >> 40) % RECENT_GUESSES];
}

/* Are the entry's checks still in the ring? */
static inline bool recent_alive(const struct recents *r, const struct recent *e)
{
	return r->head - e->at <= RECENT_RING;
}

/* The entry of the present stack by its innermost frame alone; it becomes `last`.
 * NULL when the guess was wrong. */
static inline const struct recent *recent_guess(struct recents *r, struct frame caller)
{
	const struct recent *e = *recent_guess_of(r, caller);

	if (e == NULL || !recent_alive(r, e) || !recent_is(e, caller))
		return NULL;
	r->last = e;
	return e;
}

/* The same by key; NULL when there is none. */
const struct recent *recent_find(struct recents *recents, struct frame caller,
				 uint64_t key);

/* Has a stack of this key been met before, not too long ago? */
static inline bool recent_seen(struct recents *r, uint64_t key)
{
	uint32_t *seen = &r->seen[(key >> 32) % RECENT_SEEN];
	bool before = *seen == (uint32_t)key;

	*seen = (uint32_t)key;
	return before;
}

static inline __attribute__((always_inline)) uint32_t recent_site(const struct recent *e)
{
	return e->site & ~RECENT_NEEDS_FP;
}

/* The present stack has only this many of its checks, from the outer end, in common
 * with the one before. */
static inline void recent_moved(struct recents *r, uint32_t checks)
{
	if (checks < r->trunk.held)
		r->trunk.held = checks;
}

/*
 * Enters the present stack, which becomes `last`. Its checks are copied, but for
 * those that the trunk has. A stack with too many is not entered.
 */
void recent_enter(struct recents *recents, const struct recent_stack *stack,
		  uint64_t key);

/* Forgets all: another thread's state, another module, another rate. */
void recent_forget(struct recents *recents);

#endif
