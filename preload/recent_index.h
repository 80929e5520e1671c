/*
 * recent_index - which of the remembered stacks may be the present one
 *
 * Why it exists: some innermost frames are everybody's (a wrapper of malloc, a pool that
 * refills: 65 stacks through one of cc1's). To compare the present stack with each of
 * theirs costs a cache miss each; a few words of it tell which one alone is worth that.
 *
 * Shape. A radix tree over the checks (remembered.h), innermost first, that skips all in
 * which the stacks below do not differ. A branch names one place of the stack; the word
 * there chooses the child, in a hash table of the branch's own. The root's word is made
 * of the innermost frame's pc and sp and of what all hangs under.
 *
 * Tables. Which child comes next is what no processor can predict, so a search must not
 * depend on it: each table has one of eight hash functions, chosen such that all its
 * children lie where they are looked for first. Most branches have two or three children,
 * for which one cache line is enough; where many would need much room for that, a table
 * that is mostly empty may send some of them on.
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

#include "preload/likely.h"
#include "preload/remembered.h"

#define INDEX_LINES 8192u
#define LINE_SLOTS 4u

/*
 * Where a word leads: to nothing, 0; to a struct recent; or to a branch, written as
 *   place, 45 bits | table, 14 | hash function, 3 | mapped | branch
 * A table begins at a multiple of its size, a power of two lines. It is written as twice
 * its first line plus its size, which is then the lowest bit set.
 */
#define INDEX_BRANCH 1ull
#define INDEX_MAPPED 2ull /* the place may be read as it is */
#define INDEX_HASH 0x1cull
#define INDEX_TABLE_SHIFT 5u
#define INDEX_TABLE_MASK (2u * INDEX_LINES - 1u)
#define INDEX_PLACE_SHIFT 16u /* over the place's 48 bits, whose low 3 are 0 */

_Static_assert((uint64_t)INDEX_TABLE_MASK << INDEX_TABLE_SHIFT <
		       8ull << INDEX_PLACE_SHIFT,
	       "a branch fits into one word");

struct index_slot {
	uintptr_t word;
	uint64_t to; /* 0: the slot is free */
};

/* What a search has no use for: of the branch whose table begins at this line. */
struct index_branch {
	const struct recent *below; /* one of the stacks below it */
	uint32_t children;
};

struct recent_index {
	uint64_t root;  /* a branch without a place; 0: nothing was entered */
	uint32_t lines; /* used, by tables that grew and moved too */
	struct index_slot slot[INDEX_LINES * LINE_SLOTS] __attribute__((aligned(64)));
	struct index_branch branch[INDEX_LINES];
};

static inline uintptr_t index_word_of_root(struct frame top, uint32_t under)
{
	return top.pc ^ top.sp << 20 ^ under * 0x9e3779b97f4a7c15ull;
}

static inline uint32_t index_table(uint64_t to)
{
	return (uint32_t)(to >> INDEX_TABLE_SHIFT) & INDEX_TABLE_MASK;
}

static inline uint32_t index_lines(uint64_t to)
{
	return index_table(to) & -index_table(to);
}

static inline uint32_t index_first_line(uint64_t to)
{
	return (index_table(to) - index_lines(to)) / 2;
}

static inline const uintptr_t *index_place(uint64_t to)
{
	return (const uintptr_t *)(to >> INDEX_PLACE_SHIFT & ~7ull);
}

/* Where in a branch's table a word is looked for first. */
static inline uint32_t index_home(uint64_t to, uintptr_t word)
{
	return (uint32_t)(word * 0x9e3779b97f4a7c15ull >> (26u + (to & INDEX_HASH))) &
	       (index_lines(to) * LINE_SLOTS - 1);
}

/* The slot of a branch's child, or the free one where it belongs. */
static inline struct index_slot *index_child(struct recent_index *x, uint64_t to,
					     uintptr_t word)
{
	struct index_slot *table = &x->slot[(size_t)index_first_line(to) * LINE_SLOTS];
	uint32_t i = index_home(to, word);

	while (unlikely(table[i].word != word) && table[i].to != 0)
		i = (i + 1) & (index_lines(to) * LINE_SLOTS - 1);
	return &table[i];
}

/* May the branch's place be read, after what lies further in was compared? */
bool index_proves(const struct recent_index *index, uint64_t to, struct frame caller);

/* The stack that alone may be the present one; NULL: it is none. */
static inline __attribute__((always_inline)) struct recent *
index_find(struct recent_index *x, struct frame caller, uint32_t under)
{
	uintptr_t word = index_word_of_root(caller, under);
	uint64_t to;

	if (unlikely(x->root == 0))
		return NULL;
	to = index_child(x, x->root, word)->to;
	while ((to & INDEX_BRANCH) != 0) {
		if (unlikely((to & INDEX_MAPPED) == 0) && !index_proves(x, to, caller))
			return NULL;
		to = index_child(x, to, *index_place(to))->to;
	}
	return (struct recent *)(uintptr_t)to;
}

/* False: nothing more can be entered. */
static inline bool index_has_room(const struct recent_index *x)
{
	return x->lines < INDEX_LINES;
}

/* Enters the present stack as e. False: it was not, for there is no room any more, or it
 * would be too far from the root. */
bool index_enter(struct recent_index *index, struct recent *e,
		 const struct recent_stack *stack);

void index_clear(struct recent_index *index);

#endif
