/*
 * place_rows - flat and cumulative figures for each place
 *
 * Rows are indexed by place number while stacks are added. `seen` holds, for
 * each place, the last stack that counted it: a recursive function is counted
 * once without clearing anything between stacks.
 */
#include "analyzer/views/place_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void add_flat(struct place_row *row, const struct stack_entry *entry)
{
	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		row->flat[s] += entry->value[s];
		row->base_flat[s] += entry->base[s];
	}
	profile_detail_add(&row->detail, &entry->detail);
}

struct order {
	const struct place_table *places;
	enum profile_sample sample;
	bool by_cum;
	bool responsible;
};

static void add_stack(struct place_rows *rows, const struct stack_set *set,
		      const struct stack_entry *entry, const struct order *order,
		      size_t *seen)
{
	enum profile_sample sample = order->sample;
	const uint32_t *places = stack_set_places(set, entry);
	struct place_row *flat =
		&rows->rows[places[order->responsible ? entry->culprit : 0]];
	size_t number = (size_t)(entry - set->entries) + 1;

	add_flat(flat, entry);
	flat->flat_variance += entry->variance[sample];
	for (uint32_t f = 0; f < entry->count; f++) {
		struct place_row *row = &rows->rows[places[f]];

		if (seen[places[f]] == number)
			continue;
		seen[places[f]] = number;
		row->cum_variance += entry->variance[sample];
		for (int s = 0; s < PROFILE_SAMPLES; s++) {
			row->cum[s] += entry->value[s];
			row->base_cum[s] += entry->base[s];
		}
	}
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		rows->shown[s] += entry->value[s];
}

/* Larger first, and of two as large the positive one. */
static int compare_size(int64_t x, int64_t y)
{
	uint64_t left = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
	uint64_t right = y < 0 ? 0 - (uint64_t)y : (uint64_t)y;

	return left != right ? (left < right) - (left > right) : (x < y) - (x > y);
}

/* The other figure and then the name make equal rows stand still. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct place_row *x = a, *y = b;
	const struct order *order = arg;
	enum profile_sample s = order->sample;
	int first = compare_size(x->flat[s], y->flat[s]);
	int second = compare_size(x->cum[s], y->cum[s]);
	int r = order->by_cum ? second : first;

	if (r == 0)
		r = order->by_cum ? first : second;
	if (r == 0) /* who changed most for its size is nearer to the cause than main */
		r = compare_size(y->base_cum[s], x->base_cum[s]);
	if (r == 0)
		r = strcmp(place_table_get(order->places, x->place)->function,
			   place_table_get(order->places, y->place)->function);
	if (r == 0)
		r = x->place < y->place ? -1 : x->place > y->place;
	return r;
}

static bool has_figures(const int64_t *value, const int64_t *base)
{
	return value[PROFILE_ALLOC_OBJECTS] || value[PROFILE_ALLOC_SPACE] ||
	       base[PROFILE_ALLOC_OBJECTS];
}

/* Drops the places that only lay on stacks which a filter dropped. */
static void compact(struct place_rows *rows, bool responsible)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < rows->count; i++) {
		const struct place_row *row = &rows->rows[i];

		if (responsible ? has_figures(row->flat, row->base_flat)
				: has_figures(row->cum, row->base_cum) ||
					  profile_detail_has_frees(&row->detail))
			rows->rows[kept++] = *row;
	}
	rows->count = kept;
}

static int load(const struct stack_set *set, struct order order,
		struct place_rows *ret_rows, struct fault *fault)
{
	struct place_rows rows = { .count = place_table_count(order.places) };
	size_t *seen = calloc((size_t)rows.count + 1, sizeof(*seen));

	rows.rows = calloc((size_t)rows.count + 1, sizeof(*rows.rows));
	if (!seen || !rows.rows) {
		free(seen);
		free(rows.rows);
		return fault_set(fault, FAULT_INPUT, -ENOMEM,
				 "out of memory for the rows");
	}
	for (uint32_t i = 0; i < rows.count; i++)
		rows.rows[i].place = i;
	for (size_t i = 0; i < set->count; i++)
		add_stack(&rows, set, &set->entries[i], &order, seen);
	free(seen);
	compact(&rows, order.responsible);
	qsort_r(rows.rows, rows.count, sizeof(*rows.rows), compare, &order);
	*ret_rows = rows;
	return 0;
}

int place_rows_load(const struct stack_set *set, const struct place_table *places,
		    enum profile_sample sample, bool by_cum, struct place_rows *ret_rows,
		    struct fault *fault)
{
	return load(set, (struct order){ places, sample, by_cum, false }, ret_rows,
		    fault);
}

int place_rows_load_responsible(const struct stack_set *set,
				const struct place_table *places,
				enum profile_sample sample, struct place_rows *ret_rows,
				struct fault *fault)
{
	return load(set, (struct order){ places, sample, false, true }, ret_rows, fault);
}

void place_rows_done(struct place_rows *rows)
{
	free(rows->rows);
	rows->rows = NULL;
	rows->count = 0;
}
