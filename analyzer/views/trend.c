/*
 * trend - how a process's figures moved in a part of its time, and which stacks grew
 *
 * Two passes over the stacks: the first ranks by growth, for which the two ends
 * suffice; the second makes the series of the few that are shown. With filters the
 * totals are added up on the way.
 */
#include "analyzer/views/trend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct loading {
	struct view_target *target;
	struct trend *trend;
	struct trend_row *all; /* by entry */
	bool filtered;
};

static bool has_filters(const struct view_options *options)
{
	return options->has[VIEW_FOCUS] || options->has[VIEW_IGNORE] ||
	       options->has[VIEW_SHOW_FROM];
}

/* The entry that a stack of the profile is shown as; NULL: a filter dropped it. */
static const struct stack_entry *entry_of(struct view_target *target, size_t stack)
{
	const struct stack_frame *frames;
	uint32_t count = stack_view_frames(target->view, stack, &frames);

	return count ? stack_set_find(&target->set, frames, count) : NULL;
}

static int make_room(struct loading *l)
{
	size_t points = l->trend->history->count;

	l->all = calloc(l->target->set.count + 1, sizeof(*l->all));
	if (!l->all)
		return -ENOMEM;
	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		l->trend->total[s] = calloc(points, sizeof(uint64_t));
		if (!l->trend->total[s])
			return -ENOMEM;
		if (!l->filtered)
			memcpy(l->trend->total[s], l->trend->history->total[s],
			       points * sizeof(uint64_t));
	}
	return 0;
}

static void add_total(struct loading *l, size_t stack, uint64_t *const *scratch)
{
	const struct history *history = l->trend->history;

	history_stack(history, stack, scratch);
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		for (size_t i = 0; i < history->count; i++)
			l->trend->total[s][i] += scratch[s][i];
}

/* Figures of every entry at both ends, and the totals. */
static void add_stacks(struct loading *l, uint64_t *const *scratch)
{
	const struct history *history = l->trend->history;
	uint64_t value[PROFILE_SAMPLES];

	for (size_t i = 0; i < l->target->profile->stacks_count; i++) {
		const struct stack_entry *entry = entry_of(l->target, i);
		struct trend_row *row;

		if (!entry)
			continue;
		row = &l->all[entry - l->target->set.entries];
		row->entry = entry;
		history_stack_at(history, i, l->trend->from, value);
		for (int s = 0; s < PROFILE_SAMPLES; s++)
			row->first[s] += value[s];
		history_stack_at(history, i, l->trend->to, value);
		for (int s = 0; s < PROFILE_SAMPLES; s++)
			row->last[s] += value[s];
		if (l->filtered)
			add_total(l, i, scratch);
	}
}

static int by_growth(const void *a, const void *b, void *arg)
{
	enum profile_sample s = *(const enum profile_sample *)arg;
	const struct trend_row *x = a, *y = b;
	int64_t gx = (int64_t)(x->last[s] - x->first[s]);
	int64_t gy = (int64_t)(y->last[s] - y->first[s]);

	return (gx < gy) - (gx > gy);
}

static int rank(struct loading *l, size_t rows_max)
{
	enum profile_sample s = l->target->options->sample;
	struct trend *trend = l->trend;
	size_t grew = 0;

	for (size_t i = 0; i < l->target->set.count; i++)
		if (l->all[i].entry && l->all[i].last[s] > l->all[i].first[s])
			l->all[grew++] = l->all[i];
	qsort_r(l->all, grew, sizeof(*l->all), by_growth, &s);
	trend->grew = grew;
	trend->rows_count = grew < rows_max ? grew : rows_max;
	trend->rows = calloc(trend->rows_count + 1, sizeof(*trend->rows));
	if (!trend->rows)
		return -ENOMEM;
	for (size_t i = 0; i < trend->rows_count; i++) {
		trend->rows[i] = l->all[i];
		trend->rows[i].series = calloc(trend->history->count, sizeof(uint64_t));
		if (!trend->rows[i].series)
			return -ENOMEM;
	}
	return 0;
}

static void add_series(struct loading *l, uint64_t *scratch)
{
	enum profile_sample s = l->target->options->sample;
	struct trend *trend = l->trend;
	uint64_t *wanted[PROFILE_SAMPLES] = { 0 };

	wanted[s] = scratch;
	for (size_t i = 0; trend->rows_count > 0 && i < l->target->profile->stacks_count;
	     i++) {
		const struct stack_entry *entry = entry_of(l->target, i);
		size_t r = 0;

		while (entry && r < trend->rows_count && trend->rows[r].entry != entry)
			r++;
		if (!entry || r == trend->rows_count)
			continue;
		history_stack(trend->history, i, wanted);
		for (size_t p = 0; p < trend->history->count; p++)
			trend->rows[r].series[p] += scratch[p];
	}
}

static int load(struct loading *l, size_t rows_max)
{
	size_t points = l->trend->history->count;
	uint64_t *block, *scratch[PROFILE_SAMPLES];
	int r = make_room(l);

	if (r < 0)
		return r;
	block = calloc(points * PROFILE_SAMPLES, sizeof(*block));
	if (!block)
		return -ENOMEM;
	for (size_t s = 0; s < PROFILE_SAMPLES; s++)
		scratch[s] = block + s * points;
	add_stacks(l, scratch);
	r = rank(l, rows_max);
	if (r == 0)
		add_series(l, block);
	free(block);
	return r;
}

int trend_load(struct view_target *target, size_t rows_max, struct trend *ret_trend,
	       struct fault *fault)
{
	const struct history *history = target->profile->history;
	const struct profile_window *window = &target->window;
	struct trend trend = { .history = history, .to = history->count - 1 };
	struct loading loading = { .target = target,
				   .trend = &trend,
				   .filtered = has_filters(target->options) };
	int r;

	if (window->has_since)
		trend.from = history_nearest(history, window->since_s);
	if (window->has_at)
		trend.to = history_nearest(history, window->at_s);
	r = load(&loading, rows_max);
	free(loading.all);
	if (r < 0) {
		trend_done(&trend);
		return fault_set(fault, FAULT_INPUT, r, "out of memory for the trend");
	}
	*ret_trend = trend;
	return 0;
}

void trend_done(struct trend *trend)
{
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		free(trend->total[s]);
	for (size_t i = 0; trend->rows && i < trend->rows_count; i++)
		free(trend->rows[i].series);
	free(trend->rows);
	memset(trend, 0, sizeof(*trend));
}
