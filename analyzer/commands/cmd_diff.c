/*
 * cmd_diff - what changed from one profile to another, function by function
 *
 * The views' --base with both sides shown: A is the base, B the target. Where libraries
 * and wrappers allocate for others, a first table says for whom; its changes add up to
 * the same total as those of the second one, which is flat or cum as in every view.
 */
#include "analyzer/commands/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/table.h"
#include "analyzer/views/place_rows.h"
#include "analyzer/views/view_command.h"

#define STACK_FRAMES 12u
#define TEXT_ROWS 30
#define RESPONSIBLE_ROWS 10

/* The rows of one table. */
struct changes {
	struct place_rows rows;
	bool by_cum;
};

struct diff {
	bool by_cum;
	const struct view_target *target;
	struct changes responsible, all;
};

static const int64_t *delta_of(const struct changes *changes, const struct place_row *row)
{
	return changes->by_cum ? row->cum : row->flat;
}

static const int64_t *before_of(const struct changes *changes,
				const struct place_row *row)
{
	return changes->by_cum ? row->base_cum : row->base_flat;
}

static void add_row(const struct diff *diff, const struct changes *changes,
		    struct table *table, const struct place_row *row)
{
	const struct view_options *options = diff->target->options;
	enum profile_sample s = options->sample;
	int64_t delta = delta_of(changes, row)[s], before = before_of(changes, row)[s];
	char text[4096], sign[UNITS_TEXT + 1];

	snprintf(sign, sizeof(sign), "%s%s", delta > 0 ? "+" : "",
		 view_value(options, s, delta).text);
	table_add(table, sign);
	table_add(table, view_value(options, s, before).text);
	table_add(table, view_value(options, s, before + delta).text);
	table_add(table,
		  before ? units_percent((double)delta, (double)before).text : "new");
	if (diff->target->set.has_variance)
		table_add(table, view_error(diff->target, s,
					    changes->by_cum ? row->cum_variance
							    : row->flat_variance)
					 .text);
	view_place_text(place_table_get(diff->target->places, row->place),
			options->granularity == VIEW_LINES, text, sizeof(text));
	table_add(table, text);
}

/*
 * A helper of a library is often the first row; the stack under it says whose change
 * it is.
 */
static void print_largest(const struct view_target *target)
{
	enum profile_sample s = target->options->sample;
	const struct stack_entry *largest = NULL;
	const uint32_t *places;
	char text[2048];

	for (size_t i = 0; i < target->set.count; i++) {
		const struct stack_entry *entry = &target->set.entries[i];

		if (entry->value[s] != 0 &&
		    (!largest || llabs(entry->value[s]) > llabs(largest->value[s])))
			largest = entry;
	}
	if (!largest) {
		puts("no stack changed in this figure; see also --sample alloc_space");
		return;
	}
	printf("largest change of one stack: %s%s\n", largest->value[s] > 0 ? "+" : "",
	       view_value(target->options, s, largest->value[s]).text);
	places = stack_set_places(&target->set, largest);
	for (uint32_t f = 0; f < largest->count && f < STACK_FRAMES; f++) {
		view_place_text(place_table_get(target->places, places[f]),
				target->options->granularity == VIEW_LINES, text,
				sizeof(text));
		view_print_frame(text, stdout);
	}
	if (largest->count > STACK_FRAMES)
		printf("        and %u more: heapring traces --base A B\n",
		       largest->count - STACK_FRAMES);
}

static int print_changes(const struct diff *diff, const struct changes *changes,
			 long limit)
{
	const struct view_target *target = diff->target;
	bool sampled = target->set.has_variance;
	const char *const heading[] = { "change",
					"before",
					"after",
					"change%",
					sampled ? "95%" : NULL,
					view_row_name(target->options) };
	struct table *table = table_new(sampled ? "rrrrrn" : "rrrrn");

	if (!table)
		return FAULT_INPUT;
	for (size_t i = 0; i < sizeof(heading) / sizeof(heading[0]); i++)
		if (heading[i])
			table_add(table, heading[i]);
	for (uint32_t i = 0; i < changes->rows.count && (long)i < limit; i++)
		if (delta_of(changes, &changes->rows.rows[i])[target->options->sample] !=
		    0)
			add_row(diff, changes, table, &changes->rows.rows[i]);
	table_print(table, stdout);
	table_free(table);
	return 0;
}

/* Did anybody's library or wrapper change? Else both tables are one. */
static bool has_others_changes(const struct view_target *target)
{
	enum profile_sample s = target->options->sample;

	for (size_t i = 0; i < target->set.count; i++) {
		const struct stack_entry *entry = &target->set.entries[i];
		const uint32_t *places = stack_set_places(&target->set, entry);

		if (entry->value[s] != 0 && places[entry->culprit] != places[0])
			return true;
	}
	return false;
}

