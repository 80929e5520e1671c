/*
 * export_callgrind - for KCachegrind, QCachegrind and callgrind_annotate
 *
 * Places are source lines. A function's block holds, for each of its lines, what
 * the line allocated itself and each call it made with the callee's inclusive
 * figures. Names are written once and then referred to by number, as the format
 * allows. Costs cannot be negative there, so there is no difference to export.
 */
#include "analyzer/export/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/views/call_edges.h"
#include "analyzer/views/place_rows.h"

struct writing {
	const struct view_target *target;
	FILE *to;
	struct place_table *functions; /* places without their lines */
	uint32_t *function_of;         /* by place */
	struct place_rows rows;        /* ordered by function */
	struct call_edges edges;
	bool *named; /* functions whose names were written */
};

static int make_functions(struct writing *writing)
{
	uint32_t count = place_table_count(writing->target->places);
	int r = 0;

	writing->functions = place_table_new(/*across_builds=*/false);
	writing->function_of = calloc((size_t)count + 1, sizeof(*writing->function_of));
	writing->named = calloc((size_t)count + 1, sizeof(*writing->named));
	if (!writing->functions || !writing->function_of || !writing->named)
		return -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < count; i++) {
		struct place place = *place_table_get(writing->target->places, i);

		place.line = 0;
		r = place_table_add(writing->functions, &place, /*by_line=*/true,
				    /*is_program=*/false, &writing->function_of[i]);
	}
	return r;
}

static int by_function(const void *a, const void *b, void *arg)
{
	const struct place_row *x = a, *y = b;
	const struct writing *writing = arg;
	uint32_t left = writing->function_of[x->place];
	uint32_t right = writing->function_of[y->place];

	if (left != right)
		return left < right ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static void put_text(FILE *to, const char *text)
{
	for (; *text; text++)
		putc((unsigned char)*text < ' ' ? '?' : *text, to);
}

/* ob, fl, fn of the function; with "c" before each, those of a callee. */
static void put_names(struct writing *writing, uint32_t function, const char *callee)
{
	const struct place *place = place_table_get(writing->functions, function);
	const char *const keys[] = { "ob", *callee ? "fi" : "fl", "fn" };
	const char *const texts[] = { *place->module ? place->module : "???",
				      place->file ? place->file : "???",
				      place->function };

	for (int i = 0; i < 3; i++) {
		/* the three name spaces are numbered by function alike */
		fprintf(writing->to, "%s%s=(%u)", callee, keys[i], function + 1);
		if (!writing->named[function]) {
			putc(' ', writing->to);
			put_text(writing->to, texts[i]);
		}
		putc('\n', writing->to);
	}
	writing->named[function] = true;
}

static void put_costs(struct writing *writing, uint32_t line, const int64_t *value)
{
	fprintf(writing->to, "%u %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", line,
		value[0], value[1], value[2], value[3]);
}

static uint32_t first_edge(const struct call_edges *edges, uint32_t caller)
{
	uint32_t low = 0, high = edges->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (edges->edges[middle].caller < caller)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void put_place(struct writing *writing, const struct place_row *row)
{
	uint32_t line = place_table_get(writing->target->places, row->place)->line;
	uint32_t at = first_edge(&writing->edges, row->place);

	put_costs(writing, line, row->flat);
	for (; at < writing->edges.count && writing->edges.edges[at].caller == row->place;
	     at++) {
		const struct call_edge *edge = &writing->edges.edges[at];

		put_names(writing, edge->callee, "c");
		fprintf(writing->to, "calls=%" PRId64 " 0\n",
			edge->value[PROFILE_ALLOC_OBJECTS]);
		put_costs(writing, line, edge->value);
	}
}

static void put_head(const struct writing *writing)
{
	const struct heapring_header *header = &writing->target->profile->segment->header;

	fprintf(writing->to,
		"# callgrind format\nversion: 1\ncreator: heapring-" HEAPRING_RELEASE
		"\npid: %u\ncmd: ",
		header->pid);
	put_text(writing->to, header->exe);
	fputs("\npart: 1\n\npositions: line\nevents: inuse_space inuse_objects "
	      "alloc_space alloc_objects\nsummary:",
	      writing->to);
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		fprintf(writing->to, " %" PRId64, writing->rows.shown[s]);
	fputs("\n", writing->to);
}

static int load(struct writing *writing, struct fault *fault)
{
	const struct view_target *target = writing->target;
	int r;

	if (make_functions(writing) < 0)
		return fault_set(fault, FAULT_INPUT, -ENOMEM,
				 "out of memory for the functions");
	r = place_rows_load(&target->set, target->places, target->options->sample, false,
			    &writing->rows, fault);
	if (r == 0)
		r = call_edges_load(&target->set, writing->function_of, &writing->edges,
				    fault);
	return r;
}

static int write_callgrind(struct view_target *target, FILE *to, struct fault *fault)
{
	struct writing writing = { .target = target, .to = to };
	int r = load(&writing, fault);

	if (r == 0) {
		uint32_t current = UINT32_MAX;

		qsort_r(writing.rows.rows, writing.rows.count, sizeof(*writing.rows.rows),
			by_function, &writing);
		put_head(&writing);
		for (uint32_t i = 0; i < writing.rows.count; i++) {
			const struct place_row *row = &writing.rows.rows[i];

			if (writing.function_of[row->place] != current) {
				current = writing.function_of[row->place];
				putc('\n', to);
				put_names(&writing, current, "");
			}
			put_place(&writing, row);
		}
	}
	place_table_free(writing.functions);
	free(writing.function_of);
	free(writing.named);
	place_rows_done(&writing.rows);
	call_edges_done(&writing.edges);
	return r;
}

const struct export_format export_callgrind = { "callgrind", VIEW_LINES, false, false,
						write_callgrind };
