#include "preload/recent_index.h"

#include <string.h>

#define WAY_MAX 48u

/* The branches that lead to a stack, from the root on: where each is written down, and
 * the word by which it is left. */
struct way {
	uint64_t *branch[WAY_MAX];
	uintptr_t word[WAY_MAX];
	uint32_t branches;
	uint64_t *end; /* where the last one leads: to nothing, to a leaf, or to a branch
			* that cannot be followed */
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
	struct check_walk walk = { .e = x->branch[index_first_line(to)].below };
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

/* May the word that a branch asks for be read? Else the stack differs further in. */
static bool can_follow(const struct recent_index *x, uint64_t branch, struct frame top)
{
	return (branch & INDEX_MAPPED) != 0 || index_proves(x, branch, top);
}

/* Follows the present stack's words as far as they lead. False: too far. */
static bool follow(struct recent_index *x, const struct recent_stack *stack,
		   uint32_t under, struct way *way)
{
	uint64_t *at = &x->root;
	uintptr_t word = index_word_of_root(stack->top, under);

	for (way->branches = 0; way->branches < WAY_MAX;) {
		way->branch[way->branches] = at;
		way->word[way->branches++] = word;
		way->end = at = &index_child(x, *at, word)->to;
		if ((*at & INDEX_BRANCH) == 0 || !can_follow(x, *at, stack->top))
			return true;
		word = *index_place(*at);
	}
	return false;
}

static struct index_slot *home(struct recent_index *x, uint64_t branch, uintptr_t word)
{
	return &x->slot[index_first_line(branch) * LINE_SLOTS + index_home(branch, word)];
}

/* Gives a branch, of which all else is said, a table. False: there is no room. */
static bool make_table(struct recent_index *x, uint64_t *branch, uint32_t lines,
		       struct index_branch about)
{
	uint32_t first = (x->lines + lines - 1) & -lines;

