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
 *   - an entry of another epoch than the present one is not to be used before
 *     its holder did what the new epoch asks for (record.c).
 *
 * Order. Checks are compared from the innermost frame outward, eight at a time, in
 * vectors: what limits the comparison is loads. A check that holds proves that
 * the next frame outward exists, so that its word may be read; those of a group
 * lie in one page, so that reading all of them needs no more than the first. Hence
 * no bounds of a stack need to be known.
 *
 * Shape. Entries of a cache line in sets of ways, by a key over the innermost
 * frames: allocation wrappers make the innermost one alone a poor key. In front of
 * the sets a small table by the innermost frame guesses the entry, which is right in
 * programs without wrappers and saves computing the key. A key that more stacks share
 * than a set has ways (a pool of nodes that everything allocates from: 65 in cc1) is
 * `crowded`: the stacks that do not fit are sought by a key over more frames.
 * A stack is entered when it is met the second time: copying the checks of one
 * that will not come again soon costs more than it saves (cc1).
 *
 * Trunk. Stacks that follow each other mostly differ in a few inner frames. So an
 * entry has its own checks for the inner part and shares the groups of the outer
 * part with a stack entered before, the trunk: ten times as many stacks fit, and
 * the shared part stays in the cache. `held` says how many of the present stack's
 * checks, from the outer end, are still those of the trunk; whoever walks lowers it.
 *
 * The groups lie in a ring, oldest overwritten first. `at` counts ring positions
 * since the start, so an entry whose groups were overwritten is seen by its
 * distance from `head`; guesses are dropped before that happens, so that a guess
 * need not be looked at. A trunk is given up when half the ring was filled after it.
 */
#ifndef PRELOAD_RECENT_H
#define PRELOAD_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <heapring/segment.h>

#include "arch.h"
#include "preload/likely.h"

#define RECENT_SET_BITS 12u
#define RECENT_SETS (1u << RECENT_SET_BITS)
#define RECENT_WAYS 4u
#define RECENT_GUESSES 512u
#define RECENT_SEEN 16384u
#define RECENT_RING 4096u       /* groups */
#define RECENT_OWN_MAX 12u      /* an entry with more checks of its own becomes a trunk */
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

#define GROUP_CHECKS 8u

struct check_group {
	const uintptr_t *at[GROUP_CHECKS] __attribute__((aligned(64))); /* in one page */
	arch_pair value[GROUP_CHECKS / 2];
};

struct recent {
	struct frame top;  /* the innermost frame; pc 0: free */
	uintptr_t fp_mask; /* all ones: top.fp must be the same; 0: it does not matter */
	uint64_t at;       /* ring position of the older of own and outer */
	struct heapring_counter *counter;
	uint32_t epoch; /* recent_epoch when the counter was last in order */
	uint32_t site;  /* as the live table numbers it */
	uint16_t own;   /* the inner checks: the group at this place of the ring */
	uint16_t outer; /* the others, shared */
	uint16_t own_groups;
	uint16_t outer_groups;
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct recent) == 64, "one cache line");

/* What a walk found, for recent_enter(). */
struct recent_stack {
	struct frame top;
	bool needs_fp; /* top.fp must be the same */
	uint32_t site;
	uint32_t epoch;
	struct heapring_counter *counter;
	const struct check *check; /* vouch for all of the stack, outermost first */
	uint32_t checks;
};

struct trunk {
	uint64_t at; /* ring position of its groups */
	uint32_t groups;
	uint32_t held; /* of the present stack's checks; 0: there is no trunk */
	uint16_t place[RECENT_CHECKS_MAX]; /* where check i lies, in checks from `at` */
};

struct recents {
	uint64_t head;  /* ring positions handed out */
	uint64_t swept; /* no guess is older than a ring's length before this */
	bool entered;   /* there is something in guess or tags */
	uint32_t victim;
	struct recent *guess[RECENT_GUESSES];
	uint16_t seen[RECENT_SEEN]; /* part of the key of a stack met once */
	uint64_t tags[RECENT_SETS]; /* of a set's keys, 16 bits a way; 0: free */
	uint8_t crowded[RECENT_SETS];
	struct recent entry[RECENT_SETS][RECENT_WAYS];
	struct trunk trunk;
	struct check_group ring[RECENT_RING];
};

/*
 * Counts what makes entries stale in all threads: an unload (the same addresses may
 * be another object's) and a new peak (each counter notes what it held, peak.h).
 * Relaxed: who loads a library or allocates at its addresses comes after the unload
 * by the program's own order.
 */
extern uint32_t recent_epoch __attribute__((visibility("hidden")));
static inline __attribute__((always_inline)) uint32_t recent_epoch_now(void)
{
	return __atomic_load_n(&recent_epoch, __ATOMIC_RELAXED);
}

/* Begins another epoch; what it is about was stored before. */
void recent_next_epoch(void);

void recent_init(void);

/* Where two checks of a group, i and i + 1, differ from what was remembered. */
static inline __attribute__((always_inline)) arch_pair
group_differs(const struct check_group *g, unsigned i)
{
	return (arch_pair){ *g->at[i], *g->at[i + 1] } ^ g->value[i / 2];
}

