/*
 * cmd_list - source lines with what they hold beside them
 *
 * As pprof's list. A line without a figure is shown only near one with.
 */
#include "analyzer/commands/commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/text_wrap.h"
#include "analyzer/symbols/source_file.h"
#include "analyzer/views/listing.h"
#include "analyzer/views/place_match.h"
#include "analyzer/views/view_command.h"

#define CONTEXT 4u /* lines before and after */
#define TEXT_FUNCTIONS 10

struct list {
	struct source_paths paths;
	const struct view_target *target;
	struct listing listing;
	bool *chosen;
};

static void print_line(const struct list *list, const struct listing_line *figures,
		       const struct source_file *source, uint32_t line)
{
	const struct view_options *options = list->target->options;
	enum profile_sample s = options->sample;
	const char *text = source_file_line(source, line);
	bool flat = figures && figures->flat[s], cum = figures && figures->cum[s];

	printf("%10s %10s %6u: ",
	       flat ? view_value(options, s, figures->flat[s]).text : ".",
	       cum ? view_value(options, s, figures->cum[s]).text : ".", line);
	for (; text && *text; text++)
		if (*text == '\t' || (unsigned char)*text >= ' ')
			putchar(*text);
	putchar('\n');
}

/* Lines up to CONTEXT away from one with a figure; "..." where some are left out. */
static void print_lines(const struct list *list, const struct listing_function *function,
			const struct source_file *source)
{
	const struct listing_line *lines = list->listing.lines + function->first;
	uint32_t next = 1;

	for (uint32_t i = 0; i < function->count; i++) {
		uint32_t line = lines[i].line;
		uint32_t from = line > CONTEXT ? line - CONTEXT : 1;
		uint32_t to = line + CONTEXT;

		if (i + 1 < function->count && to >= lines[i + 1].line)
			to = lines[i + 1].line - 1;
		if (to > source->count && source->count >= line)
			to = source->count;
		if (source->count == 0)
			from = to = line;
		if (from > next && next > 1)
			printf("%21s\n", "...");
		for (uint32_t l = from > next ? from : next; l <= to; l++)
			print_line(list, l == line ? &lines[i] : NULL, source, l);
		next = to + 1;
	}
}

/* Names come from files: no control characters reach the terminal. */
__attribute__((format(printf, 1, 2))) static void print_plain(const char *format, ...)
{
	char text[8192];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	text_wrap_say("%s", text);
	putchar('\n');
}

static void print_title(const struct list *list, const struct listing_function *function,
			bool found)
{
	putchar('\n');
	if (!function->file) {
		print_plain("%s in %s (no line information)", function->name,
			    function->module);
		return;
	}
	print_plain("%s in %s", function->name, function->file);
	if (!found)
		print_plain("source not found: %s%s%s; %s", function->file,
			    list->paths.search ? ", nor below " : "",
			    list->paths.search ? list->paths.search : "",
			    source_file_advice(function->file));
}

static void print_function(const struct list *list,
			   const struct listing_function *function)
{
	const struct view_options *options = list->target->options;
	enum profile_sample s = options->sample;
	struct source_file source = { 0 };
	bool found = function->file &&
		     source_file_load(&list->paths, function->file, &source) == 0;

	print_title(list, function, found);
	printf("%10s %10s  flat, cum (%s of the total)\n",
	       view_value(options, s, function->flat[s]).text,
	       view_value(options, s, function->cum[s]).text,
	       view_percent(list->target, s, function->cum[s]).text);
	if (function->file)
		print_lines(list, function, &source);
	source_file_done(&source);
}

static int print_text(const struct list *list)
{
	const struct view_options *options = list->target->options;
	long limit = options->rows < 0 ? TEXT_FUNCTIONS : options->rows;
	const struct listing *listing = &list->listing;
	uint32_t i;

	view_print_heading(list->target, stdout);
	printf("%s of %s\n", profile_sample_name(options->sample),
	       view_value(options, options->sample, list->target->total[options->sample])
		       .text);
	if (listing->count == 0)
		text_wrap_lines("\nno function, file or module on a stack matches; "
				"`heapring top --cum` shows what there is\n",
				stdout);
	for (i = 0; i < listing->count && (long)i < limit; i++)
		print_function(list, &listing->functions[listing->order[i]]);
	if (i < listing->count)
		printf("\n%s not shown; -n COUNT shows more\n",
		       units_counted(listing->count - i, "function").text);
	return 0;
}

