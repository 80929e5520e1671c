#include "preload/recent/index_table.h"

#include <string.h>

_Static_assert(TABLE_LINES == 1u << (TABLE_SIZES - 1), "sizes are powers of two");

/* Up to this many slots a quarter of them may have children that share homes; a half of
 * those of a larger table, for the arena has no more. */
#define QUARTER_SLOTS 1024u

static uint32_t *left_of_size(struct index_tables *tables, uint32_t lines)
{
	return &tables->left[__builtin_ctz(lines)];
}

static void leave(struct index_tables *tables, uint32_t first, uint32_t lines)
{
	uint32_t *left = left_of_size(tables, lines);

	tables->branch[first].children = *left;
	*left = first + 1;
}

/* The next lines of the arena; what lies before a multiple of the size is left. */
static bool take_new(struct index_tables *tables, uint32_t lines, uint32_t *ret_first)
{
	uint32_t first = (tables->lines + lines - 1) & -lines;

	if (first + lines > TABLE_LINES) {
		tables->full = true;
		return false;
	}
	while (tables->lines < first) {
		uint32_t gap = tables->lines & -tables->lines;

		leave(tables, tables->lines, gap);
		tables->lines += gap;
	}
	tables->lines = first + lines;
	*ret_first = first;
	return true;
}

static bool take(struct index_tables *tables, uint32_t lines, uint32_t *ret_first)
{
	uint32_t *left = left_of_size(tables, lines);

	if (*left == 0)
		return take_new(tables, lines, ret_first);
	*ret_first = *left - 1;
	*left = tables->branch[*ret_first].children;
	return true;
}

uint64_t table_make(struct index_tables *tables, uint32_t lines,
		    const struct recent *below)
{
	uint32_t first;

	if (!take(tables, lines, &first))
		return 0;
	tables->branch[first] = (struct index_branch){ .below = below };
	return (uint64_t)(first * 2 + lines) << TABLE_SHIFT;
}

static struct index_slot *first_slot(struct index_tables *tables, uint64_t branch)
{
	return &tables->slot[(size_t)table_first_line(branch) * LINE_SLOTS];
}

static uint32_t slots_of(uint64_t branch)
{
	return table_lines(branch) * LINE_SLOTS;
}

static uint32_t *children_of(struct index_tables *tables, uint64_t branch)
{
	return &tables->branch[table_first_line(branch)].children;
}

/* May so many children share homes? */
static bool is_sparse(uint64_t branch, uint32_t children)
{
	uint32_t slots = slots_of(branch);

	return children <= slots / (slots < QUARTER_SLOTS ? 4 : 2);
}

/* A search for a word that is not there ends at a free slot. */
static bool is_enough(uint64_t branch, uint32_t children)
{
	return children < slots_of(branch);
}

/* Puts a child where there is none for its word. False: another is at home there, and
 * they may not share it. */
static bool put(struct index_tables *tables, uint64_t branch, struct index_slot child,
		bool share)
{
	struct index_slot *slot = table_child(tables, branch, child.word);

	if (!share && slot != first_slot(tables, branch) + table_home(branch, child.word))
		return false;
	*slot = child;
	return true;
}

static bool put_all(struct index_tables *tables, uint64_t from, uint64_t to, bool share)
{
	const struct index_slot *child = first_slot(tables, from);

	for (uint32_t i = 0; i < slots_of(from); i++)
		if (child[i].to != 0 && !put(tables, to, child[i], share))
			return false;
	return true;
}

static void empty(struct index_tables *tables, uint64_t branch)
{
	memset(first_slot(tables, branch), 0,
	       slots_of(branch) * sizeof(struct index_slot));
}

/* Copies the children of one table, and another one, to an empty one by the first hash
 * function that serves. False: none does. */
static bool copy(struct index_tables *tables, uint64_t from, uint64_t *to,
		 struct index_slot child)
{
	uint32_t children = *children_of(tables, from) + 1;
	bool share = is_sparse(*to, children);

	for (uint64_t hash = 0; hash <= TABLE_HASH; hash += TABLE_HASH_ONE) {
		*to = (*to & ~TABLE_HASH) | hash;
		if (put_all(tables, from, *to, share) && put(tables, *to, child, share)) {
			*children_of(tables, *to) = children;
			return true;
		}
		empty(tables, *to);
	}
	return false;
}

/* Moves a branch's children, and another one, to the smallest table that serves. */
static bool move(struct index_tables *tables, uint64_t *branch, struct index_slot child)
{
	const struct recent *below = table_below(tables, *branch);
	uint32_t children = *children_of(tables, *branch) + 1;

	for (uint32_t lines = table_lines(*branch); lines <= TABLE_LINES; lines *= 2) {
		uint64_t to = table_make(tables, lines, below);

		if (to == 0)
			return false;
		if (is_enough(to, children) && copy(tables, *branch, &to, child)) {
			empty(tables, *branch);
			leave(tables, table_first_line(*branch), table_lines(*branch));
			*branch = (*branch & ~TABLE_BITS) | to;
			return true;
		}
		leave(tables, table_first_line(to), lines);
	}
	return false;
}

bool table_add(struct index_tables *tables, uint64_t *branch, uintptr_t word, uint64_t to)
{
	struct index_slot child = { word, to };
	uint32_t children = *children_of(tables, *branch) + 1;

	if (!is_enough(*branch, children) ||
	    !put(tables, *branch, child, is_sparse(*branch, children)))
		return move(tables, branch, child);
	*children_of(tables, *branch) = children;
	return true;
}

void tables_clear(struct index_tables *tables)
{
	memset(tables->slot, 0, tables->lines * LINE_SLOTS * sizeof tables->slot[0]);
	memset(tables->left, 0, sizeof tables->left);
	tables->lines = 0;
	tables->full = false;
}
