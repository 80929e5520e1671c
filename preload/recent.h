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
 * The checks lie in a ring, oldest overwritten first. `at` counts ring positions
 * since the start, so an entry whose checks were overwritten is seen by its
 * distance from `head`.
 */
#ifndef PRELOAD_RECENT_H
#define PRELOAD_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <heapring/segment.h>

#define RECENT_SET_BITS 8u
#define RECENT_SETS (1u << RECENT_SET_BITS)
#define RECENT_WAYS 4u
#define RECENT_GUESSES 256u
#define RECENT_SEEN 1024u
#define RECENT_RING 16384u /* checks: some 600 stacks of 25 frames */

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

struct recent {
	struct frame top;     /* the innermost frame; pc 0: free */
	uintptr_t fp_matters; /* all ones when top.fp must be the same, else 0 */
	const struct check *check;
	uint32_t checks; /* a multiple of CHECK_PAD */
	uint32_t site;   /* as the live table stores it */
	struct heapring_counter *counter;
	uint64_t at; /* ring position of check */
};

struct recents {
	const struct recent *last;
	uint64_t head; /* ring positions handed out */
	uint32_t victim;
	uint32_t seen[RECENT_SEEN]; /* part of the key of a stack met once */
	const struct recent *guess[RECENT_GUESSES];
	uint64_t key[RECENT_SETS][RECENT_WAYS]; /* apart: a set's keys are half a line */
	struct recent entry[RECENT_SETS][RECENT_WAYS];
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
	uintptr_t differs = (e->top.pc ^ caller.pc) | (e->top.sp ^ caller.sp) |
			    ((e->top.fp ^ caller.fp) & e->fp_matters);

	return differs == 0 && checks_hold(e->check, e->checks);
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

/*
 * Enters a stack, which becomes `last`. Its checks, outermost first, vouch for
 * all of it; they are copied. A stack with too many is not entered.
 */
void recent_enter(struct recents *recents, const struct recent *stack, uint64_t key);

/* Forgets all: another thread's state, another module, another rate. */
void recent_forget(struct recents *recents);

#endif
