/*
 * cmd_rss - where the resident memory of a live process is
 *
 * Three tables: the sum, what was mapped past the allocator by stack, and what the
 * control group is charged with.
 */
#include "analyzer/commands/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/pager.h"
#include "analyzer/console/table.h"
#include "analyzer/console/text_wrap.h"
#include "analyzer/machine/cgroup_charge.h"
#include "analyzer/resident/allocator_says.h"
#include "analyzer/resident/rss_json.h"
#include "analyzer/views/node_text.h"
#include "analyzer/views/view_command.h"

#define DIRECT_ROWS 10
#define DIRECT_FRAMES 6u

struct show {
	bool ask;
};

static struct units_text bytes_of(const struct view_target *target, int64_t bytes)
{
	return view_value(target->options, PROFILE_INUSE_SPACE, bytes);
}

static void add_line(struct table *table, const struct view_target *target, int64_t bytes,
		     uint64_t whole, unsigned depth, const char *what)
{
	char text[160];

	table_add(table, bytes_of(target, bytes).text);
	table_add(table, units_percent((double)bytes, (double)whole).text);
	snprintf(text, sizeof(text), "%*s%s", (int)(2 * depth), "", what);
	table_add(table, text);
}

static void print_heading(const struct view_target *target, const struct rss *rss)
{
	view_print_heading(target, stdout);
	printf("resident %s", bytes_of(target, (int64_t)rss->resident).text);
	if (rss->swapped)
		printf(", and %s in swap", bytes_of(target, (int64_t)rss->swapped).text);
	printf("; in use %s in %s", bytes_of(target, (int64_t)rss->live).text,
	       units_counted(rss->blocks, "block").text);
	if (rss->is_estimate)
		printf(" (an estimate)");
	printf(", of which %s not resident\n",
	       bytes_of(target, (int64_t)rss->live_absent).text);
	if (rss->arenas)
		printf("glibc: %u arena%s in %u heap%s; %u thread%s%s", rss->arenas,
		       rss->arenas == 1 ? "" : "s", rss->heaps,
		       rss->heaps == 1 ? "" : "s", rss->threads,
		       rss->threads == 1 ? "" : "s", rss->stacks_kept ? ", " : "\n");
	else
		printf("%s; %u thread%s%s", target->profile->segment->header.allocator,
		       rss->threads, rss->threads == 1 ? "" : "s",
		       rss->stacks_kept ? ", " : "\n");
	if (rss->stacks_kept)
		printf("%u stack%s kept for threads to come\n", rss->stacks_kept,
		       rss->stacks_kept == 1 ? "" : "s");
}

static void print_note(const char *indent, const char *what, const char *note)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s: %s", what, note);
	fputs(indent, stdout);
	text_wrap(text, strlen(indent) + 2, pager_columns(), stdout);
	putchar('\n');
}

static void print_notes(const struct rss *rss)
{
	puts("\nhow each was measured, and where it may err");
	for (unsigned i = 0; i < rss->lines_count; i++) {
		const struct rss_line *line = &rss->lines[i];

		if (line->bytes == 0)
			continue;
		print_note("  ", line->what, line->how);
		if (*line->error)
			print_note("      ", "may err", line->error);
	}
}

static int print_sum(const struct view_target *target, const struct rss *rss)
{
	static const char *const heading[] = { "bytes", "of RSS", "what" };
	struct table *table = table_begin("rrl", heading);

	if (!table)
		return FAULT_INPUT;
	for (unsigned i = 0; i < rss->lines_count; i++) {
		const struct rss_line *line = &rss->lines[i];

		if (line->bytes != 0 || line->depth == 0)
			add_line(table, target, line->bytes, rss->resident, line->depth,
				 line->what);
	}
	table_end(table);
	return 0;
}

static long direct_rows(const struct view_target *target)
{
	return target->options->rows < 0 ? DIRECT_ROWS : target->options->rows;
}

static int print_direct(const struct view_target *target, const struct rss *rss)
{
	static const char *const heading[] = { "resident", "mapped", "mapped by" };
	struct table *table;

	if (rss->direct_count == 0)
		return 0;
	table = table_begin("rrn", heading);
	if (!table)
		return FAULT_INPUT;
	for (size_t i = 0; i < rss->direct_count && (long)i < direct_rows(target); i++) {
		const struct rss_direct *direct = &rss->direct[i];
		char text[4096];

		table_add(table, bytes_of(target, (int64_t)direct->resident).text);
		table_add(table, bytes_of(target, (int64_t)direct->mapped).text);
		node_text(target, direct->node, DIRECT_FRAMES, text, sizeof(text));
		table_add(table, *text ? text : "not recorded");
	}
	puts("\nmapped past the allocator");
	table_end(table);
	return 0;
}

