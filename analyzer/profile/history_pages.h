/*
 * history_pages - the history ring's pages, copied from a segment that may be written
 *
 * Contract
 *   - values are consistent: `included` says up to which position of level 0 the
 *     records of a page's sites are in them;
 *   - the log was read after the values and the state, so every record up to
 *     valid_end is in it, but for slices that were overwritten meanwhile: those lie
 *     below the level's tail;
 *   - nothing is checked but that it lies in the file.
 */
#ifndef ANALYZER_PROFILE_HISTORY_PAGES_H
#define ANALYZER_PROFILE_HISTORY_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <heapring/segment.h>

#include "analyzer/console/fault.h"
#include "analyzer/segment/target.h"

struct history_pages {
	bool has_state; /* else the ring never began */
	struct heapring_history state;
	uint64_t valid_end;             /* of level 0: records up to here are whole */
	struct heapring_values *values; /* by site */
	uint64_t *included;             /* by page of values */
	uint32_t values_pages;
	char *log;     /* page n of level l at (n * HR_LEVELS + l) * HR_PAGE */
	bool *log_has; /* is that page there? */
	uint32_t log_pages;
	struct heapring_mark marks[HR_MARKS_PER_PAGE];
};

int history_pages_read(const struct target *target, struct history_pages *ret_pages,
		       struct fault *fault);
void history_pages_done(struct history_pages *pages);

/* bytes at a position of a level; NULL: not there, or across the end of a page. */
const char *history_pages_at(const struct history_pages *pages, uint32_t level,
			     uint64_t pos, uint32_t bytes);

#endif
