/*
 * cmd_export - a profile in other programs' formats
 */
#include "analyzer/commands/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/console/output_file.h"
#include "analyzer/export/export.h"
#include "analyzer/views/view_command.h"

struct export
{
	const struct export_format *to, *format; /* as --to and as --format say */
	const char *output;
};

static bool set_format(void *to, const char *value)
{
	static const struct export_format *const formats[] = {
		&export_pprof, &export_collapsed, &export_callgrind,
		&export_json,  &export_csv,
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(value, formats[i]->name) != 0)
			continue;
		*(const struct export_format **)to = formats[i];
		return true;
	}
	return false;
}

/* Formats that put no figure before the others. */
static bool has_no_first(const struct export_format *format)
{
	return format == &export_callgrind || format == &export_csv;
}

static int prepare(void *arg, struct view_options *options, char **arguments,
		   struct fault *fault)
{
	struct export *export = arg;

	if (export->to && export->format && export->to != export->format)
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "export: --to %s and --format %s differ; leave one out",
				 export->to->name, export->format->name);
	if (!export->format)
		export->format = export->to;
	if (!export->format)
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "export: --to FORMAT is missing; see `heapring export "
				 "--help`");
	if (!export->output)
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "export: -o FILE is missing (`-o -` is stdout)");
	if (options->base && !export->format->takes_negative)
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "export: %s has no negative figures; export both "
				 "profiles and let the other program compare",
				 export->format->name);
	if (export->format == &export_pprof && options->granularity == VIEW_MODULES)
		return fault_set(
			fault, FAULT_USAGE, -EINVAL,
			"export: a pprof profile holds functions and lines; leave "
			"out --modules");
	if (options->sample != PROFILE_INUSE_SPACE && has_no_first(export->format))
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "export: %s holds all four figures alike; leave out "
				 "--sample",
				 export->format->name);
	/* asked for by name, threads are frames in every format */
	options->as_labels = export->format->by_thread && !options->wants.by_thread;
	options->wants.by_thread |= export->format->by_thread;
	if (export->format != &export_pprof && options->granularity == VIEW_FUNCTIONS)
		options->granularity = export->format->granularity;
	return 0;
}

static int show(void *arg, struct view_target *target, char **arguments)
{
	const struct export *export = arg;
	struct output_file file;
	struct fault fault;

	if (output_file_open(export->output, &file, &fault) < 0)
		return fault_print(&fault);
	if (export->format->write(target, file.stream, &fault) < 0) {
		output_file_abort(&file);
		return fault_print(&fault);
	}
	if (output_file_commit(&file, &fault) < 0)
		return fault_print(&fault);
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct export export = { 0 };
	const struct option_spec own[] = {
		{ "to", 0, "pprof|collapsed|callgrind|json|csv", "the format", set_format,
		  &export.to },
		{ "format", 0, "pprof|collapsed|callgrind|json|csv", "the same as --to",
		  set_format, &export.format },
		{ "output", 'o', "FILE", "the file to write, - for stdout",
		  option_set_string, &export.output },
		{ NULL },
	};
	const struct view_command view = { .command = command,
					   .own = own,
					   .writes_file = true,
					   .prepare = prepare,
					   .show = show,
					   .arg = &export };
	static const char *const tables_only[] = { "format", "n", "unit", NULL };
	struct view_options options;

	view_options_init(&options);
	view_options_leave_out(&options, tables_only);
	return view_command_run(&view, &options, argc, argv);
}

const struct command cmd_export = {
	.name = "export",
	.arguments = "--to FORMAT [OPTION...] TARGET -o FILE",
	.summary = "Write a profile in the format of pprof, KCachegrind and others",
	.help = "pprof: for `go tool pprof`, with all four sample types; heapring reads "
		"it, too.\n"
		"collapsed: one line for each stack, with the figure of --sample.\n"
		"callgrind: for KCachegrind. json, csv: one row for each stack.\n"
		"All formats carry the same totals, and figures of samples are scaled.",
	.run = run,
};
