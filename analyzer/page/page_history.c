/*
 * page_history - how the figures moved, as the page reads it
 *
 * Stacks are taken one at a time, twice: once to learn how much each ever held, once
 * more for the series of those that held the most. Where that would be too long, what
 * they hold now stands for what they ever held.
 */
#include "analyzer/page/page_history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/profile/history.h"
#include "analyzer/profile/report.h"

#define POINTS_MAX 2000u
#define GRID 160u
#define SERIES_MAX 120u
#define LOOK_MAX 40000000.0 /* points of all stacks */

struct ranked {
	uint32_t entry;
	double weight; /* most live bytes */
};

struct series {
	const struct view_target *target;
	const struct history *history;
	struct ranked *ranked; /* by entry, then by weight */
	size_t count;          /* of them that are written */
	uint32_t *slot_of;     /* by entry */
	double *grid;          /* GRID for each slot */
	uint64_t *points;      /* of one stack */
};

/* The last of each so many points; the very last is always one of them. */
static void put_points(const struct history *history, const uint64_t *value,
		       struct json_columns *to)
{
	size_t step = (history->count + POINTS_MAX - 1) / POINTS_MAX;

	for (size_t i = (history->count - 1) % step; i < history->count; i += step)
		if (value)
			json_columns_add(to, (int64_t)value[i]);
		else
			json_columns_add_real(to, history->at[i]);
}

static void put_totals(const struct history *history, struct json_columns *to)
{
	json_columns_begin(to, "time_s");
	put_points(history, NULL, to);
	json_columns_end(to);
	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		json_columns_begin(to, profile_sample_name((enum profile_sample)s));
		put_points(history, history->total[s], to);
		json_columns_end(to);
	}
}

static json_t *small_keys(const struct history *history)
{
	json_t *marks = json_array();

	for (size_t i = 0; i < history->marks_count; i++) {
		const struct history_mark *mark = &history->marks[i];

		json_array_append_new(marks,
				      json_pack("{s:o, s:I, s:f, s:f}", "name",
						report_json_text(mark->name), "count",
						(json_int_t)mark->count, "first_s",
						mark->first_s, "last_s", mark->last_s));
	}
	return json_pack("{s:f, s:b, s:b, s:o, s:o}", "interval_s", history->interval_s,
			 "from_start", history->from_start, "damaged", history->damaged,
			 "peak_s",
			 history->peak_s < 0 ? json_null() : json_real(history->peak_s),
			 "marks", marks);
}

static int by_weight(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	return (x->entry > y->entry) - (x->entry < y->entry);
}

/* The series of one stack in points; false: it is nothing all the time. */
static bool look(const struct series *series, size_t stack)
{
	uint64_t *value[PROFILE_SAMPLES] = { [PROFILE_INUSE_SPACE] = series->points };
	const struct profile *profile = series->target->profile;

	if (profile->stacks[stack].value[PROFILE_INUSE_SPACE] == 0 &&
	    history_stack_changes(series->history, stack) == 0)
		return false;
	history_stack(series->history, stack, value);
	return true;
}

static double most(const struct series *series)
{
	uint64_t value = 0;

	for (size_t i = 0; i < series->history->count; i++)
		if (series->points[i] > value)
			value = series->points[i];
	return (double)value;
}

static void rank(struct series *series, const uint32_t *stack_of)
{
	const struct view_target *target = series->target;
	const struct profile *profile = target->profile;
	bool brief =
		(double)profile->stacks_count * (double)series->history->count > LOOK_MAX;

	for (size_t i = 0; i < target->set.count; i++)
		series->ranked[i].entry = (uint32_t)i;
	for (size_t i = 0; i < profile->stacks_count; i++) {
		uint32_t entry = target->set.entry_of[i];

		if (entry == STACK_SET_NONE || stack_of[entry] == PAGE_HISTORY_NONE)
			continue;
		if (brief)
			series->ranked[entry].weight +=
				(double)profile->stacks[i].value[PROFILE_INUSE_SPACE];
		else if (look(series, i))
			series->ranked[entry].weight += most(series);
	}
	qsort(series->ranked, target->set.count, sizeof(*series->ranked), by_weight);
	while (series->count < target->set.count && series->count < SERIES_MAX &&
	       series->ranked[series->count].weight > 0) {
		series->slot_of[series->ranked[series->count].entry] =
			(uint32_t)series->count;
		series->count++;
	}
}

static void add_up(struct series *series)
{
	const struct history *history = series->history;
	const struct view_target *target = series->target;
	double from = history->at[0], to = history->at[history->count - 1];
	double grid[GRID];

	for (size_t i = 0; i < target->profile->stacks_count; i++) {
		uint32_t entry = target->set.entry_of[i];

		if (entry == STACK_SET_NONE ||
		    series->slot_of[entry] == PAGE_HISTORY_NONE || !look(series, i))
			continue;
		history_resample(history, series->points, from, to, GRID, grid);
		for (size_t g = 0; g < GRID; g++)
			series->grid[series->slot_of[entry] * GRID + g] += grid[g];
	}
}

static void put_stacks(const struct series *series, const uint32_t *stack_of,
		       struct json_columns *to)
{
	const struct history *history = series->history;
	double from = history->at[0], span = history->at[history->count - 1] - from;

	json_columns_begin(to, "grid_s");
	for (size_t g = 0; g < GRID; g++)
		json_columns_add_real(to, from + span * (double)g / (GRID - 1));
	json_columns_end(to);
	json_columns_begin(to, "stacks");
	for (size_t i = 0; i < series->count; i++) {
		json_columns_open(to, NULL);
		json_columns_put(
			to, json_pack("{s:I}", "stack",
				      (json_int_t)stack_of[series->ranked[i].entry]));
		json_columns_begin(to, "inuse_space");
		for (size_t g = 0; g < GRID; g++)
			json_columns_add(to, (int64_t)series->grid[i * GRID + g]);
		json_columns_end(to);
		json_columns_close(to);
	}
	json_columns_end(to);
}

int page_history_write(const struct view_target *target, const uint32_t *stack_of,
		       struct json_columns *to)
{
	struct series series = { .target = target, .history = target->profile->history };
	size_t count = target->set.count;
	int r = -ENOMEM;

	if (!series.history)
		return 0;
	series.ranked = calloc(count + 1, sizeof(*series.ranked));
	series.slot_of = malloc((count + 1) * sizeof(*series.slot_of));
	series.points = calloc(series.history->count, sizeof(*series.points));
	series.grid = calloc((size_t)SERIES_MAX * GRID, sizeof(*series.grid));
	if (series.ranked && series.slot_of && series.points && series.grid) {
		memset(series.slot_of, 0xff, (count + 1) * sizeof(*series.slot_of));
		rank(&series, stack_of);
		add_up(&series);
		json_columns_open(to, "history");
		r = json_columns_put(to, small_keys(series.history));
		put_totals(series.history, to);
		put_stacks(&series, stack_of, to);
		json_columns_close(to);
	}
	free(series.ranked);
	free(series.slot_of);
	free(series.points);
	free(series.grid);
	return r;
}
