/*
 * recent_index - which of the remembered stacks may be the present one
 *
 * Why it exists: some innermost frames are everybody's (a wrapper of malloc, a pool that
 * refills: 65 stacks through one of cc1's). To compare the present stack with each of
 * theirs costs a cache miss each; a few words of it tell which one alone is worth that.
 *
 * Shape. A radix tree over the checks (remembered.h), innermost first, that skips all in
 * which the stacks below do not differ. A branch names one place of the stack; the word
 * there chooses the child, in a table of the branch's own (index_table.h). The root's
 * word is made of the innermost frame's pc and sp and of what all hangs under.
 *
 * Contract
 *   - what is found is a guess: whoever asks compares the whole stack;
 *   - words are read only where something is mapped: in the page of the innermost frame,
 *     on the stack that the thread was started on, which stays (`own_from` to `own_to`),
 *     and else after all words further in were compared;
 *   - nothing is taken out; when it is full its owner forgets everything.
 */
#ifndef PRELOAD_RECENT_INDEX_H
#define PRELOAD_RECENT_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/platform/likely.h"
#include "preload/recent/index_table.h"
#include "preload/recent/remembered.h"

/*
 * Where a word leads: to nothing, 0; to a struct recent; or to a branch, written as
 *   place, 45 bits | its table (index_table.h), 17 | own | branch
 * A place of one's own is on the stack that the thread was started on, to be read at any
 * time.
 */
#define INDEX_BRANCH 1ull
#define INDEX_OWN 2ull
#define INDEX_PLACE_SHIFT 16u /* over the place's 48 bits, whose low 3 are 0 */

_Static_assert(TABLE_BITS < 8ull << INDEX_PLACE_SHIFT && TABLE_BITS % 4 == 0,
	       "a branch fits into one word");

struct recent_index {
	uint64_t root; /* a branch without a place; 0: nothing was entered */
	struct index_tables tables;
};

static inline uintptr_t index_word_of_root(struct frame top, uint32_t under)
{
	return top.pc ^ top.sp << 20 ^ under * 0x9e3779b97f4a7c15ull;
}

static inline const uintptr_t *index_place(uint64_t to)
{
	return (const uintptr_t *)(to >> INDEX_PLACE_SHIFT & ~7ull);
}

/* May the branch's place be read: does it lie in the page of the innermost frame, or else
 * after what lies further in was compared? */
bool index_proves(const struct recent_index *index, uint64_t to, struct frame caller);

/* The stack that alone may be the present one; NULL: it is none. */
static inline __attribute__((always_inline)) struct recent *
index_find(struct recent_index *x, struct frame caller, uint32_t under)
{
	uintptr_t word = index_word_of_root(caller, under);
	uint64_t to;

	if (unlikely(x->root == 0))
		return NULL;
	to = table_child(&x->tables, x->root, word)->to;
	while ((to & INDEX_BRANCH) != 0) {
		if (unlikely((to & INDEX_OWN) == 0) && !index_proves(x, to, caller))
			return NULL;
		to = table_child(&x->tables, to, *index_place(to))->to;
	}
	return (struct recent *)(uintptr_t)to;
}

/* False: nothing more can be entered. */
static inline bool index_has_room(const struct recent_index *x)
{
	return !x->tables.full;
}

/* Enters the present stack as e. False: it was not, for there is no room any more, or it
 * would be too far from the root. */
bool index_enter(struct recent_index *index, struct recent *e,
		 const struct recent_stack *stack);

void index_clear(struct recent_index *index);

#endif
