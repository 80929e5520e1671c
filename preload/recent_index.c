#include "preload/recent_index.h"

#include <string.h>

/* The slots that lead to a stack: of its root, then of one child a branch. */
struct way {
	struct index_slot *slot[INDEX_DEPTH_MAX];
	uint32_t depth;
	uint64_t last_key; /* of the last slot, which is free when nothing is there */
};

/* A word in which two stacks differ whose inner frames are the same. */
struct difference {
	const uintptr_t *at; /* NULL: there is none */
	uintptr_t there;     /* the word of the stack that is there */
	uintptr_t here;      /* and of the present one */
};

/* Goes through an entry's checks, innermost first. */
struct check_walk {
	const struct recent *e;
	uint32_t next; /* own ones first */
};

static bool next_check(struct check_walk *w, struct check *ret)
{
	uint32_t group = w->next / GROUP_CHECKS;
	uint32_t i = w->next % GROUP_CHECKS;
	const struct check_group *g;

	if (group < w->e->own_groups)
		g = &w->e->own[group];
	else if (group - w->e->own_groups < w->e->outer_groups)
		g = &w->e->outer[group - w->e->own_groups];
	else
		return false;
	w->next++;
	*ret = (struct check){ g->at[i], g->value[i / 2][i % 2] };
	return true;
}

bool index_proves(const struct recent_index *x, uint64_t to, struct frame caller)
{
	struct check_walk walk = { .e = x->below[index_number(to)] };
	struct check check;

	if (!recent_tops(walk.e, caller))
		return false;
	while (next_check(&walk, &check)) {
		if (check.at == index_place(to))
			return true;
		if (*check.at != check.value)
			return false;
	}
	return false;
}

/* The stack's check at this place, sought from its `from` innermost ones on; the next
 * few will do, for both sequences lead through the same frames. NULL: it has none. */
#define CHECKS_A_FRAME 3u
static const struct check *check_at(const struct recent_stack *stack, uint32_t *from,
				    const uintptr_t *at)
{
	for (uint32_t i = *from; i < stack->checks && i <= *from + CHECKS_A_FRAME; i++) {
		const struct check *check = &stack->check[stack->checks - 1 - i];

		if (check->at == at) {
			*from = i + 1;
			return check;
		}
	}
	return NULL;
}

/*
 * The innermost word that both stacks depend on and that is not the same. One may have
 * checks that the other lacks: a saved fp that no frame outside needs.
 */
static struct difference differ(const struct recent *e, const struct recent_stack *stack)
{
	struct check_walk walk = { .e = e };
	struct check there;
	uint32_t from = 0;

	while (next_check(&walk, &there)) {
		const struct check *here = check_at(stack, &from, there.at);

		if (here != NULL && here->value != there.value)
			return (struct difference){ there.at, there.value, here->value };
	}
	return (struct difference){ .at = NULL };
}

/* Follows the present stack's words to a leaf or to a free slot. */
static bool follow(struct recent_index *x, const struct recent_stack *stack,
		   uint32_t under, struct way *way)
{
	uint64_t key = index_key_of_root(stack->top, under);

	way->depth = 0;
	for (;;) {
		struct index_slot *slot = index_slot(x, key);

		if (way->depth == INDEX_DEPTH_MAX)
			return false;
		way->slot[way->depth++] = slot;
		way->last_key = key;
		if ((slot->to & INDEX_BRANCH) == 0)
			return true;
		if ((slot->to & INDEX_MAPPED) == 0 &&
		    !index_proves(x, slot->to, stack->top))
			return true; /* it differs further in */
		key = index_key_of_child(slot->to, *index_place(slot->to));
	}
}

static void fill(struct recent_index *x, struct index_slot *slot, uint64_t key,
		 uint64_t to)
{
	if (slot->key == 0)
		x->used++;
	*slot = (struct index_slot){ key, to };
}

static uint64_t leaf(const struct recent *e)
{
	return (uint64_t)(uintptr_t)e;
}

/* A stack that is there and has the same words in all branches of the way but the last
 * one's; NULL when the way ends at the root. */
static const struct recent *neighbour(const struct recent_index *x, const struct way *way)
{
	uint64_t to = way->slot[way->depth - 1]->to;

	if (to == 0 && way->depth == 1)
		return NULL;
	if (to == 0)
		to = way->slot[way->depth - 2]->to;
	return (to & INDEX_BRANCH) != 0 ? x->below[index_number(to)]
					: (const struct recent *)(uintptr_t)to;
}

/* Puts a branch where one slot leads: what was there is the child of its word, e the
 * child of the present one. */
static bool part(struct recent_index *x, struct index_slot *slot, struct recent *e,
		 const struct recent_stack *stack, const struct recent *there,
		 const struct difference *by)
{
	uintptr_t at = (uintptr_t)by->at;
	bool own = stack->top.sp >= stack->own_from && at < stack->own_to;
	bool mapped = own || (at ^ stack->top.sp) < 4096;
	uint32_t number = x->branches;
	uint64_t to = (uint64_t)at << INDEX_PLACE_SHIFT |
		      (uint64_t)number << INDEX_NUMBER_SHIFT |
		      (mapped ? INDEX_MAPPED : 0) | INDEX_BRANCH;
	uint64_t old = index_key_of_child(to, by->there);
	uint64_t new = index_key_of_child(to, by->here);

	if (index_place(to) != by->at || old == new)
		return false;
	x->below[x->branches++] = there;
	fill(x, index_slot(x, old), old, slot->to);
	fill(x, index_slot(x, new), new, leaf(e));
	slot->to = to;
	return true;
}

/* The first slot of the way whose branch lies outside this place, or its last one. */
static struct index_slot *slot_outside(const struct way *way, const uintptr_t *at)
{
	uint32_t i = 0;

	while (i + 1 < way->depth && index_place(way->slot[i]->to) < at)
		i++;
	return way->slot[i];
}

static bool leads_to_child_at(const struct index_slot *slot, const uintptr_t *at)
{
	return (slot->to & INDEX_BRANCH) != 0 && index_place(slot->to) == at;
}

bool index_enter(struct recent_index *x, struct recent *e,
		 const struct recent_stack *stack)
{
	struct way way;
	const struct recent *there;
	struct difference by = { .at = NULL };
	struct index_slot *last, *slot;

	if (!follow(x, stack, e->under, &way))
		return false;
	last = way.slot[way.depth - 1];
	there = neighbour(x, &way);
	if (there != NULL)
		by = differ(there, stack);
	slot = slot_outside(&way, by.at);
	if (by.at == NULL || slot->to == 0 || leads_to_child_at(slot, by.at)) {
		/* a root, another child, or the same words with another fp */
		if ((last->to & INDEX_BRANCH) != 0)
			return false;
		fill(x, last, way.last_key, leaf(e));
		return true;
	}
	return part(x, slot, e, stack, there, &by);
}

void index_clear(struct recent_index *x)
{
	memset(x->slot, 0, sizeof x->slot);
	x->used = 0;
	x->branches = 0;
}