	if (first + lines > INDEX_LINES) {
		x->lines = INDEX_LINES; /* its owner begins anew */
		return false;
	}
	x->lines = first + lines;
	x->branch[first] = about;
	*branch |= (uint64_t)(first * 2 + lines) << INDEX_TABLE_SHIFT | INDEX_BRANCH;
	return true;
}

/* The root's first table is small, for so are most programs. */
#define ROOT_LINES 16u

static void begin(struct recent_index *x)
{
	make_table(x, &x->root, ROOT_LINES, (struct index_branch){ 0 });
}

/* May children of a branch share a home? There are few that do. */
static bool is_sparse(const struct recent_index *x, uint64_t branch)
{
	uint32_t slots = index_lines(branch) * LINE_SLOTS;

	return x->branch[index_first_line(branch)].children <=
	       slots / (slots < 1024 ? 4 : 2);
}

/* A search for a word that is not there ends at a free slot. */
static bool is_full(const struct recent_index *x, uint64_t branch)
{
	return x->branch[index_first_line(branch)].children ==
	       index_lines(branch) * LINE_SLOTS;
}

/* Copies the children of one table to another, which is empty, each to its home. False:
 * two have the same, and the table may not be so. */
static bool copy_children(struct recent_index *x, uint64_t from, uint64_t to)
{
	const struct index_slot *child = &x->slot[index_first_line(from) * LINE_SLOTS];
	bool sparse = is_sparse(x, to);

	for (uint32_t i = 0; i < index_lines(from) * LINE_SLOTS; i++, child++) {
		struct index_slot *slot;

		if (child->to == 0)
			continue;
		slot = index_child(x, to, child->word);
		if (!sparse && slot != home(x, to, child->word))
			return false;
		*slot = *child;
	}
	return true;
}

static void empty_table(struct recent_index *x, uint64_t branch)
{
	memset(&x->slot[index_first_line(branch) * LINE_SLOTS], 0,
	       index_lines(branch) * LINE_SLOTS * sizeof x->slot[0]);
}

/* Copies the children to a table in which another one is at home as well; its number is
 * counted already. False: none of its hash functions does that. */
static bool settle(struct recent_index *x, uint64_t from, uint64_t *to,
		   struct index_slot child)
{
	for (uint64_t hash = 0; hash <= INDEX_HASH; hash += INDEX_HASH & -INDEX_HASH) {
		*to = (*to & ~INDEX_HASH) | hash;
		if (copy_children(x, from, *to) &&
		    (home(x, *to, child.word)->to == 0 || is_sparse(x, *to))) {
			*index_child(x, *to, child.word) = child;
			return true;
		}
		empty_table(x, *to);
	}
	return false;
}

/* Moves a branch's children, and another one, to the smallest table that serves. */
static bool resettle(struct recent_index *x, uint64_t *branch, struct index_slot child)
{
	uint64_t rest = *branch >> (INDEX_PLACE_SHIFT + 3) << (INDEX_PLACE_SHIFT + 3) |
			(*branch & INDEX_MAPPED);

	for (uint32_t lines = index_lines(*branch);; lines *= 2) {
		uint32_t used = x->lines;
		uint64_t to = rest;

		if (!make_table(x, &to, lines, x->branch[index_first_line(*branch)]))
			return false;
		if (!is_full(x, to) && settle(x, *branch, &to, child)) {
			*branch = to;
			return true;
		}
		x->lines = used;
	}
}

static bool add_child(struct recent_index *x, uint64_t *branch, uintptr_t word,
		      uint64_t to)
{
	struct index_slot child = { word, to }, *slot = index_child(x, *branch, word);

	x->branch[index_first_line(*branch)].children++;
	if (is_full(x, *branch) ||
	    (slot != home(x, *branch, word) && !is_sparse(x, *branch)))
		return resettle(x, branch, child);
	*slot = child;
	return true;
}

static uint64_t leaf(const struct recent *e)
{
	return (uint64_t)(uintptr_t)e;
}

/* A stack that is there and has the same words in all branches of the way but the last
 * one's; NULL when the way ends at the root. */
static const struct recent *neighbour(const struct recent_index *x, const struct way *way)
{
	uint64_t to = *way->end != 0 ? *way->end : *way->branch[way->branches - 1];

	return (to & INDEX_BRANCH) != 0 ? x->branch[index_first_line(to)].below
					: (const struct recent *)(uintptr_t)to;
}

/* Puts a branch where something else was: that is the child of its word, e the child of
 * the present one. */
static bool part(struct recent_index *x, uint64_t *where, struct recent *e,
		 const struct recent_stack *stack, const struct recent *there,
		 const struct difference *by)
{
	uintptr_t at = (uintptr_t)by->at;
	bool own = stack->top.sp >= stack->own_from && at < stack->own_to;
	bool mapped = own || (at ^ stack->top.sp) < 4096;
	uint64_t place = (uint64_t)at << INDEX_PLACE_SHIFT | (mapped ? INDEX_MAPPED : 0);
	uint64_t was = *where;

	if (index_place(place) != by->at)
		return false;
	if (!make_table(x, &place, 1, (struct index_branch){ .below = there }))
		return false;
	*where = place;
	return add_child(x, where, by->there, was) &&
	       add_child(x, where, by->here, leaf(e));
}

/* The first branch of the way, after the root, that lies outside this place, or its end.
 */
static uint64_t *outside(const struct way *way, const uintptr_t *at)
{
	for (uint32_t i = 1; i < way->branches; i++)
		if (index_place(*way->branch[i]) >= at)
			return way->branch[i];
	return way->end;
}

static bool is_branch_at(const uint64_t *where, const uintptr_t *at)
{
	return (*where & INDEX_BRANCH) != 0 && index_place(*where) == at;
}

bool index_enter(struct recent_index *x, struct recent *e,
		 const struct recent_stack *stack)
{
	struct way way;
	const struct recent *there;
	struct difference by = { .at = NULL };
	uint64_t *where = NULL;

	if (x->lines == 0)
		begin(x);
	if (!follow(x, stack, e->under, &way))
		return false;
	there = neighbour(x, &way);
	if (there != NULL)
		by = differ(there, stack);
	if (by.at != NULL)
		where = outside(&way, by.at);
	if (where != NULL && *where != 0 && !is_branch_at(where, by.at))
		return part(x, where, e, stack, there, &by);
	if (*way.end == 0) /* another child, or a root */
		return add_child(x, way.branch[way.branches - 1],
				 way.word[way.branches - 1], leaf(e));
	if ((*way.end & INDEX_BRANCH) != 0)
		return false;
	*way.end = leaf(e); /* the same words with another fp */
	return true;
}

void index_clear(struct recent_index *x)
{
	memset(x->slot, 0, x->lines * LINE_SLOTS * sizeof x->slot[0]);
	x->root = 0;
	x->lines = 0;
}
