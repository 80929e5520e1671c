/*
 * cmd_slack - what blocks occupy beyond what was asked for, function by function
 */
#include "analyzer/commands/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/console/table.h"
#include "analyzer/views/place_rows.h"
#include "analyzer/views/view_command.h"

#define TEXT_ROWS 30

static uint64_t size_of_change(const struct place_row *row)
{
	uint64_t bytes = row->detail.slack.bytes;

	return (int64_t)bytes < 0 ? 0 - bytes : bytes;
}

static int by_slack(const void *a, const void *b)
{
	const struct place_row *x = a, *y = b;
	uint64_t left = size_of_change(x), right = size_of_change(y);

	if (left != right)
		return left < right ? 1 : -1;
	return (x->place > y->place) - (x->place < y->place);
}

static struct units_text bytes_of(const struct view_target *target, uint64_t bytes)
{
	return view_value(target->options, PROFILE_INUSE_SPACE, (int64_t)bytes);
}

/* Of both sides of a difference. */
static bool is_measured(const struct view_target *target)
{
	return target->profile->slack_measured &&
	       (!target->base || target->base->slack_measured);
}

/* Of the process, less that of a base. */
static struct profile_slack total_slack(const struct view_target *target)
{
	struct profile_detail total = { .slack = target->profile->slack };
	const struct profile_detail base = { .slack = target->base ? target->base->slack
								   : total.slack };
	double scale[PROFILE_SAMPLES];

	view_target_base_scale(target, scale);
	if (target->base)
		profile_detail_subtract(&total, &base, scale);
	return total.slack;
}

static bool has_any(const struct place_row *row)
{
	return row->flat[PROFILE_INUSE_OBJECTS] != 0 || row->detail.slack.bytes != 0;
}

static void add_row(struct table *table, const struct view_target *target,
		    const struct place_row *row)
{
	const struct profile_slack *slack = &row->detail.slack;
	int64_t objects = row->flat[PROFILE_INUSE_OBJECTS];
	char text[4096], each[32];

	snprintf(each, sizeof(each), "%.1f",
		 objects > 0 ? (double)slack->bytes / (double)objects : 0.0);
	table_add(table, bytes_of(target, slack->bytes).text);
	if (!is_measured(target)) {
		table_add(table, bytes_of(target, slack->low).text);
		table_add(table, bytes_of(target, slack->high).text);
	}
	table_add(table, each);
	table_add(table, bytes_of(target, (uint64_t)row->flat[PROFILE_INUSE_SPACE]).text);
	table_add(table, units_signed_count(objects).text);
	view_place_text(place_table_get(target->places, row->place),
			target->options->granularity == VIEW_LINES, text, sizeof(text));
	table_add(table, text);
}

static void print_total(const struct view_target *target)
{
	const struct profile *profile = target->profile;
	struct profile_slack slack = total_slack(target);

	view_print_heading(target, stdout);
	if (target->base)
		printf("slack %s more than in the base",
		       bytes_of(target, slack.bytes).text);
	else
		printf("slack %s, %s of what is in use (%s)",
		       bytes_of(target, slack.bytes).text,
		       units_percent((double)slack.bytes,
				     (double)profile->total[PROFILE_INUSE_SPACE])
			       .text,
		       bytes_of(target, profile->total[PROFILE_INUSE_SPACE]).text);
	if (is_measured(target))
		printf("\nmeasured, block by block, in the memory of the process\n");
	else
		printf("\nestimated from mean sizes; the truth lies between %s and %s\n",
		       bytes_of(target, slack.low).text,
		       bytes_of(target, slack.high).text);
}

static int print_text(const struct view_target *target, const struct place_rows *rows)
{
	const struct view_options *options = target->options;
	bool measured = is_measured(target);
	long left = options->rows < 0 ? TEXT_ROWS : options->rows;
	const char *const heading[] = { "slack",
					measured ? NULL : "at least",
					measured ? NULL : "at most",
					"each",
					"in use",
					"objects",
					view_row_name(options) };
	struct table *table = table_new(measured ? "rrrrn" : "rrrrrrn");

	if (!table)
		return FAULT_INPUT;
	print_total(target);
	for (size_t i = 0; i < sizeof(heading) / sizeof(heading[0]); i++)
		if (heading[i])
			table_add(table, heading[i]);
	for (uint32_t i = 0; i < rows->count && left > 0; i++)
		if (has_any(&rows->rows[i])) {
			add_row(table, target, &rows->rows[i]);
			left--;
		}
	table_print(table, stdout);
	table_free(table);
	report_coverage(target->profile, stdout);
	return 0;
}

static void add_keys(json_t *to, const struct profile_slack *slack)
{
	json_object_set_new(to, "slack", json_integer((json_int_t)slack->bytes));
	json_object_set_new(to, "slack_low", json_integer((json_int_t)slack->low));
	json_object_set_new(to, "slack_high", json_integer((json_int_t)slack->high));
}

static int print_json(const struct view_target *target, const struct place_rows *rows)
{
	long limit = target->options->rows;
	json_t *object = view_json(target, "slack"), *array = json_array();
	struct profile_slack total = total_slack(target);

	for (uint32_t i = 0; i < rows->count; i++) {
		const struct place_row *from = &rows->rows[i];
		json_t *row;

		if (!has_any(from) ||
		    (limit >= 0 && json_array_size(array) == (size_t)limit))
			continue;
		row = view_json_place(place_table_get(target->places, from->place));
		view_json_figures(row, "", from->flat);
		add_keys(row, &from->detail.slack);
		json_array_append_new(array, row);
	}
	add_keys(json_object_get(object, "total"), &total);
	json_object_set_new(object, "method",
			    json_string(is_measured(target) ? "measured" : "estimated"));
	return view_json_print(object, array);
}

static int show(void *arg, struct view_target *target, char **arguments)
{
	struct place_rows rows;
	struct fault fault;
	int status;

	if (place_rows_load(&target->set, target->places, PROFILE_INUSE_SPACE,
			    /*by_cum=*/false, &rows, &fault) < 0)
		return fault_print(&fault);
	if (rows.count > 0)
		qsort(rows.rows, rows.count, sizeof(*rows.rows), by_slack);
	status = target->options->json ? print_json(target, &rows)
				       : print_text(target, &rows);
	place_rows_done(&rows);
	return status;
}

static int check(void *arg, struct view_options *options, char **arguments,
		 struct fault *fault)
{
	if (options->wants.mappings)
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "slack: mappings are whole pages and have none: leave "
				 "out --mmap");
	options->wants.details = options->wants.slack = true;
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	const struct view_command view = { .command = command,
					   .prepare = check,
					   .show = show };
	static const char *const of_others[] = { "sample", NULL };
	struct view_options options;

	view_options_init(&options);
	view_options_leave_out(&options, of_others);
	return view_command_run(&view, &options, argc, argv);
}

const struct command cmd_slack = {
	.name = "slack",
	.arguments = "[OPTION...] TARGET",
	.summary = "What blocks occupy beyond what was asked for",
	.help = "Allocators round sizes up. Of a running process each block is looked at "
		"from\n"
		"outside; of one that ended, and of a moment that is past (--at), slack "
		"is "
		"estimated,\n"
		"with bounds. Known for glibc and jemalloc.",
	.run = run,
};
