/*
 * trend - how a process's figures moved in a part of its time, and which stacks grew
 *
 * Contract
 *   - points [from, to] of the history are shown; figures are those of the stacks that
 *     pass the view's filters;
 *   - rows are the stacks that grew in the chosen sample, the most first; a row's
 *     series has one value for each of those points;
 *   - memory is proportional to the stacks and to rows times points.
 */
#ifndef ANALYZER_VIEWS_TREND_H
#define ANALYZER_VIEWS_TREND_H

#include "analyzer/profile/history.h"
#include "analyzer/views/view_target.h"

struct trend_row {
	const struct stack_entry *entry;
	uint64_t first[PROFILE_SAMPLES], last[PROFILE_SAMPLES];
	uint64_t *series; /* of the chosen sample; index: point of the history */
};

struct trend {
	const struct history *history;
	size_t from, to;
	uint64_t *total[PROFILE_SAMPLES]; /* index: point of the history */
	struct trend_row *rows;
	size_t rows_count;
	size_t grew; /* how many stacks grew */
};

int trend_load(struct view_target *target, size_t rows_max, struct trend *ret_trend,
	       struct fault *fault);
void trend_done(struct trend *trend);

#endif