static int print_cgroup(const struct view_target *target)
{
	static const char *const heading[] = { "bytes", "of use", "what" };
	struct cgroup_charge charge;
	struct table *table;
	char limit[64] = "";

	if (cgroup_charge_read(target->profile->segment->header.pid, &charge) < 0) {
		puts("\nno memory control group is visible here");
		return 0;
	}
	table = table_begin("rrl", heading);
	if (!table)
		return FAULT_INPUT;
	if (charge.limit)
		snprintf(limit, sizeof(limit), " of %s",
			 bytes_of(target, (int64_t)charge.limit).text);
	putchar('\n');
	text_wrap_say("control group %s: charged with %s%s, for %u process%s",
		      charge.path, bytes_of(target, (int64_t)charge.use).text, limit,
		      charge.processes, charge.processes == 1 ? "" : "es");
	putchar('\n');
	add_line(table, target, (int64_t)charge.anonymous, charge.use, 0,
		 "anonymous memory of its processes");
	add_line(table, target, (int64_t)charge.cache, charge.use, 0,
		 "page cache: files, given back under pressure");
	add_line(table, target, (int64_t)charge.shared, charge.use, 0,
		 "tmpfs and shared memory, profiles among it");
	add_line(table, target, (int64_t)charge.kernel, charge.use, 0,
		 "the kernel: page tables, slab, sockets");
	add_line(table, target, charge.rest, charge.use, 0,
		 "rest: counters that lag behind");
	table_end(table);
	return 0;
}

/* Beside what was found from outside, for whoever wants to compare. */
static int print_says(const struct view_target *target, const struct allocator_says *says)
{
	static const char *const heading[] = { "bytes", "what" };
	struct table *table;

	if (!says)
		return 0;
	table = table_begin("rl", heading);
	if (!table)
		return FAULT_INPUT;
	printf("\nthe allocator's own figures, by %s\n", says->how);
	for (unsigned i = 0; i < ALLOCATOR_SAYS_FIGURES; i++) {
		if (says->figure[i] == ALLOCATOR_SAYS_NOTHING)
			continue;
		table_add(table, bytes_of(target, (int64_t)says->figure[i]).text);
		table_add(table, allocator_says_name(i));
	}
	table_end(table);
	return 0;
}

static int print_text(const struct view_target *target, const struct rss *rss,
		      const struct allocator_says *says)
{
	int status;

	print_heading(target, rss);
	status = print_sum(target, rss);
	if (status == 0)
		status = print_says(target, says);
	if (status == 0)
		status = print_direct(target, rss);
	if (status == 0)
		status = print_cgroup(target);
	if (status == 0)
		print_notes(rss);
	report_coverage(target->profile, stdout);
	return status;
}

static int print_json(const struct view_target *target, const struct rss *rss,
		      const struct allocator_says *says)
{
	long limit = target->options->rows;
	json_t *object = view_json(target, "rss"), *rows = json_array();

	for (size_t i = 0; i < rss->direct_count && (limit < 0 || (long)i < limit); i++)
		json_array_append_new(
			rows, json_pack("{s:I, s:I, s:o}", "resident",
					(json_int_t)rss->direct[i].resident, "mapped",
					(json_int_t)rss->direct[i].mapped, "stack",
					node_json(target, rss->direct[i].node)));
	json_object_update_new(object,
			       rss_json(rss, target->profile->segment->header.pid));
	json_object_set_new(object, "allocator", allocator_says_json(says));
	return view_json_print(object, rows);
}

static int show(void *arg, struct view_target *target, char **arguments)
{
	const struct show *show = arg;
	struct allocator_says says;
	struct fault fault;
	struct rss rss;
	int status;

	if (show->ask && allocator_says_ask(arguments[0], &says, &fault) < 0)
		return fault_print(&fault);
	if (rss_read(target->profile, &rss, &fault) < 0)
		return fault_print(&fault);
	status = target->options->json
			 ? print_json(target, &rss, show->ask ? &says : NULL)
			 : print_text(target, &rss, show->ask ? &says : NULL);
	rss_done(&rss);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	static const char *const kept[] = { "format", "n", "unit", NULL };
	struct view_options options;
	struct show with = { 0 };
	const struct option_spec own[] = {
		{ "ask", 0, NULL,
		  "ask the allocator for its own figures too (one thread calls it)",
		  option_set_true, &with.ask },
		{ NULL },
	};
	const struct view_command view = {
		.command = command, .own = own, .show = show, .arg = &with
	};

	view_options_init(&options);
	view_options_keep(&options, kept);
	return view_command_run(&view, &options, argc, argv);
}

const struct command cmd_rss = {
	.name = "rss",
	.arguments = "[OPTION...] TARGET",
	.summary = "Where the resident memory is: a sum that closes",
	.help = "RSS = blocks in use + what the allocator rounds up + its own tables + "
		"what it keeps\n"
		"free + direct mappings + files + thread stacks + the profiler + "
		"unexplained, each with\n"
		"how it was measured. Everything is counted in resident pages, read from "
		"outside; the\n"
		"process must be yours and alive. What was mapped past the allocator is "
		"told by stack\n"
		"when it was profiled with `run --mmap`. --ask has one of its threads "
		"call "
		"mallinfo2(),\n"
		"or what its allocator has instead, at its next allocation, and shows "
		"those "
		"figures\n"
		"beside ours.",
	.run = run,
};
