/*
 * audit_series - the history of a process on an even grid, without its ends
 */
#include "analyzer/audit/audit_series.h"

#include <math.h>

#define LATE_SLICES 1.5
#define LOST_SHARE 0.6     /* of the slices that were, in the window at most */
#define QUIET_SHARE 0.01   /* of the usual allocations: nothing happens */
#define TEARDOWN_FREES 2.0 /* for each allocation, in a slice of a tear-down */
#define TEARDOWN_LASTS 0.1 /* of the history, or two slices */

static uint64_t allocs_between(const struct history *history, size_t from, size_t to)
{
	const uint64_t *allocs = history->total[PROFILE_ALLOC_OBJECTS];

	return allocs[to] - allocs[from];
}

/* Allocations per second of the whole history. */
static double usual_rate(const struct history *history, size_t last)
{
	double span = history->at[last] - history->at[0];

	return span > 0 ? (double)allocs_between(history, 0, last) / span : 0;
}

static bool is_quiet(const struct history *history, size_t point, double usual)
{
	double span = history->at[point] - history->at[point - 1];

	return !history->has_next[point - 1] &&
	       (double)allocs_between(history, point - 1, point) <=
		       QUIET_SHARE * usual * span;
}

static bool falls(const struct history *history, size_t point)
{
	const uint64_t *live = history->total[PROFILE_INUSE_SPACE];

	return live[point] < live[point - 1];
}

/* In the slice that ends at the point, than it allocates. */
static bool frees_more(const struct history *history, size_t point,
		       enum profile_sample inuse, enum profile_sample alloc)
{
	const uint64_t *live = history->total[inuse], *all = history->total[alloc];
	double allocated = (double)(all[point] - all[point - 1]);
	double freed = allocated - ((double)live[point] - (double)live[point - 1]);

	return freed > TEARDOWN_FREES * allocated;
}

/* Many small blocks go, or one large one. */
static bool tears_down(const struct history *history, size_t point)
{
	return falls(history, point) &&
	       (frees_more(history, point, PROFILE_INUSE_OBJECTS,
			   PROFILE_ALLOC_OBJECTS) ||
		frees_more(history, point, PROFILE_INUSE_SPACE, PROFILE_ALLOC_SPACE));
}

/*
 * The last point before a program that ended took down what it had, which may last for
 * some slices and allocate a little (interpreters do). A fall that lasts is no
 * tear-down but what the program did.
 */
static size_t before_teardown(const struct history *history)
{
	size_t last = history->count - 1, point = last;
	size_t most = (size_t)fmax(2, TEARDOWN_LASTS * (double)last);

	while (point > 3 && last - point <= most && tears_down(history, point))
		point--;
	return point < last && last - point <= most ? point : last - 1;
}

/* Without allocations there are no slices: what a tear-down's take too long was silence.
 */
static double silence(const struct history *history, size_t last)
{
	double usual = (double)(history->count - 1 - last) * history->interval_s;

	return fmax(0, history->at[history->count - 1] - history->at[last] - usual);
}

/*
 * The start is known to be 0, but with few events the first slice comes late, and a
 * straight line between the two would be a rise that never was.
 */
static size_t first_sure_point(const struct history *history)
{
	bool is_late =
		history->count > 3 && history->from_start &&
		history->at[1] - history->at[0] > LATE_SLICES * history->interval_s;

	return is_late ? 1 : 0;
}

void audit_window_find(const struct history *history, bool ended,
		       struct audit_window *ret)
{
	size_t last = history->count - 1, work;
	double usual = usual_rate(history, last), pause = 0, span, points;

	*ret = (struct audit_window){ .from_s = history->at[first_sure_point(history)] };
	if (ended && last > 3 && falls(history, last))
		last = before_teardown(history);
	ret->idle_s = silence(history, last);
	for (work = last; work > 2 && is_quiet(history, work, usual);)
		work--;
	for (size_t i = last; i > work; i--)
		if (falls(history, i))
			ret->teardown_s += history->at[i] - history->at[i - 1];
		else
			pause += history->at[i] - history->at[i - 1];
	/* whoever rests for longer than he worked has come to rest */
	if (ret->idle_s + pause <= history->at[work] - history->at[0]) {
		last = work;
		ret->idle_s += pause;
	}
	ret->to_s = history->at[last];
	span = ret->to_s - ret->from_s;
	points = history->interval_s > 0 ? span / history->interval_s + 1 : 2;
	points = fmin(points, (double)(last + 1)); /* between two it is a guess */
	ret->count = (size_t)fmin(AUDIT_GRID_MAX, fmax(2, round(points)));
	for (size_t i = 0; i < ret->count; i++)
		ret->at[i] = ret->from_s + span * (double)i / (double)(ret->count - 1);
}

double audit_mean_from(const double *value, size_t count, size_t from)
{
	size_t width = count / 12 + 1;
	double sum = 0;

	for (size_t i = from; i < from + width; i++)
		sum += value[i < count ? i : count - 1];
	return sum / (double)width;
}

double audit_late_growth(const double *value, size_t count)
{
	return audit_mean_from(value, count, count - count / 12 - 1) -
	       audit_mean_from(value, count, count / 2);
}

size_t audit_window_index(const struct audit_window *window, double at)
{
	size_t index = 0;

	while (index + 1 < window->count && window->at[index] < at)
		index++;
	return index;
}

bool audit_window_fell_silent(const struct audit_window *window, double share)
{
	return window->idle_s > share * (window->to_s - window->from_s);
}

bool audit_window_lost_slices(const struct history *history,
			      const struct audit_window *window)
{
	double ran = history->at[history->count - 1];

	return history->coarse_s > 0 && history->interval_s > 0 &&
	       (double)window->count <
		       LOST_SHARE * fmin(AUDIT_GRID_MAX, ran / history->interval_s);
}

static void resample(const struct history *history, const struct audit_window *window,
		     const uint64_t *const value[PROFILE_SAMPLES],
		     struct audit_series *ret)
{
	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		history_resample(history, value[s], window->from_s, window->to_s,
				 window->count, ret->value[s]);
		for (size_t i = 0; i < window->count; i++)
			ret->value[s][i] = isfinite(ret->value[s][i])
						   ? fmax(0, round(ret->value[s][i]))
						   : 0;
	}
}

void audit_series_total(const struct history *history, const struct audit_window *window,
			struct audit_series *ret)
{
	resample(history, window, (const uint64_t *const *)history->total, ret);
}

void audit_series_stack(const struct history *history, const struct audit_window *window,
			size_t stack, uint64_t *const scratch[PROFILE_SAMPLES],
			struct audit_series *ret)
{
	history_stack(history, stack, scratch);
	resample(history, window, (const uint64_t *const *)scratch, ret);
}
