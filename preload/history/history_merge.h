/*
 * history_merge - makes room in a level of the history ring by merging its oldest slices
 *
 * Contract
 *   - merge_begin() takes what is cheap at once (the last level's oldest slice is simply
 *     dropped) or sets up a merge, which merge_step() then carries on piece by piece;
 *   - until a merge is committed its parts stay, so a kill loses nothing;
 *   - sums are kept: a merged slice says of every site in its parts what they say
 *     together.
 */
#ifndef PRELOAD_HISTORY_MERGE_H
#define PRELOAD_HISTORY_MERGE_H

#include <stdbool.h>

#include "preload/history/history_log.h"

#define MERGE_PARTS 8u

struct merge_part {
	uint64_t pos;
	uint64_t records; /* left after `next` */
	struct log_record next;
	bool done;
};

struct merge {
	uint32_t level; /* of the parts */
	uint32_t count; /* parts; 0: no merge is going on */
	struct merge_part part[MERGE_PARTS];
	uint64_t parts_end;
	uint64_t at; /* where the merged slice begins, and how far it is */
	uint64_t pos;
	uint32_t last_site;
	struct heapring_slice slice;
};

/* Begins to make room in a level. gap_ns: pauses that long are not merged over. */
void merge_begin(struct merge *merge, struct heapring_level *levels, uint32_t level,
		 uint64_t gap_ns);

/* Writes up to so many records; false: there are no more. */
bool merge_step(struct merge *merge, uint32_t records);

/* Then puts the merged slice in the place of its parts, if it was finished. */
void merge_end(struct merge *merge);

/* Instead: leaves the space that the merge wrote to unused, up to two pages on. */
void merge_abandon(const struct merge *merge);

#endif
