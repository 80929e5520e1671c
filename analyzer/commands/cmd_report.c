/*
 * cmd_report - a profile as one HTML file that needs no network
 *
 * `report` writes the whole page, `flame` the same with only the flame graph.
 */
#include "analyzer/commands/commands.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "analyzer/console/output_file.h"
#include "analyzer/console/units.h"
#include "analyzer/page/page.h"
#include "analyzer/views/view_command.h"

#define PAGE_COMFORTABLE (64 << 20) /* bytes */
#define STACKS_HELP                                                                      \
	"show so many by themselves, the largest; the rest is (other) (60000; 0: all)"

struct report {
	const char *name; /* of the command */
	const char *output;
	struct page_options page;
};

/* A million stacks make a page that a browser opens, but not gladly. */
static void tell_size(const char *name, FILE *stream)
{
	struct stat st;

	if (fflush(stream) == 0 && fstat(fileno(stream), &st) == 0 &&
	    S_ISREG(st.st_mode) && st.st_size > PAGE_COMFORTABLE)
		fprintf(stderr,
			"heapring: %s has %s: a browser takes a while to open it; "
			"--stacks, --focus, --ignore or --show-from make it smaller\n",
			name, units_bytes((uint64_t)st.st_size).text);
}

static int show(void *arg, struct view_target *target, char **arguments)
{
	struct report *report = arg;
	struct output_file file;
	struct fault fault;

	report->page.target = arguments[0];
	if (output_file_open(report->output, &file, &fault) < 0)
		return fault_print(&fault);
	if (page_write(target, &report->page, file.stream, &fault) < 0) {
		output_file_abort(&file);
		return fault_print(&fault);
	}
	tell_size(report->output, file.stream);
	return output_file_commit(&file, &fault) < 0 ? fault_print(&fault) : 0;
}

static int prepare(void *arg, struct view_options *options, char **arguments,
		   struct fault *fault)
{
	struct report *report = arg;

	if (!report->output)
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "%s: -o FILE.html is missing (`-o -` is stdout)",
				 report->name);
	page_prepare(&report->page, options);
	return 0;
}

static int run_with(const struct command *command, struct report *report,
		    const struct option_spec *own, int argc, char **argv)
{
	const struct view_command view = { .command = command,
					   .own = own,
					   .writes_file = true,
					   .prepare = prepare,
					   .show = show,
					   .arg = report };
	static const char *const tables_only[] = { "format", "n", "unit", NULL };
	struct view_options options;

	report->name = command->name;
	view_options_init(&options);
	view_options_leave_out(&options, tables_only);
	return view_command_run(&view, &options, argc, argv);
}

static int run_report(const struct command *command, int argc, char **argv)
{
	struct report report = { .page = { .stacks = PAGE_STACKS } };
	const struct option_spec own[] = {
		{ "output", 'o', "FILE", "the page to write, - for stdout",
		  option_set_string, &report.output },
		{ "source-path", 0, "DIR[:DIR...]",
		  "where to look for source files first", option_set_string,
		  &report.page.sources.search },
		{ "trim-path", 0, "PREFIX[:PREFIX...]",
		  "what to take off the recorded names first", option_set_string,
		  &report.page.sources.trim },
		{ "stacks", 0, "COUNT", STACKS_HELP, option_set_count,
		  &report.page.stacks },
		{ "no-sources", 0, NULL, "put no line of a source file into the page",
		  option_set_true, &report.page.no_sources },
		{ NULL },
	};

	return run_with(command, &report, own, argc, argv);
}

static int run_flame(const struct command *command, int argc, char **argv)
{
	struct report report = {
		.page = { .stacks = PAGE_STACKS, .only_flame = true, .no_sources = true }
	};
	const struct option_spec own[] = {
		{ "output", 'o', "FILE", "the page to write, - for stdout",
		  option_set_string, &report.output },
		{ "stacks", 0, "COUNT", STACKS_HELP, option_set_count,
		  &report.page.stacks },
		{ NULL },
	};

	return run_with(command, &report, own, argc, argv);
}

const struct command cmd_report = {
	.name = "report",
	.arguments = "[OPTION...] TARGET -o FILE.html",
	.summary = "Everything about a profile as one HTML page",
	.help = "The page needs no network and no other file: summary, flame graph, call "
		"graph,\n"
		"table, source lines, time line and losses, with all four figures. "
		"--sample and\n"
		"--lines, --functions or --modules say what it shows first; with --base, "
		"red\n"
		"grew and blue shrank. It holds lines of the source files that it finds; "
		"where\n"
		"those must not leave the machine, say --no-sources.",
	.run = run_report,
};

const struct command cmd_flame = {
	.name = "flame",
	.arguments = "[OPTION...] TARGET -o FILE.html",
	.summary = "Write an interactive flame graph as one HTML file",
	.help = "The page of `report` with only its flame graph: click to zoom, search "
		"by regular\n"
		"expression, choose among the four figures. With --base, red grew and "
		"blue shrank.",
	.run = run_flame,
};
