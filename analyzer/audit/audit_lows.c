/*
 * audit_lows - functions whose sawtooth stands higher after each fall
 *
 * Each flush forgets a part of what it should give back. Such a function has teeth, and
 * at the end of the window it may be lower than in its middle, so that all functions are
 * looked at, not only those that are larger than they were.
 */
#include "analyzer/audit/audit_lows.h"

#include <math.h>

#include "analyzer/audit/audit_interpreter.h"
#include "analyzer/audit/audit_load.h"

#define BYTES_MIN 2048.0
#define SHARE_MIN 0.01 /* of the process's highest live bytes */
#define MOST 0.8       /* certainty: a flush that is rarer may take it all */

/* The process's own lows rose, too, by half as much. */
static bool shows_in_total(const struct audit_facts *facts, const struct lows *lows)
{
	const double *total = facts->total.value[PROFILE_INUSE_SPACE];

	return total[lows->last_point] - total[lows->first_point] >=
	       AUDIT_TAKEN_OVER * (lows->last - lows->first);
}

static bool is_leak(const struct audit_facts *facts,
		    const struct audit_function *function, const struct lows *lows)
{
	double rise = lows->last - lows->first;

	return rise >= BYTES_MIN && rise >= SHARE_MIN * facts->shape.highest &&
	       shows_in_total(facts, lows) &&
	       !audit_interpreter_of(facts, function->largest_stack) &&
	       !audit_load_follows(facts, function->series[PROFILE_ALLOC_OBJECTS],
				   function->series[PROFILE_INUSE_OBJECTS]);
}

static int judge(struct audit_facts *facts, struct audit_function *function)
{
	struct lows lows;
	int r;

	if (!lows_find(facts->window.at, function->series[PROFILE_INUSE_SPACE],
		       function->series[PROFILE_ALLOC_SPACE], facts->window.count,
		       &lows) ||
	    !is_leak(facts, function, &lows))
		return 0;
	r = series_shape_find(facts->window.at, function->series[PROFILE_INUSE_SPACE],
			      facts->window.count, &function->shape);
	function->shape.kind = SHAPE_RISING;
	function->shape.model.law = GROWTH_LINEAR;
	function->shape.rate = lows.rate;
	function->shape.certainty = fmin(MOST, lows.certainty);
	function->lows = lows;
	function->grows = r == 0;
	function->growth_certainty = function->shape.certainty;
	function->growth_stack = function->largest_stack;
	return r;
}

int audit_lows_judge(struct audit_facts *facts)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < facts->functions_count; i++)
		if (facts->functions[i].series && !facts->functions[i].grows &&
		    !facts->functions[i].is_thread_create)
			r = judge(facts, &facts->functions[i]);
	return r;
}
