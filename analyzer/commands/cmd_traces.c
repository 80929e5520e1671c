/*
 * cmd_traces - whole call stacks, those that hold the most first
 *
 * Stacks that look the same at the chosen granularity are one.
 */
#include "analyzer/commands/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/views/stack_order.h"
#include "analyzer/views/view_command.h"

#define TEXT_STACKS 10

static void print_frame(const struct place *place)
{
	char text[4096];

	view_place_text(place, /*with_line=*/true, text, sizeof(text));
	view_print_frame(text, stdout);
}

static void print_stack(const struct view_target *target, const struct stack_entry *entry)
{
	const struct view_options *options = target->options;
	const uint32_t *places = stack_set_places(&target->set, entry);
	enum profile_sample s = options->sample;

	printf("\n%s%s (%s): in use %s in %s, allocated %s in %s\n",
	       view_value(options, s, entry->value[s]).text,
	       view_error(target, s, entry->variance[s]).text,
	       view_percent(target, s, entry->value[s]).text,
	       units_bytes_in(entry->value[PROFILE_INUSE_SPACE], options->unit).text,
	       units_signed_count(entry->value[PROFILE_INUSE_OBJECTS]).text,
	       units_bytes_in(entry->value[PROFILE_ALLOC_SPACE], options->unit).text,
	       units_signed_count(entry->value[PROFILE_ALLOC_OBJECTS]).text);
	for (uint32_t f = 0; f < entry->count; f++)
		print_frame(place_table_get(target->places, places[f]));
}

static int print_text(const struct view_target *target, const struct stack_order *order)
{
	enum profile_sample s = target->options->sample;

	view_print_heading(target, stdout);
	printf("%s: %zu of %s, total %s\n", profile_sample_name(s), order->count,
	       units_signed_counted((int64_t)target->set.count, "stack").text,
	       view_value(target->options, s, target->total[s]).text);
	for (size_t i = 0; i < order->count; i++)
		print_stack(target, order->entries[i]);
	putchar('\n');
	report_coverage(target->profile, stdout);
	return 0;
}

static int print_json(const struct view_target *target, const struct stack_order *order)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < order->count; i++)
		json_array_append_new(rows, view_json_stack(target, order->entries[i]));
	return view_json_print(view_json(target, "traces"), rows);
}

static int show(void *arg, struct view_target *target, char **arguments)
{
	const struct view_options *options = target->options;
	long limit = options->rows < 0 && !options->json ? TEXT_STACKS : options->rows;
	struct stack_order order;
	struct fault fault;
	int status;

	if (stack_order_load(&target->set, options->sample, !options->json, limit, &order,
			     &fault) < 0)
		return fault_print(&fault);
	status = options->json ? print_json(target, &order) : print_text(target, &order);
	stack_order_done(&order);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	const struct view_command view = { .command = command, .show = show };
	struct view_options options;

	view_options_init(&options);
	options.granularity = VIEW_LINES;
	return view_command_run(&view, &options, argc, argv);
}

const struct command cmd_traces = {
	.name = "traces",
	.arguments = "[OPTION...] TARGET",
	.summary = "Whole call stacks, those that hold or churn the most first",
	.help = "Frames come innermost first, with source lines where they are known. "
		"Stacks\n"
		"that look the same are one; --functions makes that happen more often.",
	.run = run,
};
