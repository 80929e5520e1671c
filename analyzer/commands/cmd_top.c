/*
 * cmd_top - the functions that hold or churn the most memory
 *
 * Same columns as pprof's top: flat, flat%, sum%, cum, cum%.
 */
#include "analyzer/commands/commands.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/console/shell_word.h"
#include "analyzer/console/table.h"
#include "analyzer/views/place_rows.h"
#include "analyzer/views/view_command.h"

#define TEXT_ROWS 30

struct top {
	bool by_cum;
	const char *name; /* of the target, as it was given */
	const struct view_target *target;
	struct place_rows rows;
};

static double percent(int64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static json_t *row_json(const struct top *top, const struct place_row *from)
{
	enum profile_sample s = top->target->options->sample;
	uint64_t total = top->target->profile->total[s];
	json_t *row = view_json_place(place_table_get(top->target->places, from->place));

	if (!row)
		return NULL;
	json_object_set_new(row, "flat", json_integer(from->flat[s]));
	json_object_set_new(row, "flat_pct", json_real(percent(from->flat[s], total)));
	json_object_set_new(row, "cum", json_integer(from->cum[s]));
	json_object_set_new(row, "cum_pct", json_real(percent(from->cum[s], total)));
	view_json_figures(row, "", from->flat);
	if (top->by_cum)
		view_json_figures(row, "cum_", from->cum);
	json_object_set_new(
		row, "stderr",
		view_json_error(top->by_cum ? from->cum_variance : from->flat_variance));
	return row;
}

static int print_json(const struct top *top, uint32_t limit)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < limit; i++)
		json_array_append_new(rows, row_json(top, &top->rows.rows[i]));
	return view_json_print(view_json(top->target, "top"), rows);
}

static void add_row(const struct top *top, struct table *table,
		    const struct place_row *row, int64_t running)
{
	const struct view_target *target = top->target;
	const struct view_options *options = target->options;
	enum profile_sample s = options->sample;
	double variance = top->by_cum ? row->cum_variance : row->flat_variance;
	char text[4096];

	table_add(table, view_value(options, s, row->flat[s]).text);
	table_add(table, view_percent(target, s, row->flat[s]).text);
	table_add(table, view_percent(target, s, running).text);
	table_add(table, view_value(options, s, row->cum[s]).text);
	table_add(table, view_percent(target, s, row->cum[s]).text);
	if (target->set.has_variance)
		table_add(table, view_error(target, s, variance).text);
	view_place_text(place_table_get(target->places, row->place),
			options->granularity == VIEW_LINES, text, sizeof(text));
	table_add(table, text);
}

static void print_totals(const struct top *top, uint32_t limit)
{
	const struct view_target *target = top->target;
	const char *unit = target->options->unit;
	enum profile_sample s = target->options->sample;

	view_print_heading(target, stdout);
	if (!target->options->wants.at_peak && !target->options->wants.history &&
	    !target->base)
		printf("in use %s in %s, peak %s; allocated %s in %s\n",
		       units_bytes_in(target->total[PROFILE_INUSE_SPACE], unit).text,
		       units_signed_counted(target->total[PROFILE_INUSE_OBJECTS],
					    "object")
			       .text,
		       units_bytes_in((int64_t)target->profile->peak_space, unit).text,
		       units_bytes_in(target->total[PROFILE_ALLOC_SPACE], unit).text,
		       units_signed_count(target->total[PROFILE_ALLOC_OBJECTS]).text);
	printf("%s%s: %u of %u %ss, with %s of %s\n", profile_sample_name(s),
	       top->by_cum ? " by cum" : "", limit, top->rows.count,
	       view_row_name(target->options),
	       view_value(target->options, s, top->rows.shown[s]).text,
	       view_value(target->options, s, target->total[s]).text);
}

