/*
 * index_table - hash tables of some children each, in which a search meets no surprise
 *
 * Why it exists: which child comes next is what no processor can predict, so a search
 * must not depend on it. Each table has one of eight hash functions, chosen such that all
 * its children lie at their homes, where they are looked for first. Most tables have two
 * or three children, for which one cache line is enough. Where many would need much room
 * for that, a table that is mostly empty may send some of them on.
 *
 * Shape. Tables are powers of two lines, each at a multiple of its size, in one arena. A
 * table that has to grow moves; where it was serves the next one of its size. A branch,
 * which has a table, is one word; the bits that say nothing of its table are its
 * holder's: its holder's, 45 bits | table, 14 | hash function, 3 | its holder's, 2 The
 * table is twice its first line plus its size, which is then the lowest bit set.
 *
 * Contract
 *   - a word that was added and that alone leads to what was said; adding may move the
 *     children of that branch, and of no other;
 *   - a search for any word ends;
 *   - when there is no room nothing changes, and `full` says so.
 */
#ifndef PRELOAD_INDEX_TABLE_H
#define PRELOAD_INDEX_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/platform/likely.h"

#define TABLE_LINES 8192u
#define TABLE_SIZES 14u /* 1 to TABLE_LINES lines */
#define LINE_SLOTS 4u

#define TABLE_HASH 0x1cull
#define TABLE_HASH_ONE 0x4ull
#define TABLE_SHIFT 5u
#define TABLE_NUMBER (2u * TABLE_LINES - 1u)
#define TABLE_BITS ((uint64_t)TABLE_NUMBER << TABLE_SHIFT | TABLE_HASH)

struct recent;

struct index_slot {
	uintptr_t word;
	uint64_t to; /* 0: the slot is free */
};

/* What a search has no use for: of the branch whose table begins at this line. */
struct index_branch {
	const struct recent *below; /* one of the stacks below it: its holder's */
	uint32_t children; /* of a line that is free: the next such one, plus 1 */
};

struct index_tables {
	bool full;
	uint32_t lines;             /* of the arena that were used */
	uint32_t left[TABLE_SIZES]; /* by size: a line, plus 1, whose table has moved */
	struct index_slot slot[TABLE_LINES * LINE_SLOTS] __attribute__((aligned(64)));
	struct index_branch branch[TABLE_LINES];
};

static inline uint32_t table_number(uint64_t branch)
{
	return (uint32_t)(branch >> TABLE_SHIFT) & TABLE_NUMBER;
}

static inline uint32_t table_lines(uint64_t branch)
{
	return table_number(branch) & -table_number(branch);
}

static inline uint32_t table_first_line(uint64_t branch)
{
	return (table_number(branch) - table_lines(branch)) / 2;
}

/* Where in a branch's table a word is looked for first. The eight functions take other
 * bits of one product; those of function 0, from the middle up, are the best mixed. */
static inline uint32_t table_home(uint64_t branch, uintptr_t word)
{
	uint64_t shift = 26 + ((branch & TABLE_HASH) ^ 16);

	return (uint32_t)(word * 0x9e3779b97f4a7c15ull >> shift) &
	       (table_lines(branch) * LINE_SLOTS - 1);
}

/* The slot of a branch's child, or the free one where it belongs. */
static inline struct index_slot *table_child(struct index_tables *tables, uint64_t branch,
					     uintptr_t word)
{
	size_t first = (size_t)table_first_line(branch) * LINE_SLOTS;
	struct index_slot *slot = &tables->slot[first];
	uint32_t i = table_home(branch, word);

	while (unlikely(slot[i].word != word) && slot[i].to != 0)
		i = (i + 1) & (table_lines(branch) * LINE_SLOTS - 1);
	return &slot[i];
}

/* The bits of a new, empty table of so many lines, a power of two; 0: there is no room.
 */
uint64_t table_make(struct index_tables *tables, uint32_t lines,
		    const struct recent *below);

/* A child for a word that has none; to is not 0. May give the branch another table.
 * False: there is no room for that. */
bool table_add(struct index_tables *tables, uint64_t *branch, uintptr_t word,
	       uint64_t to);

/* All tables are gone. */
void tables_clear(struct index_tables *tables);

static inline const struct recent *table_below(const struct index_tables *tables,
					       uint64_t branch)
{
	return tables->branch[table_first_line(branch)].below;
}

#endif