static int print_tables(const struct diff *diff)
{
	const struct view_options *options = diff->target->options;
	long limit = options->rows < 0 ? TEXT_ROWS : options->rows;
	int status = 0;

	if (has_others_changes(diff->target)) {
		puts("by who is responsible, libraries and wrappers left out:");
		status = print_changes(diff, &diff->responsible,
				       options->rows < 0 ? RESPONSIBLE_ROWS : limit);
		puts(diff->by_cum ? "by all that are on the stack:"
				  : "by who called the allocator:");
	}
	return status == 0 ? print_changes(diff, &diff->all, limit) : status;
}

static bool is_same_program(const struct view_target *target)
{
	return strcmp(basename(target->profile->segment->header.exe),
		      basename(target->base->segment->header.exe)) == 0;
}

static void warn_of_programs(const struct view_target *target)
{
	char base[HR_EXE], name[HR_EXE];

	report_name(&target->base->segment->header, base, sizeof(base));
	report_name(&target->profile->segment->header, name, sizeof(name));
	printf("different programs: %s and %s; functions are matched by their names\n",
	       base, name);
}

static int print_text(const struct diff *diff)
{
	const struct view_target *target = diff->target;
	enum profile_sample s = target->options->sample;
	int status;

	view_print_heading(target, stdout);
	if (!is_same_program(target))
		warn_of_programs(target);
	printf("%s%s: %s%s from %s to %s\n", profile_sample_name(s),
	       diff->by_cum ? " by cum" : "", target->total[s] > 0 ? "+" : "",
	       view_value(target->options, s, target->total[s]).text,
	       view_value(target->options, s,
			  (int64_t)target->profile->total[s] - target->total[s])
		       .text,
	       view_value(target->options, s, (int64_t)target->profile->total[s]).text);
	status = print_tables(diff);
	if (status != 0)
		return status;
	print_largest(target);
	report_coverage(target->profile, stdout);
	return 0;
}

static json_t *changes_json(const struct diff *diff, const struct changes *changes)
{
	const struct view_target *target = diff->target;
	enum profile_sample s = target->options->sample;
	long limit = target->options->rows;
	json_t *rows = json_array();

	for (uint32_t i = 0; i < changes->rows.count && (limit < 0 || (long)i < limit);
	     i++) {
		const struct place_row *from = &changes->rows.rows[i];
		const int64_t *delta = delta_of(changes, from);
		const int64_t *before = before_of(changes, from);
		json_t *row =
			view_json_place(place_table_get(target->places, from->place));

		json_object_set_new(row, "delta", json_integer(delta[s]));
		json_object_set_new(row, "before", json_integer(before[s]));
		json_object_set_new(row, "after", json_integer(before[s] + delta[s]));
		view_json_figures(row, "delta_", delta);
		json_object_set_new(row, "stderr",
				    view_json_error(changes->by_cum
							    ? from->cum_variance
							    : from->flat_variance));
		json_array_append_new(rows, row);
	}
	return rows;
}

static int print_json(const struct diff *diff)
{
	json_t *object = view_json(diff->target, "diff");

	if (object) {
		json_object_set_new(object, "same_program",
				    json_boolean(is_same_program(diff->target)));
		json_object_set_new(object, "responsible",
				    changes_json(diff, &diff->responsible));
	}
	return view_json_print(object, changes_json(diff, &diff->all));
}

static int show(void *arg, struct view_target *target, char **arguments)
{
	struct diff *diff = arg;
	enum profile_sample s = target->options->sample;
	struct fault fault;
	int status;

	diff->target = target;
	diff->all.by_cum = diff->by_cum;
	if (place_rows_load(&target->set, target->places, s, diff->by_cum,
			    &diff->all.rows, &fault) < 0 ||
	    place_rows_load_responsible(&target->set, target->places, s,
					&diff->responsible.rows, &fault) < 0)
		status = fault_print(&fault);
	else
		status = target->options->json ? print_json(diff) : print_text(diff);
	place_rows_done(&diff->all.rows);
	place_rows_done(&diff->responsible.rows);
	return status;
}

static int take_base(void *arg, struct view_options *options, char **arguments,
		     struct fault *fault)
{
	options->base = arguments[0];
	options->find_culprits = true;
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct diff diff = { 0 };
	const struct option_spec own[] = {
		{ "cum", 0, NULL, "compare what a function and all it calls account for",
		  option_set_true, &diff.by_cum },
		{ NULL },
	};
	const struct view_command view = { .command = command,
					   .own = own,
					   .arguments = 1,
					   .prepare = take_base,
					   .show = show,
					   .arg = &diff };
	static const char *const is_given[] = { "base", NULL };
	struct view_options options;

	view_options_init(&options);
	view_options_leave_out(&options, is_given);
	return view_command_run(&view, &options, argc, argv);
}

const struct command cmd_diff = {
	.name = "diff",
	.arguments = "[--cum] [OPTION...] A B",
	.summary = "What changed from profile A to profile B, largest change first",
	.help = "A and B are TARGETs: two moments of one program, or two builds of it. "
		"Functions\n"
		"are matched by name and library. Where containers and wrappers "
		"allocate for\n"
		"others, a first table names the functions that they do it for. "
		"--normalize\n"
		"compares shares: A is first scaled to B's total.",
	.run = run,
};
