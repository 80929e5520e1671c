/*
 * cmd_peek - some functions with their callers and callees
 *
 * Each function is a block as in pprof: callers above it, callees below, with
 * what of its figure came through each.
 */
#include "analyzer/commands/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/table.h"
#include "analyzer/console/text_wrap.h"
#include "analyzer/profile/profile_figures.h"
#include "analyzer/views/call_edges.h"
#include "analyzer/views/place_match.h"
#include "analyzer/views/place_rows.h"
#include "analyzer/views/view_command.h"

#define TEXT_FUNCTIONS 20

struct peek {
	const struct view_target *target;
	struct place_rows rows;
	struct call_edges edges;
	const struct call_edge **near; /* of one function, largest first */
	bool *matches;
	long limit;
};

static int by_value(const void *a, const void *b, void *arg)
{
	const struct call_edge *x = *(const struct call_edge *const *)a;
	const struct call_edge *y = *(const struct call_edge *const *)b;
	enum profile_sample s = *(const enum profile_sample *)arg;
	int order = figures_larger_first(x->value[s], y->value[s]);

	return order != 0 ? order : (x > y) - (x < y);
}

/* The edges that end, or begin, at a place. */
static uint32_t gather(struct peek *peek, uint32_t place, bool callers)
{
	enum profile_sample s = peek->target->options->sample;
	uint32_t count = 0;

	for (uint32_t i = 0; i < peek->edges.count; i++) {
		const struct call_edge *edge = &peek->edges.edges[i];

		if ((callers ? edge->callee : edge->caller) == place)
			peek->near[count++] = edge;
	}
	qsort_r(peek->near, count, sizeof(*peek->near), by_value, &s);
	return count;
}

static void add_cells(struct peek *peek, struct table *table, const char *flat,
		      const char *cum, const char *share, const char *indent,
		      uint32_t place)
{
	char name[2048], text[2100];

	view_place_text(place_table_get(peek->target->places, place),
			peek->target->options->granularity == VIEW_LINES, name,
			sizeof(name));
	snprintf(text, sizeof(text), "%s%s", indent, name);
	table_add(table, flat);
	table_add(table, cum);
	table_add(table, share);
	table_add(table, text);
}

static void add_near(struct peek *peek, struct table *table, const struct place_row *row,
		     bool callers)
{
	const struct view_options *options = peek->target->options;
	enum profile_sample s = options->sample;
	uint32_t count = gather(peek, row->place, callers);

	for (uint32_t i = 0; i < count; i++) {
		const struct call_edge *edge = peek->near[i];

		if (edge->value[s] == 0)
			continue;
		add_cells(peek, table, "", view_value(options, s, edge->value[s]).text,
			  units_percent((double)edge->value[s], (double)row->cum[s]).text,
			  "    ", callers ? edge->caller : edge->callee);
	}
}

static void add_block(struct peek *peek, struct table *table, const struct place_row *row)
{
	const struct view_target *target = peek->target;
	enum profile_sample s = target->options->sample;

	for (int column = 0; column < 4; column++)
		table_add(table, "------");
	add_near(peek, table, row, /*callers=*/true);
	add_cells(peek, table, view_value(target->options, s, row->flat[s]).text,
		  view_value(target->options, s, row->cum[s]).text,
		  view_percent(target, s, row->cum[s]).text, "", row->place);
	add_near(peek, table, row, /*callers=*/false);
}

static int print_text(struct peek *peek)
{
	enum profile_sample s = peek->target->options->sample;
	struct table *table = table_new("rrrn");
	long wanted = peek->limit < 0 ? TEXT_FUNCTIONS : peek->limit, left = wanted;

	if (!table)
		return FAULT_INPUT;
	view_print_heading(peek->target, stdout);
	printf("%s: callers above, callees below, each with its share of the function\n",
	       profile_sample_name(s));
	table_add(table, "flat");
	table_add(table, "cum");
	table_add(table, "share");
	table_add(table, "function");
	for (uint32_t i = 0; i < peek->rows.count && left > 0; i++) {
		const struct place_row *row = &peek->rows.rows[i];

		if (!peek->matches[row->place] || (row->cum[s] == 0 && row->flat[s] == 0))
			continue;
		add_block(peek, table, row);
		left--;
	}
	if (left == wanted && wanted > 0)
		text_wrap_lines("no function, file or module with such a figure matches; "
				"`heapring top --cum` shows what there is\n",
				stdout);
	else
		table_print(table, stdout);
	table_free(table);
	return 0;
}

static json_t *near_json(struct peek *peek, uint32_t place, bool callers)
{
	enum profile_sample s = peek->target->options->sample;
	uint32_t count = gather(peek, place, callers);
	json_t *array = json_array();

	for (uint32_t i = 0; i < count; i++) {
		const struct call_edge *edge = peek->near[i];
		json_t *item = view_json_place(place_table_get(
			peek->target->places, callers ? edge->caller : edge->callee));

		json_object_set_new(item, "value", json_integer(edge->value[s]));
		json_array_append_new(array, item);
	}
	return array;
}

static int print_json(struct peek *peek)
{
	enum profile_sample s = peek->target->options->sample;
	json_t *rows = json_array();
	long left = peek->limit;

	for (uint32_t i = 0; i < peek->rows.count && left != 0; i++) {
		const struct place_row *from = &peek->rows.rows[i];
		json_t *row;

		if (!peek->matches[from->place])
			continue;
		row = view_json_place(place_table_get(peek->target->places, from->place));
		json_object_set_new(row, "flat", json_integer(from->flat[s]));
		json_object_set_new(row, "cum", json_integer(from->cum[s]));
		json_object_set_new(row, "callers", near_json(peek, from->place, true));
		json_object_set_new(row, "callees", near_json(peek, from->place, false));
		json_array_append_new(rows, row);
		left--;
	}
	return view_json_print(view_json(peek->target, "peek"), rows);
}

static int load(struct peek *peek, const char *expression, struct fault *fault)
{
	const struct view_target *target = peek->target;
	int r = place_match(target->places, expression, &peek->matches, fault);

	if (r == 0)
		r = place_rows_load(&target->set, target->places, target->options->sample,
				    /*by_cum=*/true, &peek->rows, fault);
	if (r == 0)
		r = call_edges_load(&target->set, NULL, &peek->edges, fault);
	if (r < 0)
		return r;
	peek->limit = target->options->rows;
	peek->near = calloc((size_t)peek->edges.count + 1, sizeof(*peek->near));
	return peek->near
		       ? 0
		       : fault_set(fault, FAULT_INPUT, -1, "out of memory for the calls");
}

static int show(void *arg, struct view_target *target, char **arguments)
{
	struct peek peek = { .target = target };
	struct fault fault;
	int status;

	if (load(&peek, arguments[0], &fault) < 0)
		status = fault_print(&fault);
	else
		status = target->options->json ? print_json(&peek) : print_text(&peek);
	free(peek.near);
	free(peek.matches);
	call_edges_done(&peek.edges);
	place_rows_done(&peek.rows);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	const struct view_command view = { .command = command,
					   .arguments = 1,
					   .show = show };
	struct view_options options;

	view_options_init(&options);
	return view_command_run(&view, &options, argc, argv);
}

const struct command cmd_peek = {
	.name = "peek",
	.arguments = "[OPTION...] RE TARGET",
	.summary = "Functions that match, with their callers and callees",
	.help = "RE is a regular expression, matched anywhere in a function's name, its "
		"file or\n"
		"its module. `share` is of the function's own cum; the function's line "
		"shows its\n"
		"share of the total.",
	.run = run,
};
