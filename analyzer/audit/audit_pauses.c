/*
 * audit_pauses - the live bytes of a function that allocates so seldom that it has pauses
 *
 * The event that ends a pause is counted before it is noticed. It stands at the end of
 * the pause (a slice that was due ends with the first event after its time), or in the
 * point before it (history.h, has_next).
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

static double gained(const struct totals *totals, enum profile_sample sample,
		     size_t point)
{
	return totals->value[sample][point] - totals->value[sample][point - 1];
}

/* The last block that the point has: of several the largest, twice as large as those
 * before it, where rooms are doubled (of other factors a little is left to the tolerances
 * of doubling.c). */
static double last_block(const struct totals *totals, size_t point)
{
	return gained(totals, PROFILE_ALLOC_SPACE, point) * 2 /
	       (gained(totals, PROFILE_ALLOC_OBJECTS, point) + 1);
}

/*
 * What lived in the pause that ended with an event that the point has: the point's
 * figures without its last block. Where nothing would be left a block was made larger in
 * the place of its old self: it lived as it was before.
 */
static double without_last(const struct totals *totals, size_t point)
{
	const double *live = totals->value[PROFILE_INUSE_SPACE];
	double objects = gained(totals, PROFILE_ALLOC_OBJECTS, point);

	if (live[point] > last_block(totals, point) || objects == 0)
		return live[point] - last_block(totals, point);
	return objects > 1 ? live[point] / 2 : live[point - 1];
}

/* After the point more than one block goes, and none comes. The old room of what was
 * copied is one block. */
static bool ends_with_it(const struct totals *totals, size_t point, size_t points)
{
	return point + 1 < points &&
	       gained(totals, PROFILE_ALLOC_OBJECTS, point + 1) == 0 &&
	       gained(totals, PROFILE_INUSE_OBJECTS, point + 1) < -1;
}

/*
 * What lived in a pause whose last event is in the point before it. If that is the
 * program's end, its event took one block away, of which the mean is known.
 */
static double level_in(const struct totals *totals, size_t point, size_t points)
{
	const double(*value)[AUDIT_PAUSES_MAX] = totals->value;

	if (!ends_with_it(totals, point, points))
		return without_last(totals, point);
	return value[PROFILE_INUSE_SPACE][point] *
	       (1 + 1 / fmax(1, value[PROFILE_INUSE_OBJECTS][point]));
}

/*
 * What lives after the last point: the old room of what was copied there goes at once, in
 * the slice after it. If more than one block went it is the end of the program, and the
 * old room went with it: half of the new one.
 */
static double level_after(const struct totals *totals, size_t point, size_t points)
{
	const double *live = totals->value[PROFILE_INUSE_SPACE];

	if (point + 1 < points && gained(totals, PROFILE_ALLOC_OBJECTS, point + 1) == 0 &&
	    gained(totals, PROFILE_INUSE_OBJECTS, point + 1) == -1)
		return live[point + 1];
	return ends_with_it(totals, point, points)
		       ? live[point] - last_block(totals, point) / 2
		       : live[point];
}

static void add(struct audit_pauses *pauses, double at, double value)
{
	pauses->at[pauses->count] = at;
	pauses->value[pauses->count++] = value;
}

/* From the point before this one up to it. */
static void add_time(const struct history *history, const struct totals *totals,
		     size_t point, size_t points, struct audit_pauses *ret)
{
	double from = history->at[point - 1], to = history->at[point];
	double before = to - EDGE * history->interval_s;

	if (history->has_next[point - 1]) {
		add(ret, before, level_in(totals, point - 1, points));
	} else if (to - from >= LASTS * history->interval_s) {
		add(ret, from, without_last(totals, point));
		add(ret, before, without_last(totals, point));
		return;
	}
	add(ret, to,
	    history->has_next[point] ? level_in(totals, point, points)
				     : totals->value[PROFILE_INUSE_SPACE][point]);
}

/* Those up to the window's end, 0: it has no pauses. *ret_known: and one more. */
static size_t count_points(const struct history *history,
			   const struct audit_window *window, size_t *ret_known)
{
	double end = window->to_s + window->idle_s;
	size_t points = 0;

	while (points < history->count && history->at[points] <= window->to_s)
		points++;
	if (points < 2 || points > AUDIT_PAUSES_MAX ||
	    (double)points > FEW * (end - history->at[0]) / history->interval_s)
		return 0;
	*ret_known = points < history->count && points < AUDIT_PAUSES_MAX ? points + 1
									  : points;
	return points;
}

void audit_pauses_find(const struct audit_facts *facts,
		       const struct audit_function *function, struct audit_pauses *ret)
{
	const struct history *history = facts->history;
	const struct audit_window *window = &facts->window;
	struct totals totals;
	size_t points, known;
	double last;

	ret->count = 0;
	if (!history || !(history->interval_s > 0))
		return;
	points = count_points(history, window, &known);
	if (points == 0)
		return;
	add_up(facts, function, known, &totals);
	add(ret, history->at[0], totals.value[PROFILE_INUSE_SPACE][0]);
	for (size_t i = 1; i < points; i++)
		add_time(history, &totals, i, known, ret);
	last = history->has_next[points - 1] ? level_in(&totals, points - 1, known)
					     : level_after(&totals, points - 1, known);
	add(ret, window->to_s, last);
	add(ret, window->to_s + window->idle_s, last);
}