/* What a newcomer would ask next, of a dump that is about what is in use. */
static void print_hints(const struct top *top)
{
	const struct view_target *target = top->target;
	const struct profile *profile = target->profile;
	const struct view_options *options = target->options;
	char name[PATH_MAX + 16];

	if (profile->segment->header.kind != SEGMENT_KIND_DUMP || target->base ||
	    options->wants.at_peak || options->wants.history ||
	    options->sample > PROFILE_INUSE_OBJECTS ||
	    !shell_word(top->name, name, sizeof(name)))
		return;
	if (profile->total[PROFILE_INUSE_SPACE] < profile->peak_space / 2)
		printf("most was freed since the peak; what it held: heapring top --at "
		       "peak "
		       "%s\n",
		       name);
	printf("who is responsible: heapring audit %s\n", name);
}

static int print_text(const struct top *top, uint32_t limit)
{
	bool sampled = top->target->set.has_variance;
	const char *const heading[] = { "flat",
					"flat%",
					"sum%",
					"cum",
					"cum%",
					sampled ? "95%" : NULL,
					view_row_name(top->target->options) };
	struct table *table = table_new(sampled ? "rrrrrrn" : "rrrrrn");
	enum profile_sample s = top->target->options->sample;
	int64_t running = 0;

	if (!table)
		return FAULT_INPUT;
	print_totals(top, limit);
	for (size_t i = 0; i < sizeof(heading) / sizeof(heading[0]); i++)
		if (heading[i])
			table_add(table, heading[i]);
	for (uint32_t i = 0; i < limit; i++) {
		running += top->rows.rows[i].flat[s];
		add_row(top, table, &top->rows.rows[i], running);
	}
	table_print(table, stdout);
	table_free(table);
	report_coverage(top->target->profile, stdout);
	report_nothing_seen(top->target->profile, stdout);
	print_hints(top);
	return 0;
}

/* Text leaves out rows that have nothing of the chosen sample. */
static uint32_t rows_to_print(const struct top *top)
{
	const struct view_options *options = top->target->options;
	uint32_t limit = top->rows.count;
	long wanted = options->rows;

	if (!options->json) {
		while (limit > 0 && top->rows.rows[limit - 1].cum[options->sample] == 0 &&
		       top->rows.rows[limit - 1].flat[options->sample] == 0)
			limit--;
		if (wanted < 0)
			wanted = TEXT_ROWS;
	}
	return wanted >= 0 && wanted < (long)limit ? (uint32_t)wanted : limit;
}

static int show(void *arg, struct view_target *target, char **arguments)
{
	struct top *top = arg;
	struct fault fault;
	uint32_t limit;
	int status;

	top->target = target;
	top->name = arguments[0];
	if (place_rows_load(&target->set, target->places, target->options->sample,
			    top->by_cum, &top->rows, &fault) < 0)
		return fault_print(&fault);
	limit = rows_to_print(top);
	status = target->options->json ? print_json(top, limit) : print_text(top, limit);
	place_rows_done(&top->rows);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct top top = { 0 };
	const struct option_spec own[] = {
		{ "cum", 0, NULL, "order by what a function and all it calls account for",
		  option_set_true, &top.by_cum },
		{ NULL },
	};
	const struct view_command view = {
		.command = command, .own = own, .show = show, .arg = &top
	};
	struct view_options options;

	view_options_init(&options);
	return view_command_run(&view, &options, argc, argv);
}

const struct command cmd_top = {
	.name = "top",
	.arguments = "[--cum] [OPTION...] TARGET",
	.summary = "The functions that hold, or churn, the most memory",
	.help = "TARGET is a dump file, a pid, a segment file or a pprof profile. `flat` "
		"is\n"
		"what a function allocated itself, `cum` adds all that it called; `sum%` "
		"runs\n"
		"down the flat column. The default figure is inuse_space: bytes "
		"allocated "
		"and\n"
		"not yet freed. `95%` is the error of a sampled figure. On a terminal "
		"long names\n"
		"are shortened to its width; `| cat` and --format json have them whole.",
	.run = run,
};
