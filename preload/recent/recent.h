/*
 * recent - the stacks that a thread allocated from lately, whole
 *
 * Why it exists: programs alternate between some dozens of stacks, or thousands. The last
 * one alone rarely comes twice in a row (sqlite3: once in ten thousand), but one of
 * the recent ones nearly always. A hit costs the comparison of one word a frame
 * and yields the counter itself: no rows, no tree.
 *
 * Contract
 *   - what is guessed or found is the present stack, frame for frame (remembered.h);
 *   - an entry of another epoch than the present one is not to be used before
 *     its holder did what the new epoch asks for (record.c).
 *
 * Shape. A small table by the innermost frame guesses the entry, where the same one came
 * twice in a row. Where it did not, what came after the two stacks before will most
 * likely come again, or what came after the last of them: two more tables guess by these
 * (of a hundred in cc1 the first one knows 14, with the last stack 85, with both 97; in
 * CPython 86, and all). The rest are found by an index over words of the stack
 * (recent_index.h). A stack is entered when it is met the second time: copying the checks
 * of one that will not come again soon costs more than it saves (cc1).
 *
 * Under. What a stack hangs under, besides its frames: the thread's tags. The same frames
 * under other tags are another stack, and both stay remembered.
 *
 * Trunk. Stacks that follow each other mostly differ in a few inner frames. So an
 * entry has its own checks for the inner part and shares the groups of the outer
 * part with a stack entered before, the trunk: ten times as many stacks fit, and
 * the shared part stays in the cache. `held` says how many of the present stack's
 * checks, from the outer end, are still those of the trunk; whoever walks lowers it.
 *
 * Room. Entries and groups are laid one after the other; when there is no room left, all
 * is forgotten and begins anew, which costs each stack in use a walk or two. There is no
 * order of age to keep, and what is there need not be asked whether it still is.
 */
#ifndef PRELOAD_RECENT_H
#define PRELOAD_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/recent/recent_index.h"
#include "preload/recent/remembered.h"

#define RECENT_GUESSES 512u
#define RECENT_AFTER_ONE 8192u
#define RECENT_AFTER_TWO 16384u
#define RECENT_SEEN_BITS 18u
#define RECENT_LINES 32768u     /* of 64 bytes, for entries and groups; none at 0 */
#define RECENT_OWN_MAX 12u      /* an entry with more checks of its own becomes a trunk */
#define RECENT_CHECKS_MAX 1024u /* of a stack that is entered */

struct trunk {
	const struct check_group *group;
	uint32_t groups;
	uint32_t held; /* of the present stack's checks; 0: there is no trunk */
	uint16_t
		place[RECENT_CHECKS_MAX]; /* where check i lies, in checks from `group` */
};

struct recent_line {
	char byte[64];
} __attribute__((aligned(64)));

_Static_assert(RECENT_LINES <= 32768, "a sequel is a line's number and a bit");

struct recents {
	bool entered;                /* there is something in guess and index */
	uint32_t lines;              /* used */
	uint32_t under;              /* a number for the present tags */
	const struct recent *before; /* which the present stack comes after */
	const struct recent *before_that;
	struct recent *guess[RECENT_GUESSES];
	struct recent *last[RECENT_GUESSES]; /* that was found, or entered */
	/* the same also by what comes before, a sequel each: the last one's line, times
	 * 2, and 1 if it is a guess */
	uint16_t after_one[RECENT_AFTER_ONE];
	uint16_t after_two[RECENT_AFTER_TWO];
	uint32_t seens;                               /* bits set in seen */
	uint64_t seen[(1u << RECENT_SEEN_BITS) / 64]; /* which stacks were met once */
	struct trunk trunk;
	struct recent_index index;
	struct recent_line line[RECENT_LINES];
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

static inline uint32_t recent_guess_number(struct frame caller)
{
	return (caller.pc ^ caller.sp >> 4) % RECENT_GUESSES;
}

static inline uint32_t recent_number_after_one(const struct recents *r,
					       struct frame caller)
{
	return (uint32_t)(caller.pc ^ caller.sp >> 4 ^ (uintptr_t)r->before >> 6);
}

static inline uint16_t *recent_after_one(struct recents *r, struct frame caller)
{
	return &r->after_one[recent_number_after_one(r, caller) % RECENT_AFTER_ONE];
}

static inline uint16_t *recent_after_two(struct recents *r, struct frame caller)
{
	uint32_t that = (uint32_t)((uintptr_t)r->before_that >> 6);

	return &r->after_two[(recent_number_after_one(r, caller) ^ that * 5) %
			     RECENT_AFTER_TWO];
}

/* The entry that is guessed by innermost frame and what it comes after; one that no stack
 * is, without a jump, where they do not tell: that is what no processor can predict. */
static inline __attribute__((always_inline)) struct recent *
recent_sequel(struct recents *r, struct frame caller)
{
	uint32_t one = *recent_after_one(r, caller);
	uint32_t two = *recent_after_two(r, caller);
	uint32_t sequel = one ^ ((one ^ two) & -(two & 1));

	return (void *)&r->line[sequel >> 1 & -(sequel & 1)];
}

/* The entry of the present stack by the innermost frame, or also by what it comes after;
 * NULL when the guess was wrong. */
static inline __attribute__((always_inline)) struct recent *
recent_guess(struct recents *r, struct frame caller)
{
	struct recent *e = r->guess[recent_guess_number(caller)];

	if (e == NULL)
		e = recent_sequel(r, caller);
	return e->under == r->under && recent_is(e, caller) ? e : NULL;
}

/* The present stack was counted at this entry: it is what the next ones come after. */
static inline void recent_passed(struct recents *r, const struct recent *e)
{
	r->before_that = r->before;
	r->before = e;
}

static inline void recent_expect(uint16_t *sequel, uint32_t line)
{
	*sequel = (uint16_t)(line << 1 | (uint32_t)(*sequel >> 1 == line));
}

/* It was not the one expected. Two finds in a row make a guess, and another one ends
 * it: a wrong guess costs a cache miss or two. */
static inline void recent_found(struct recents *r, struct recent *e, struct frame caller)
{
	uint32_t i = recent_guess_number(caller);
	uint32_t line = (uint32_t)((struct recent_line *)(void *)e - r->line);

	r->guess[i] = r->last[i] == e ? e : NULL;
	r->last[i] = e;
	recent_expect(recent_after_one(r, caller), line);
	recent_expect(recent_after_two(r, caller), line);
	recent_passed(r, e);
}

/* The same by the index; NULL: the present stack is none of the recent ones. */
static inline __attribute__((always_inline)) struct recent *
recent_find(struct recents *r, struct frame caller)
{
	struct recent *e = index_find(&r->index, caller, r->under);

	if (unlikely(e == NULL || e->under != r->under || !recent_is(e, caller)))
		return NULL;
	recent_found(r, e, caller);
	return e;
}

/* Has a stack of this site, at this sp, been met before? A few wrong yes do no harm. */
bool recent_seen(struct recents *recents, uint32_t site, uintptr_t sp);

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
void recent_enter(struct recents *recents, const struct recent_stack *stack);

/* From now on stacks hang under this; those under another number stay remembered. */
void recent_hang_under(struct recents *recents, uint32_t under);

/* Forgets all: another thread's state, another module, another rate. */
void recent_forget(struct recents *recents);

#endif