static inline __attribute__((always_inline)) bool group_holds(const struct check_group *g)
{
	return !arch_pair_any((group_differs(g, 0) | group_differs(g, 2)) |
			      (group_differs(g, 4) | group_differs(g, 6)));
}

/* Does the processor compare a whole group at a time? Set by recent_init(). */
extern bool recent_gathers __attribute__((visibility("hidden")));

/* Do all checks of n groups hold? */
static inline __attribute__((always_inline)) bool groups_hold(const struct check_group *g,
							      uint32_t n)
{
	if (recent_gathers) {
		for (; n > 0; n--, g++)
			if (__builtin_expect(arch_gather_differs(g->at, g->value), 0))
				return false;
		return true;
	}
	for (; n > 0; n--, g++)
		if (__builtin_expect(!group_holds(g), 0))
			return false;
	return true;
}

/* Is the entry's innermost frame this one? */
static inline __attribute__((always_inline)) bool recent_tops(const struct recent *e,
							      struct frame caller)
{
	return e->top.pc == caller.pc && e->top.sp == caller.sp &&
	       ((e->top.fp ^ caller.fp) & e->fp_mask) == 0;
}

/* Is the entry's the present stack? It is not overwritten. */
static inline __attribute__((always_inline)) bool
recent_is(const struct recents *r, const struct recent *e, struct frame caller)
{
	return recent_tops(e, caller) && groups_hold(r->ring + e->own, e->own_groups) &&
	       groups_hold(r->ring + e->outer, e->outer_groups);
}

static inline __attribute__((always_inline)) struct recent **
recent_guess_of(struct recents *r, struct frame caller)
{
	return &r->guess[(caller.pc ^ caller.sp >> 4) % RECENT_GUESSES];
}

/* The entry of the present stack by its innermost frame alone; NULL when the guess
 * was wrong. */
static inline __attribute__((always_inline)) struct recent *
recent_guess(struct recents *r, struct frame caller)
{
	struct recent *e = *recent_guess_of(r, caller);

	return e != NULL && recent_is(r, e, caller) ? e : NULL;
}

/* A part of the key that does not choose the set; never 0. */
static inline uint64_t recent_tag(uint64_t key)
{
	return (key >> 36 & 0xffff) | 1;
}

#define RECENT_EACH_WAY 0x0001000100010001ull

_Static_assert(RECENT_WAYS == 4, "four tags fill a word");

/* The ways whose tag is that of the key: the top bit of each one's 16 bits. */
static inline uint64_t recent_ways(uint64_t tags, uint64_t key)
{
	uint64_t low = RECENT_EACH_WAY * 0x7fff;
	uint64_t differs = tags ^ recent_tag(key) * RECENT_EACH_WAY;

	return ~(((differs & low) + low) | differs | low);
}

#define RECENT_ALL_WAYS (RECENT_EACH_WAY << 15)

/* The first of these ways. */
static inline uint32_t recent_way(uint64_t ways)
{
	return (uint32_t)__builtin_ctzll(ways) / 16;
}

/* Are the entry's checks still in the ring? */
static inline bool recent_alive(const struct recents *r, const struct recent *e)
{
	return r->head - e->at <= RECENT_RING;
}

/* The same by key; NULL when there is none. */
static inline __attribute__((always_inline)) struct recent *
recent_find(struct recents *r, struct frame caller, uint64_t key)
{
	uint32_t set = (uint32_t)(key >> (64 - RECENT_SET_BITS));

	/* stacks that differ outside the frames of the key share it */
	for (uint64_t ways = recent_ways(r->tags[set], key); ways != 0;
	     ways &= ways - 1) {
		struct recent *e = &r->entry[set][recent_way(ways)];

		if (likely(recent_alive(r, e) && recent_is(r, e, caller))) {
			if (r->swept - e->at <= RECENT_RING)
				*recent_guess_of(r, caller) = e;
			return e;
		}
	}
	return NULL;
}

/* A stack that was not found by this key may be found by one over more frames. */
static inline bool recent_crowded(const struct recents *r, uint64_t key)
{
	return r->crowded[key >> (64 - RECENT_SET_BITS)] != 0;
}

/* Is a stack to be entered by a longer key, since this one's set is full of its like? */
bool recent_crowds(struct recents *recents, uint64_t key);

/* Has a stack of this key been met before, not too long ago? */
static inline bool recent_seen(struct recents *r, uint64_t key)
{
	uint16_t *seen = &r->seen[(key >> 32) % RECENT_SEEN];
	bool before = *seen == (uint16_t)(key >> 16);

	*seen = (uint16_t)(key >> 16);
	return before;
}

/* The present stack has only this many of its checks, from the outer end, in common
 * with the one before. */
static inline void recent_moved(struct recents *r, uint32_t checks)
{
	if (checks < r->trunk.held)
		r->trunk.held = checks;
}

/*
 * Enters the present stack, which becomes the guess. Its checks are copied, but for
 * those that the trunk has. A stack with too many is not entered.
 */
void recent_enter(struct recents *recents, const struct recent_stack *stack,
		  uint64_t key);

/* Forgets all: another thread's state, another module, another rate. */
void recent_forget(struct recents *recents);

#endif
