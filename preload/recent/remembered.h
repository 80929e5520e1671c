/*
 * remembered - a stack that a thread allocated from, whole, and how it is recognised
 *
 * Contract
 *   - recent_is() is true only when the present stack equals the entry's, frame
 *     for frame; the proof is that of unwind.c, for an entry holds all checks
 *     of its stack;
 *   - on any stack (coroutines, alternate signal stacks) only memory of frames
 *     that are live is read, see "Order".
 *
 * Order. Checks are compared from the innermost frame outward, eight at a time, in
 * vectors: what limits the comparison is loads. A check that holds proves that
 * the next frame outward exists, so that its word may be read; those of a group
 * lie in one page, so that reading all of them needs no more than the first. Hence
 * no bounds of a stack need to be known.
 *
 * Shape. An entry is followed by the checks of its inner frames, and shares the groups of
 * the outer ones with other entries (recent.h, "Trunk").
 */
#ifndef PRELOAD_REMEMBERED_H
#define PRELOAD_REMEMBERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <heapring/segment.h>

#include "arch.h"
#include "preload/platform/likely.h"

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

/* Is the second word there to be read if the first one is? */
static inline bool one_page(const uintptr_t *a, const uintptr_t *b)
{
	return ((uintptr_t)a ^ (uintptr_t)b) < 4096;
}

struct check_group {
	const uintptr_t *at[GROUP_CHECKS] __attribute__((aligned(64))); /* in one page */
	arch_pair value[GROUP_CHECKS / 2];
};

struct recent {
	struct frame top;  /* the innermost frame */
	uintptr_t fp_mask; /* all ones: top.fp must be the same; 0: it does not matter */
	struct heapring_counter *counter;
	const struct check_group *outer; /* the outer checks, shared */
	uint32_t epoch; /* recent_epoch when the counter was last in order */
	uint32_t site;  /* as the live table numbers it */
	uint16_t own_groups;
	uint16_t outer_groups;
	uint32_t under;           /* recents.under when it was entered */
	struct check_group own[]; /* the inner checks */
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct recent) == 64, "one cache line, and its checks follow");

/* What a walk found, for recent_enter(). */
struct recent_stack {
	struct frame top;
	bool needs_fp; /* top.fp must be the same */
	uint32_t site;
	uint32_t epoch;
	struct heapring_counter *counter;
	const struct check *check; /* vouch for all of the stack, outermost first */
	uint32_t checks;
	uintptr_t own_from, own_to; /* the thread's own stack as far as is known */
};

/* Where two checks of a group, i and i + 1, differ from what was remembered. */
static inline __attribute__((always_inline)) arch_pair
group_differs(const struct check_group *g, unsigned i)
{
	return (arch_pair){ *g->at[i], *g->at[i + 1] } ^ g->value[i / 2];
}

/* gathers: the processor compares a whole group at a time. */
static inline __attribute__((always_inline)) bool group_holds(const struct check_group *g,
							      bool gathers)
{
	if (gathers)
		return !arch_gather_differs(g->at, g->value);
	return !arch_pair_any((group_differs(g, 0) | group_differs(g, 2)) |
			      (group_differs(g, 4) | group_differs(g, 6)));
}

/* Do all checks of n groups hold? */
static inline __attribute__((always_inline)) bool groups_hold(const struct check_group *g,
							      uint32_t n, bool gathers)
{
	for (; n > 0; n--, g++) {
		__asm__("" : "+r"(n)); /* counts down: g's end takes longer to compute */
		if (unlikely(!group_holds(g, gathers)))
			return false;
	}
	return true;
}

static inline __attribute__((always_inline)) bool checks_hold(const struct recent *e,
							      bool gathers)
{
	return groups_hold(e->own, e->own_groups, gathers) &&
	       groups_hold(e->outer, e->outer_groups, gathers);
}

/* Does the processor gather, and fast? Set by recent_init(). */
extern bool recent_gathers __attribute__((visibility("hidden")));

/* Is the entry's innermost frame this one? */
static inline __attribute__((always_inline)) bool recent_tops(const struct recent *e,
							      struct frame caller)
{
	return e->top.pc == caller.pc && e->top.sp == caller.sp &&
	       ((e->top.fp ^ caller.fp) & e->fp_mask) == 0;
}

/* Is the entry's the present stack? */
static inline __attribute__((always_inline)) bool recent_is(const struct recent *e,
							    struct frame caller)
{
	return recent_tops(e, caller) &&
	       (recent_gathers ? checks_hold(e, true) : checks_hold(e, false));
}

#endif
