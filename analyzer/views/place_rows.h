/*
 * place_rows - flat and cumulative figures for each place
 *
 * Contract
 *   - flat belongs to a stack's innermost shown frame, cum to every place on
 *     the stack, once, however often it recurs there;
 *   - or, responsible, flat belongs to the stack's culprit, so that a container that
 *     grows for somebody is not named for it; whoever loads the stacks must have asked
 *     for culprits (view_options.h);
 *   - in both flat summed over all rows is the total of the stacks that are shown;
 *   - ordered by size whatever the sign, as differences may be negative.
 */
#ifndef ANALYZER_VIEWS_PLACE_ROWS_H
#define ANALYZER_VIEWS_PLACE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/views/stack_set.h"

struct place_row {
	uint32_t place;
	int64_t flat[PROFILE_SAMPLES];
	int64_t cum[PROFILE_SAMPLES];
	int64_t base_flat[PROFILE_SAMPLES], base_cum[PROFILE_SAMPLES];
	double flat_variance, cum_variance; /* of the chosen sample */
	struct profile_detail detail;       /* flat */
};

struct place_rows {
	struct place_row *rows;
	uint32_t count;
	int64_t shown[PROFILE_SAMPLES]; /* of the stacks that pass the filters */
};

/* Ordered by flat, or by cum, of the sample; largest first. */
int place_rows_load(const struct stack_set *set, const struct place_table *places,
		    enum profile_sample sample, bool by_cum, struct place_rows *ret_rows,
		    struct fault *fault);
/* Responsible, ordered by flat; places that are nobody's culprit are left out. */
int place_rows_load_responsible(const struct stack_set *set,
				const struct place_table *places,
				enum profile_sample sample, struct place_rows *ret_rows,
				struct fault *fault);
void place_rows_done(struct place_rows *rows);

#endif
