/*
 * audit_load - does what lives follow the load?
 *
 * Let A be the blocks that came up to a time and F those that went. If they go in the
 * order in which they came, the oldest one at the time t came at A^-1(F(t)), and
 * t - A^-1(F(t)) is its age. Twice as many users keep twice as much, and that age stays.
 * Of a part f of all that is forgotten it is f t or, while the load rises in a line,
 * t (1 - sqrt(1 - f)): twice as much at the end as in the middle, as in a queue whose
 * reader is slower. Only of what multiplies is it the same all the time, too; that feeds
 * itself, and is no load.
 *
 * Where the load ebbs, a leak slows down as it does, and looks like a cache that becomes
 * full. Blocks that came and went again are a clock of the work that was done: by that
 * clock the leak is a straight line.
 */
#include "analyzer/audit/audit_load.h"

#include <math.h>

#define GROWN 1.3    /* as many live at the end as in the middle, at least */
#define ALIKE 0.1    /* the ages, whatever the load */
#define GONE 0.5     /* of all that came, at least */
#define SELF_FED 5.0 /* times as many by the end as by the middle; of a line, it is 4 */
#define QUARTERS 4u
#define EBB_ALIKE 0.2  /* growth for each block that went, in each quarter */
#define EBB_CHANCE 3.0 /* standard deviations of a count, besides */
#define EBB_SLOWER 0.7 /* the load of the last quarter, of the most, at most ... */
#define EBB_STILL 0.15 /* ... and at least: what ends is no traffic that ebbs */
#define EBB_PAUSE 0.1  /* of the usual work, in a point's time: none */
#define EBB_BLOCKS 64.0

/* The age of the oldest block at a point; < 0: it was there before the window. */
static double age_at(const struct audit_facts *facts, const double *came, double gone,
		     size_t point)
{
	const double *at = facts->window.at;
	size_t i = 0;

	if (gone < came[0])
		return -1;
	while (i < point && came[i] < gone)
		i++;
	if (i > 0 && came[i] > came[i - 1])
		return at[point] - at[i] +
		       (at[i] - at[i - 1]) * (came[i] - gone) / (came[i] - came[i - 1]);
	return at[point] - at[i];
}

bool audit_load_follows(const struct audit_facts *facts, const double *came,
			const double *live)
{
	size_t last = facts->window.count - 1, middle = last / 2;
	double usual = age_at(facts, came, came[middle] - live[middle], middle);

	if (usual <= 0 || live[last] < GROWN * live[middle] ||
	    came[last] - live[last] < GONE * came[last] ||
	    came[last] > SELF_FED * came[middle])
		return false;
	for (unsigned i = 1; i <= QUARTERS; i++) {
		size_t point = last * i / QUARTERS;
		double age = age_at(facts, came, came[point] - live[point], point);

		if (fabs(age - usual) > ALIKE * usual)
			return false;
	}
	return true;
}

/* What the window's part from a tenth on brought in each quarter of its time. */
static void by_quarters(const struct audit_facts *facts, const double *value,
			double ret[QUARTERS])
{
	size_t first = facts->window.count / 10, span = facts->window.count - 1 - first;

	for (unsigned i = 0; i < QUARTERS; i++)
		ret[i] = value[first + span * (i + 1) / QUARTERS] -
			 value[first + span * i / QUARTERS];
}

/* The value when so much work was done. */
static double value_by(const struct audit_facts *facts, const double *work, double done,
		       const double *value)
{
	size_t i = facts->window.count / 10 + 1, last = facts->window.count - 1;

	while (i < last && work[i] < done)
		i++;
	return work[i] > work[i - 1]
		       ? value[i - 1] + (value[i] - value[i - 1]) * (done - work[i - 1]) /
						(work[i] - work[i - 1])
		       : value[i];
}

/* By the clock of the work it is a straight line. */
static bool is_line_of_work(const struct audit_facts *facts, const double *work,
			    const double *live)
{
	size_t first = facts->window.count / 10, last = facts->window.count - 1;
	double part = (work[last] - work[first]) / QUARTERS, before = live[first];
	double due = (live[last] - live[first]) / QUARTERS;

	for (unsigned i = 1; i <= QUARTERS; i++) {
		double now = value_by(facts, work, work[first] + part * i, live);

		if (fabs(now - before - due) > EBB_ALIKE * due + EBB_CHANCE * sqrt(due))
			return false;
		before = now;
	}
	return true;
}

/* Points without work at the end, or the most before. */
static size_t pause_of(const struct audit_facts *facts, const double *work, bool at_end)
{
	size_t last = facts->window.count - 1, pause = 0, longest = 0;
	double usual = (work[last] - work[0]) / (double)last;

	for (size_t i = 1; i <= last; i++) {
		if (work[i] - work[i - 1] < EBB_PAUSE * usual) {
			pause++;
			continue;
		}
		longest = pause > longest ? pause : longest;
		pause = 0;
	}
	return at_end ? pause : longest;
}

/* There is less to do than there was, and not nothing: work that ends is no traffic. Who
 * rests now, and rested for as long before, will go on. */
static bool has_less_to_do(const struct audit_facts *facts, const double *work)
{
	size_t rest = pause_of(facts, work, true), before = pause_of(facts, work, false);
	double quarter[QUARTERS], most = 0;

	if (rest > 0 && before > 0 && rest <= before + 1)
		return true;
	by_quarters(facts, work, quarter);
	for (unsigned i = 0; i < QUARTERS; i++)
		most = fmax(most, quarter[i]);
	return quarter[QUARTERS - 1] <= EBB_SLOWER * most &&
	       quarter[QUARTERS - 1] >= EBB_STILL * most;
}

bool audit_load_ebbs(const struct audit_facts *facts, const double *live)
{
	size_t first = facts->window.count / 10, last = facts->window.count - 1;
	double gone[AUDIT_GRID_MAX], grown = live[last] - live[first];

	for (size_t i = 0; i <= last; i++)
		gone[i] = facts->total.value[PROFILE_ALLOC_OBJECTS][i] -
			  facts->total.value[PROFILE_INUSE_OBJECTS][i];
	return facts->window.count > 2 * QUARTERS && grown >= EBB_BLOCKS &&
	       gone[last] - gone[first] >= grown / 2 && has_less_to_do(facts, gone) &&
	       is_line_of_work(facts, gone, live);
}
