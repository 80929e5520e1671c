/*
 * listing - the figures of some functions, line by line
 *
 * Contract
 *   - one function for each name and file whose places were chosen, ordered by
 *     the size of the sample's cum;
 *   - a stack counts once in a line's cum and once in its function's;
 *   - places must have been made by line.
 */
#ifndef ANALYZER_VIEWS_LISTING_H
#define ANALYZER_VIEWS_LISTING_H

#include <stdbool.h>

#include "analyzer/views/stack_set.h"

struct listing_line {
	uint32_t function, line;
	int64_t flat[PROFILE_SAMPLES], cum[PROFILE_SAMPLES];
	size_t last_stack;
};

struct listing_function {
	const char *name, *file, *module; /* file NULL: unknown */
	int64_t flat[PROFILE_SAMPLES], cum[PROFILE_SAMPLES];
	size_t last_stack;
	uint32_t first, count; /* of its lines */
};

struct listing {
	struct listing_function *functions; /* stay where they are, see order */
	uint32_t count;
	struct listing_line *lines; /* of one function together, by number */
	uint32_t lines_count;
	uint32_t *order; /* functions, largest first */
};

/* chosen: one flag for each place. */
int listing_load(const struct stack_set *set, const struct place_table *places,
		 const bool *chosen, enum profile_sample sample,
		 struct listing *ret_listing, struct fault *fault);
void listing_done(struct listing *listing);

#endif
