/*
 * audit_pauses - the live bytes of a function that allocates so seldom that it has pauses
 */
#include "analyzer/audit/audit_pauses.h"

#include <math.h>
#include <string.h>

#define FEW 0.5   /* slices for those that the time had room for */
#define LASTS 2.0 /* slices, or it is no pause */
#define EDGE 1e-3 /* of a slice, before the event that ends a pause */

struct totals {
	double value[PROFILE_SAMPLES][AUDIT_PAUSES_MAX];
};

static void add_up(const struct audit_facts *facts, const struct audit_function *function,
		   size_t points, struct totals *totals)
{
	memset(totals, 0, sizeof(*totals));
	for (size_t i = 0; i < facts->profile->stacks_count; i++) {
		if (&facts->functions[facts->stacks[i].function] != function)
			continue;
		history_stack(facts->history, i, facts->scratch);
		for (int s = 0; s < PROFILE_SAMPLES; s++)
			for (size_t p = 0; p < points; p++)
				totals->value[s][p] += (double)facts->scratch[s][p];
	}
}

/*
 * What lived in the pause before the point, whose event took the last of the slice's
 * blocks: without that one. A block that was made larger in place of its old self has
 * nothing left then, and lived as it was before.
 */
static double level_before(const struct totals *totals, size_t point)
{
	const double(*value)[AUDIT_PAUSES_MAX] = totals->value;
	double objects = value[PROFILE_ALLOC_OBJECTS][point] -
			 value[PROFILE_ALLOC_OBJECTS][point - 1];
	double bytes =
		value[PROFILE_ALLOC_SPACE][point] - value[PROFILE_ALLOC_SPACE][point - 1];

	if (objects > 1 || value[PROFILE_INUSE_OBJECTS][point] <= objects)
		return value[PROFILE_INUSE_SPACE][point - 1];
	return fmax(0, value[PROFILE_INUSE_SPACE][point] - bytes);
}

/*
 * What lives after the last point: the old room of what was copied there goes at once, in
 * the slice after it. If more than one block went it is the end of the program.
 */
static double level_after(const struct totals *totals, size_t point, size_t points)
{
	const double(*value)[AUDIT_PAUSES_MAX] = totals->value;

	if (point + 1 < points &&
	    value[PROFILE_ALLOC_OBJECTS][point + 1] ==
		    value[PROFILE_ALLOC_OBJECTS][point] &&
	    value[PROFILE_INUSE_OBJECTS][point + 1] + 1 ==
		    value[PROFILE_INUSE_OBJECTS][point])
		return value[PROFILE_INUSE_SPACE][point + 1];
	return value[PROFILE_INUSE_SPACE][point];
}

static void add(struct audit_pauses *pauses, double at, double value)
{
	pauses->at[pauses->count] = at;
	pauses->value[pauses->count++] = value;
}

void audit_pauses_find(const struct audit_facts *facts,
		       const struct audit_function *function, struct audit_pauses *ret)
{
	const struct history *history = facts->history;
	const struct audit_window *window = &facts->window;
	double end = window->to_s + window->idle_s;
	struct totals totals;
	size_t points = 0, known;
	double last;

	ret->count = 0;
	if (!history || !(history->interval_s > 0))
		return;
	while (points < history->count && history->at[points] <= window->to_s)
		points++;
	if (points < 2 || points > AUDIT_PAUSES_MAX ||
	    (double)points > FEW * (end - history->at[0]) / history->interval_s)
		return;
	known = points < history->count && points < AUDIT_PAUSES_MAX ? points + 1
								     : points;
	add_up(facts, function, known, &totals);
	add(ret, history->at[0], totals.value[PROFILE_INUSE_SPACE][0]);
	for (size_t i = 1; i < points; i++) {
		double from = history->at[i - 1], to = history->at[i];

		if (to - from < LASTS * history->interval_s) {
			add(ret, to, totals.value[PROFILE_INUSE_SPACE][i]);
			continue;
		}
		add(ret, from, level_before(&totals, i));
		add(ret, to - EDGE * history->interval_s, level_before(&totals, i));
	}
	last = level_after(&totals, points - 1, known);
	add(ret, window->to_s, last);
	add(ret, end, last);
}
