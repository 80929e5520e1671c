/*
 * cmd_flame - an interactive flame graph in one file that needs no network
 *
 * The page (flame.html) is embedded in the binary; here its data is put in. Only
 * flat figures are written: the page adds them up, so every view of it is
 * consistent with the totals. With --base, widths are the target's figures and
 * colours say what changed.
 */
#include "analyzer/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/call_tree.h"
#include "analyzer/output_file.h"
#include "analyzer/view_command.h"

#define MARK "@DATA@"

extern const char flame_page[];

struct flame {
	const char *output;
};

static json_t *places_json(const struct view_target *target)
{
	uint32_t count = place_table_count(target->places);
	json_t *places = json_array();

	for (uint32_t i = 0; i < count; i++)
		json_array_append_new(
			places, view_json_place(place_table_get(target->places, i)));
	return places;
}

/* One array for each sample type; base: what was subtracted, else what was left. */
static json_t *figures_json(const struct call_tree *tree, bool base)
{
	json_t *figures = json_object();

	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		json_t *array = json_array();

		for (uint32_t i = 0; i < tree->count; i++) {
			const struct call_node *node = &tree->nodes[i];
			int64_t before = node->base_flat[s];

			json_array_append_new(
				array,
				json_integer(base ? before : node->flat[s] + before));
		}
		json_object_set_new(figures, profile_sample_name((enum profile_sample)s),
				    array);
	}
	return figures;
}

static void describe(const struct view_target *target, char **ret_title, char **ret_about)
{
	const struct heapring_header *header = &target->profile->segment->header;
	const char *base = strrchr(header->exe, '/');
	size_t length;
	FILE *to = open_memstream(ret_about, &length);

	if (asprintf(ret_title, "%s, pid %u", base ? base + 1 : header->exe,
		     header->pid) < 0)
		*ret_title = NULL;
	if (!to)
		return;
	view_print_heading(target, to);
	report_coverage(target->profile, to);
	fclose(to);
}

static json_t *data_json(const struct view_target *target, const struct call_tree *tree)
{
	json_t *place = json_array(), *parent = json_array(), *data;
	char *title = NULL, *about = NULL;

	for (uint32_t i = 0; i < tree->count; i++) {
		const struct call_node *node = &tree->nodes[i];

		json_array_append_new(place, json_integer(i ? node->place : 0));
		json_array_append_new(parent, json_integer(node->parent));
	}
	describe(target, &title, &about);
	data = json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o}", "title",
			 report_json_text(title ? title : "heapring"), "about",
			 report_json_text(about ? about : ""), "all", "all stacks",
			 "sample", profile_sample_name(target->options->sample), "places",
			 places_json(target), "place", place, "parent", parent, "flat",
			 figures_json(tree, /*base=*/false));
	free(title);
	free(about);
	if (data && target->base)
		json_object_set_new(data, "base", figures_json(tree, /*base=*/true));
	return data;
}

/* In a script element "</" would end it, so no '<' is written as itself. */
static int put_escaped(const char *bytes, size_t length, void *to)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] == '<')
			fputs("\\u003c", to);
		else
			putc(bytes[i], to);
	return 0;
}

static int write_page(const struct view_target *target, FILE *to, struct fault *fault)
{
	const char *mark = strstr(flame_page, MARK);
	struct call_tree tree;
	json_t *data;
	int r = call_tree_load(&target->set, target->options->sample, &tree, fault);

	if (r < 0)
		return r;
	data = data_json(target, &tree);
	call_tree_done(&tree);
	if (!data || !mark)
		return fault_set(fault, FAULT_INPUT, -ENOMEM,
				 "out of memory for the page");
	fwrite(flame_page, 1, (size_t)(mark - flame_page), to);
	r = json_dump_callback(data, put_escaped, to, JSON_COMPACT);
	json_decref(data);
	fputs(mark + strlen(MARK), to);
	return r == 0 ? 0
		      : fault_set(fault, FAULT_INPUT, -ENOMEM,
				  "out of memory for the page");
}

static int show(void *arg, struct view_target *target, char **arguments)
{
	const struct flame *flame = arg;
	struct output_file file;
	struct fault fault;

	if (output_file_open(flame->output, &file, &fault) < 0)
		return fault_print(&fault);
	if (write_page(target, file.stream, &fault) < 0) {
		output_file_abort(&file);
		return fault_print(&fault);
	}
	return output_file_commit(&file, &fault) < 0 ? fault_print(&fault) : 0;
}

static int prepare(void *arg, struct view_options *options, char **arguments,
		   struct fault *fault)
{
	const struct flame *flame = arg;

	if (!flame->output)
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "flame: -o FILE.html is missing (`-o -` is stdout)");
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct flame flame = { 0 };
	const struct option_spec own[] = {
		{ "output", 'o', "FILE", "the page to write, - for stdout",
		  option_set_string, &flame.output },
		{ NULL },
	};
	const struct view_command view = { .command = command,
					   .own = own,
					   .writes_file = true,
					   .prepare = prepare,
					   .show = show,
					   .arg = &flame };
	struct view_options options;

	view_options_init(&options);
	return view_command_run(&view, &options, argc, argv);
}

const struct command cmd_flame = {
	.name = "flame",
	.arguments = "[OPTION...] TARGET -o FILE.html",
	.summary = "Write an interactive flame graph as one HTML file",
	.help = "The page needs no network: click to zoom, search by regular expression, "
		"choose\n"
		"among the four figures. With --base, red grew and blue shrank.",
	.run = run,
};
