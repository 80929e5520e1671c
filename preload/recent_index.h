/*
 * recent_index - which of the remembered stacks may be the present one
 *
 * Why it exists: some innermost frames are everybody's (a wrapper of malloc, a pool that
 * refills: 65 stacks through one of cc1's). To compare the present stack with each of
 * theirs costs a cache miss each; a few words of it tell which one alone is worth that.
 *
 * Shape. A radix tree over the checks (remembered.h), innermost first, that skips all in
 * which the stacks below do not differ. A branch names one place of the stack; the word
 * there chooses the child. Children of all branches, and the roots, by pc and sp of the
 * innermost frame and what all hangs under, are slots of one hash table, so that a level
 * costs one cache line.
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

#define INDEX_SLOT_BITS 15u
#define INDEX_SLOTS (1u << INDEX_SLOT_BITS)
#define INDEX_USED_MAX (INDEX_SLOTS / 2u) /* so that a search is short, and ends */
#define INDEX_BRANCHES (INDEX_USED_MAX / 2u)
#define INDEX_DEPTH_MAX 48u

/* Where a slot leads: a struct recent, or INDEX_BRANCH | INDEX_MAPPED? | number | place.
 */
#define INDEX_BRANCH 1ull
#define INDEX_MAPPED 2ull /* the place may be read as it is */
#define INDEX_NUMBER_SHIFT 2u
#define INDEX_PLACE_SHIFT 16u /* over the place's 48 bits, whose low 3 are 0 */

_Static_assert(INDEX_BRANCHES <= 1u << (INDEX_PLACE_SHIFT + 3 - INDEX_NUMBER_SHIFT),
	       "a branch's number fits below its place");

struct index_slot {
	uint64_t key; /* 0: free */
	uint64_t to;
};

struct recent_index {
	uint32_t used;
	uint32_t branches;
	struct index_slot slot[INDEX_SLOTS];
	const struct recent *below[INDEX_BRANCHES]; /* one of the stacks below a branch */
};

static inline uint64_t index_key_of_root(struct frame top, uint32_t under)
{
	return ((top.pc ^ top.sp << 20 ^ (uint64_t)under << 40) * 0x9e3779b97f4a7c15ull) |
	       1;
}

static inline uint32_t index_number(uint64_t to)
{
	return (uint32_t)(to & ((8ull << INDEX_PLACE_SHIFT) - 1)) >> INDEX_NUMBER_SHIFT;
}

static inline const uintptr_t *index_place(uint64_t to)
{
	return (const uintptr_t *)(to >> INDEX_PLACE_SHIFT & ~7ull);
}

static inline uint64_t index_key_of_child(uint64_t to, uintptr_t word)
{
	return ((word ^ (uint64_t)index_number(to) << 48) * 0xd6e8feb86659fd93ull) | 1;
}

/* The slot of a key, or the free one where it belongs. */
static inline struct index_slot *index_slot(struct recent_index *x, uint64_t key)
{
	uint32_t i = (uint32_t)(key >> (64 - INDEX_SLOT_BITS));

	while (x->slot[i].key != key && x->slot[i].key != 0)
		i = (i + 1) % INDEX_SLOTS;
	return &x->slot[i];
}

/* May the branch's place be read, after what lies further in was compared? */
bool index_proves(const struct recent_index *index, uint64_t to, struct frame caller);

/* The stack that alone may be the present one; NULL: it is none. */
static inline __attribute__((always_inline)) struct recent *
index_find(struct recent_index *x, struct frame caller, uint32_t under)
{
	uint64_t to = index_slot(x, index_key_of_root(caller, under))->to;

	/* a word that nobody entered may have the key of a branch on the way to it */
	for (uint32_t depth = 1; (to & INDEX_BRANCH) != 0; depth++) {
		if (unlikely((to & INDEX_MAPPED) == 0) && !index_proves(x, to, caller))
			return NULL;
		if (unlikely(depth == INDEX_DEPTH_MAX))
			return NULL;
		to = index_slot(x, index_key_of_child(to, *index_place(to)))->to;
	}
	return (struct recent *)(uintptr_t)to;
}

static inline bool index_has_room(const struct recent_index *x)
{
	return x->used + 2 <= INDEX_USED_MAX && x->branches < INDEX_BRANCHES;
}

/* Enters the present stack as e; there is room. False: it cannot be told from those
 * that are there in so many steps as a search takes. */
bool index_enter(struct recent_index *index, struct recent *e,
		 const struct recent_stack *stack);

void index_clear(struct recent_index *index);

#endif