static json_t *lines_json(const struct list *list,
			  const struct listing_function *function)
{
	enum profile_sample s = list->target->options->sample;
	struct source_file source = { 0 };
	json_t *array = json_array();

	if (function->file)
		source_file_load(&list->paths, function->file, &source);
	for (uint32_t i = 0; i < function->count; i++) {
		const struct listing_line *line =
			&list->listing.lines[function->first + i];
		const char *text = source_file_line(&source, line->line);

		json_array_append_new(
			array, json_pack("{s:i, s:I, s:I, s:o}", "line", (int)line->line,
					 "flat", (json_int_t)line->flat[s], "cum",
					 (json_int_t)line->cum[s], "source",
					 text ? report_json_text(text) : json_null()));
	}
	source_file_done(&source);
	return array;
}

static int print_json(const struct list *list)
{
	long limit = list->target->options->rows;
	enum profile_sample s = list->target->options->sample;
	const struct listing *listing = &list->listing;
	json_t *rows = json_array();

	for (uint32_t i = 0; i < listing->count && (limit < 0 || (long)i < limit); i++) {
		const struct listing_function *function =
			&listing->functions[listing->order[i]];

		json_array_append_new(
			rows, json_pack("{s:o, s:o, s:o, s:I, s:I, s:o}", "function",
					report_json_text(function->name), "file",
					function->file ? report_json_text(function->file)
						       : json_null(),
					"module", report_json_text(function->module),
					"flat", (json_int_t)function->flat[s], "cum",
					(json_int_t)function->cum[s], "lines",
					lines_json(list, function)));
	}
	return view_json_print(view_json(list->target, "list"), rows);
}

static int show(void *arg, struct view_target *target, char **arguments)
{
	struct list *list = arg;
	struct fault fault;
	int status;

	list->target = target;
	list->paths.packed = target->profile->segment->packed;
	if (place_match(target->places, arguments[0], &list->chosen, &fault) < 0 ||
	    listing_load(&target->set, target->places, list->chosen,
			 target->options->sample, &list->listing, &fault) < 0)
		status = fault_print(&fault);
	else
		status = target->options->json ? print_json(list) : print_text(list);
	free(list->chosen);
	listing_done(&list->listing);
	return status;
}

/* Whatever the user says: without lines there is nothing to list. */
static int by_line(void *arg, struct view_options *options, char **arguments,
		   struct fault *fault)
{
	options->granularity = VIEW_LINES;
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct list list = { 0 };
	const struct option_spec own[] = {
		{ "source-path", 0, "DIR[:DIR...]",
		  "where to look for source files first", option_set_string,
		  &list.paths.search },
		{ "trim-path", 0, "PREFIX[:PREFIX...]",
		  "what to take off the recorded names first", option_set_string,
		  &list.paths.trim },
		{ NULL },
	};
	const struct view_command view = { .command = command,
					   .own = own,
					   .arguments = 1,
					   .prepare = by_line,
					   .show = show,
					   .arg = &list };
	static const char *const always_lines[] = { "functions", "lines", "modules",
						    NULL };
	struct view_options options;

	view_options_init(&options);
	view_options_leave_out(&options, always_lines);
	return view_command_run(&view, &options, argc, argv);
}

const struct command cmd_list = {
	.name = "list",
	.arguments = "[OPTION...] RE TARGET",
	.summary = "Source lines of the functions that match, with their figures",
	.help = "RE is a regular expression, matched anywhere in a function's name, its "
		"file or\n"
		"its module. Where the source tree has moved, --source-path names its "
		"new "
		"place.",
	.run = run,
};
