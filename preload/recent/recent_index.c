#include "preload/recent/recent_index.h"

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
	struct check_walk walk = { .e = table_below(&x->tables, to) };
	struct check check;

	if (one_page(index_place(to), (const uintptr_t *)caller.sp))
		return true;
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
	return (branch & INDEX_OWN) != 0 || index_proves(x, branch, top);
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
		way->end = at = &table_child(&x->tables, *at, word)->to;
		if ((*at & INDEX_BRANCH) == 0 || !can_follow(x, *at, stack->top))
			return true;
		word = *index_place(*at);
	}
	return false;
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

	return (to & INDEX_BRANCH) != 0 ? table_below(&x->tables, to)
					: (const struct recent *)(uintptr_t)to;
}

/* A branch at a place, above one of the stacks below it; 0: there is no room. */
static uint64_t make_branch(struct recent_index *x, const uintptr_t *place,
			    const struct recent_stack *stack, const struct recent *below)
{
	uintptr_t at = (uintptr_t)place;
	bool own = stack->top.sp >= stack->own_from && at < stack->own_to;
	uint64_t branch = (uint64_t)at << INDEX_PLACE_SHIFT | (own ? INDEX_OWN : 0);
	uint64_t table;

	if (index_place(branch) != place)
		return 0;
	table = table_make(&x->tables, 1, below);
	return table != 0 ? branch | table | INDEX_BRANCH : 0;
}

/* Puts a branch where something else was: that is the child of its word, e the child of
 * the present one. */
static bool part(struct recent_index *x, uint64_t *where, struct recent *e,
		 const struct recent_stack *stack, const struct recent *there,
		 const struct difference *by)
{
	uint64_t was = *where, branch = make_branch(x, by->at, stack, there);

	if (branch == 0)
		return false;
	*where = branch;
	return table_add(&x->tables, where, by->there, was) &&
	       table_add(&x->tables, where, by->here, leaf(e));
}

/* The root's first table is small, for so are most programs. */
#define ROOT_LINES 16u

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

	if (x->root == 0)
		x->root = table_make(&x->tables, ROOT_LINES, NULL) | INDEX_BRANCH;
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
		return table_add(&x->tables, way.branch[way.branches - 1],
				 way.word[way.branches - 1], leaf(e));
	if ((*way.end & INDEX_BRANCH) != 0)
		return false;
	*way.end = leaf(e); /* the same words with another fp */
	return true;
}

void index_clear(struct recent_index *x)
{
	x->root = 0;
	tables_clear(&x->tables);
}
