/*
 * cmd_tree - who calls whom, from main inwards
 *
 * pprof's `tree` lists every function with its callers; that is `peek .` here.
 */
#include "analyzer/commands/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/pager.h"
#include "analyzer/console/table.h"
#include "analyzer/views/call_tree.h"
#include "analyzer/views/view_command.h"

#define TEXT_LINES 80
#define INDENT 2u       /* columns a level */
#define INDENT_MAX 40u  /* levels; deeper ones say how deep instead */
#define LEAST_SHARE 200 /* text leaves out less than 1/200 of the total */

/* At most a quarter of a terminal, so that there is room for names. */
static unsigned indented_levels(void)
{
	size_t columns = pager_columns();

	return columns > 0 && columns / 4 < INDENT_MAX * INDENT
		       ? (unsigned)columns / 4 / INDENT
		       : INDENT_MAX;
}

static void add_line(struct table *table, const struct view_target *target,
		     const struct call_node *node)
{
	enum profile_sample s = target->options->sample;
	const struct view_options *options = target->options;
	char place[2048], text[2200];
	unsigned level = node->depth - 1, most = indented_levels();

	view_place_text(place_table_get(target->places, node->place),
			options->granularity == VIEW_LINES, place, sizeof(place));
	if (level <= most)
		snprintf(text, sizeof(text), "%*s%s", (int)(level * INDENT), "", place);
	else
		snprintf(text, sizeof(text), "%*s(%u) %s", (int)(most * INDENT), "",
			 level, place);
	table_add(table, view_value(options, s, node->cum[s]).text);
	table_add(table, view_percent(target, s, node->cum[s]).text);
	table_add(table, view_value(options, s, node->flat[s]).text);
	table_add(table, text);
}

static bool is_small(const struct view_target *target, const struct call_node *node)
{
	enum profile_sample s = target->options->sample;
	uint64_t cum = (uint64_t)llabs(node->cum[s]);

	return cum == 0 || cum < target->profile->total[s] / LEAST_SHARE;
}

/* Returns how many lines were left out. */
static uint32_t add_lines(struct table *table, const struct view_target *target,
			  const struct call_tree *tree)
{
	long wanted = target->options->rows;
	uint32_t limit = wanted >= 0 ? (uint32_t)wanted : TEXT_LINES;
	uint32_t shown = 0;

	for (uint32_t i = call_tree_next(tree, 0, true); i && shown < limit;) {
		bool small = wanted < 0 && is_small(target, &tree->nodes[i]);

		if (!small) {
			add_line(table, target, &tree->nodes[i]);
			shown++;
		}
		i = call_tree_next(tree, i, /*inside=*/!small);
	}
	return tree->count - 1 - shown;
}

static int print_text(const struct view_target *target, const struct call_tree *tree)
{
	struct table *table = table_new("rrrn");
	enum profile_sample s = target->options->sample;
	uint32_t left_out;

	if (!table)
		return FAULT_INPUT;
	view_print_heading(target, stdout);
	printf("%s: %s of %s\n", profile_sample_name(s),
	       view_value(target->options, s, tree->nodes[0].cum[s]).text,
	       view_value(target->options, s, target->total[s]).text);
	table_add(table, "cum");
	table_add(table, "cum%");
	table_add(table, "flat");
	table_add(table, "call");
	left_out = add_lines(table, target, tree);
	table_print(table, stdout);
	table_free(table);
	if (left_out > 0)
		printf("%u smaller calls left out; -n COUNT shows more\n", left_out);
	report_coverage(target->profile, stdout);
	return 0;
}

static int print_json(const struct view_target *target, const struct call_tree *tree)
{
	long wanted = target->options->rows;
	json_t *rows = json_array();
	uint32_t i = call_tree_next(tree, 0, true);

	for (long n = 0; i && (wanted < 0 || n < wanted); n++) {
		const struct call_node *node = &tree->nodes[i];
		enum profile_sample s = target->options->sample;
		json_t *row =
			view_json_place(place_table_get(target->places, node->place));

		json_object_set_new(row, "depth", json_integer(node->depth));
		json_object_set_new(row, "flat", json_integer(node->flat[s]));
		json_object_set_new(row, "cum", json_integer(node->cum[s]));
		view_json_figures(row, "", node->flat);
		view_json_figures(row, "cum_", node->cum);
		json_array_append_new(rows, row);
		i = call_tree_next(tree, i, true);
	}
	return view_json_print(view_json(target, "tree"), rows);
}

static int show(void *arg, struct view_target *target, char **arguments)
{
	struct call_tree tree;
	struct fault fault;
	int status;

	if (call_tree_load(&target->set, target->options->sample, NULL, &tree, &fault) <
	    0)
		return fault_print(&fault);
	status = target->options->json ? print_json(target, &tree)
				       : print_text(target, &tree);
	call_tree_done(&tree);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	const struct view_command view = { .command = command, .show = show };
	struct view_options options;

	view_options_init(&options);
	return view_command_run(&view, &options, argc, argv);
}

const struct command cmd_tree = {
	.name = "tree",
	.arguments = "[OPTION...] TARGET",
	.summary = "The calls that lead to allocations, from main inwards",
	.help = "Each line is a call, below its caller. Calls of less than 0.5% are left "
		"out\n"
		"unless -n asks for more. (`peek .` is what pprof calls tree.)",
	.run = run,
};
