/*
 * listing - the figures of some functions, line by line
 *
 * Chosen places are sorted by function, file and line; runs of equal ones become
 * a line, runs of lines a function. Then every stack is walked once.
 */
#include "analyzer/views/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/profile/profile_figures.h"

#define NOT_CHOSEN UINT32_MAX

struct building {
	struct listing listing;
	const struct place_table *places;
	uint32_t *numbers; /* chosen places, sorted */
	uint32_t count;
	uint32_t *line_of; /* by place */
};

static int compare_text(const char *x, const char *y)
{
	if (!x || !y)
		return (x != NULL) - (y != NULL);
	return strcmp(x, y);
}

static int by_function(const struct place *x, const struct place *y)
{
	int r = compare_text(x->file, y->file);

	return r != 0 ? r : compare_text(x->function, y->function);
}

static int by_line(const void *a, const void *b, void *arg)
{
	const struct place *x = place_table_get(arg, *(const uint32_t *)a);
	const struct place *y = place_table_get(arg, *(const uint32_t *)b);
	int r = by_function(x, y);

	return r != 0 ? r : (x->line > y->line) - (x->line < y->line);
}

static int make_room(struct building *building, const bool *chosen)
{
	uint32_t places = place_table_count(building->places);
	struct listing *listing = &building->listing;

	building->numbers = calloc((size_t)places + 1, sizeof(*building->numbers));
	building->line_of = malloc(((size_t)places + 1) * sizeof(*building->line_of));
	if (!building->numbers || !building->line_of)
		return -ENOMEM;
	memset(building->line_of, 0xff,
	       ((size_t)places + 1) * sizeof(*building->line_of));
	for (uint32_t i = 0; i < places; i++)
		if (chosen[i])
			building->numbers[building->count++] = i;
	listing->functions =
		calloc((size_t)building->count + 1, sizeof(*listing->functions));
	listing->lines = calloc((size_t)building->count + 1, sizeof(*listing->lines));
	listing->order = calloc((size_t)building->count + 1, sizeof(*listing->order));
	return listing->functions && listing->lines && listing->order ? 0 : -ENOMEM;
}

static void make_lines(struct building *building)
{
	struct listing *listing = &building->listing;
	const struct place *before = NULL;

	qsort_r(building->numbers, building->count, sizeof(*building->numbers), by_line,
		(void *)building->places);
	for (uint32_t i = 0; i < building->count; i++) {
		const struct place *place =
			place_table_get(building->places, building->numbers[i]);
		struct listing_function *function;

		if (!before || by_function(before, place) != 0)
			listing->functions[listing->count++] =
				(struct listing_function){ .name = place->function,
							   .file = place->file,
							   .module = place->module,
							   .first =
								   listing->lines_count };
		function = &listing->functions[listing->count - 1];
		if (function->count == 0 || before->line != place->line) {
			listing->lines[listing->lines_count++] =
				(struct listing_line){ .function = listing->count - 1,
						       .line = place->line };
			function->count++;
		}
		building->line_of[building->numbers[i]] = listing->lines_count - 1;
		before = place;
	}
}

static void add_stack(struct building *building, const struct stack_entry *entry,
		      const uint32_t *places, size_t number)
{
	for (uint32_t f = 0; f < entry->count; f++) {
		uint32_t at = building->line_of[places[f]];
		struct listing_line *line = &building->listing.lines[at];
		struct listing_function *function;

		if (at == NOT_CHOSEN)
			continue;
		function = &building->listing.functions[line->function];
		if (f == 0) {
			figures_add(line->flat, entry->value);
			figures_add(function->flat, entry->value);
		}
		if (line->last_stack != number)
			figures_add(line->cum, entry->value);
		if (function->last_stack != number)
			figures_add(function->cum, entry->value);
		line->last_stack = function->last_stack = number;
	}
}

struct order {
	const struct listing *listing;
	enum profile_sample sample;
};

static int by_cum(const void *a, const void *b, void *arg)
{
	const struct order *order = arg;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	uint64_t x = (uint64_t)llabs(order->listing->functions[i].cum[order->sample]);
	uint64_t y = (uint64_t)llabs(order->listing->functions[j].cum[order->sample]);

	return x != y ? (x < y) - (x > y) : (i > j) - (i < j);
}

int listing_load(const struct stack_set *set, const struct place_table *places,
		 const bool *chosen, enum profile_sample sample,
		 struct listing *ret_listing, struct fault *fault)
{
	struct building building = { .places = places };
	struct listing *listing = &building.listing;
	struct order order = { listing, sample };
	int r = make_room(&building, chosen);

	if (r == 0) {
		make_lines(&building);
		for (size_t i = 0; i < set->count; i++)
			add_stack(&building, &set->entries[i],
				  stack_set_places(set, &set->entries[i]), i + 1);
		for (uint32_t i = 0; i < listing->count; i++)
			listing->order[i] = i;
		qsort_r(listing->order, listing->count, sizeof(*listing->order), by_cum,
			&order);
	}
	free(building.numbers);
	free(building.line_of);
	if (r < 0) {
		listing_done(listing);
		return fault_set(fault, FAULT_INPUT, r, "out of memory for the lines");
	}
	*ret_listing = *listing;
	return 0;
}

void listing_done(struct listing *listing)
{
	free(listing->functions);
	free(listing->lines);
	free(listing->order);
	memset(listing, 0, sizeof(*listing));
}
