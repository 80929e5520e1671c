/*
 * cmd_details - `lifetimes`, `sizes` and `foreign`: what counters say besides sums
 *
 * One file, because the three are one table with different columns. What the history
 * keeps of the past are the four sums, so the past has no such table: two dumps do, and
 * --base subtracts one from the other.
 */
#include "analyzer/commands/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/console/table.h"
#include "analyzer/views/place_rows.h"
#include "analyzer/views/view_command.h"

#define TEXT_ROWS 30

struct details {
	const char *view;
	const char *const *heading;
	const char *alignment;
	const char *note, *note_by_thread;
	void (*add_cells)(struct table *table, const struct place_row *row,
			  const struct view_options *options);
	void (*add_keys)(json_t *to, const struct place_row *row);
	bool (*has_any)(const struct place_row *row);
};

static struct units_text count_text(uint64_t count)
{
	struct units_text none = { "." };

	return count ? units_signed_count((int64_t)count) : none;
}

static int64_t frees_of(const struct place_row *row)
{
	return row->flat[PROFILE_ALLOC_OBJECTS] - row->flat[PROFILE_INUSE_OBJECTS];
}

static json_t *array_of(const uint64_t *counts, unsigned count)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < count; i++)
		json_array_append_new(array, json_integer((json_int_t)counts[i]));
	return array;
}

static bool has_allocations(const struct place_row *row)
{
	for (unsigned i = 0; i < HR_SIZES; i++)
		if (row->detail.size[i])
			return true;
	return row->flat[PROFILE_ALLOC_OBJECTS] != 0;
}

static bool has_lived(const struct place_row *row)
{
	return row->flat[PROFILE_ALLOC_OBJECTS] != 0 ||
	       profile_detail_has_frees(&row->detail);
}

static void add_lifetime_cells(struct table *table, const struct place_row *row,
			       const struct view_options *options)
{
	for (unsigned i = 0; i < HR_LIFETIMES; i++)
		table_add(table, count_text(row->detail.lifetime[i]).text);
	table_add(table, count_text((uint64_t)row->flat[PROFILE_INUSE_OBJECTS]).text);
}

static void add_lifetime_keys(json_t *to, const struct place_row *row)
{
	json_object_set_new(to, "lifetime", array_of(row->detail.lifetime, HR_LIFETIMES));
	json_object_set_new(to, "living", json_integer(row->flat[PROFILE_INUSE_OBJECTS]));
}

static void add_size_cells(struct table *table, const struct place_row *row,
			   const struct view_options *options)
{
	int64_t objects = row->flat[PROFILE_ALLOC_OBJECTS];

	for (unsigned i = 0; i < HR_SIZES; i++)
		table_add(table, count_text(row->detail.size[i]).text);
	table_add(table, objects > 0
				 ? view_value(options, PROFILE_ALLOC_SPACE,
					      row->flat[PROFILE_ALLOC_SPACE] / objects)
					   .text
				 : "");
}

static void add_size_keys(json_t *to, const struct place_row *row)
{
	json_object_set_new(to, "size", array_of(row->detail.size, HR_SIZES));
}

static bool has_foreign(const struct place_row *row)
{
	return row->detail.foreign_frees != 0;
}

static void add_foreign_cells(struct table *table, const struct place_row *row,
			      const struct view_options *options)
{
	int64_t frees = frees_of(row);

	table_add(table, count_text(row->detail.foreign_frees).text);
	table_add(table, view_value(options, PROFILE_INUSE_SPACE,
				    (int64_t)row->detail.foreign_bytes)
				 .text);
	table_add(table, count_text((uint64_t)frees).text);
	table_add(table, frees > 0 ? units_percent((double)row->detail.foreign_frees,
						   (double)frees)
					     .text
				   : "");
}

static void add_foreign_keys(json_t *to, const struct place_row *row)
{
	json_object_set_new(to, "foreign_frees",
			    json_integer((json_int_t)row->detail.foreign_frees));
	json_object_set_new(to, "foreign_bytes",
			    json_integer((json_int_t)row->detail.foreign_bytes));
}

static const char *const lifetime_heading[] = { "<16ms",  "<256ms", "<4.1s", "<66s",
						"<17m",   "<4.7h",  "<3.1d", "older",
						"living", NULL };
static const char *const size_heading[] = { "<16",   "<64",   "<256", "<1Ki", "<4Ki",
					    "<16Ki", "<64Ki", "more", "mean", NULL };
static const char *const foreign_heading[] = { "foreign", "bytes", "frees", "share",
					       NULL };

static const struct details kinds[] = {
	{ "lifetimes", lifetime_heading, "rrrrrrrrrn",
	  "freed blocks by the age they reached; living ones are counted apart",
	  "; a thread has those that it freed", add_lifetime_cells, add_lifetime_keys,
	  has_lived },
	{ "sizes", size_heading, "rrrrrrrrrn",
	  "allocations by size in bytes; of sampled stacks only the mean is known",
	  "; a thread has those that it made", add_size_cells, add_size_keys,
	  has_allocations },
	{ "foreign", foreign_heading, "rrrrn",
	  "frees by a thread that did not allocate so many there: a lower bound",
	  "; a thread has those that it did", add_foreign_cells, add_foreign_keys,
	  has_foreign },
};

static int print_text(const struct details *kind, const struct view_target *target,
		      const struct place_rows *rows)
{
	const struct view_options *options = target->options;
	long shown = 0, limit = options->rows < 0 ? TEXT_ROWS : options->rows;
	struct table *table = table_new(kind->alignment);
	char text[4096];

	if (!table)
		return FAULT_INPUT;
	view_print_heading(target, stdout);
	printf("%s\nordered by %s%s\n", kind->note, profile_sample_name(options->sample),
	       options->wants.by_thread ? kind->note_by_thread : "");
	for (const char *const *cell = kind->heading; *cell; cell++)
		table_add(table, *cell);
	table_add(table, view_row_name(options));
	for (uint32_t i = 0; i < rows->count && shown < limit; i++) {
		const struct place_row *row = &rows->rows[i];

		if (!kind->has_any(row))
			continue;
		kind->add_cells(table, row, options);
		view_place_text(place_table_get(target->places, row->place),
				options->granularity == VIEW_LINES, text, sizeof(text));
		table_add(table, text);
		shown++;
	}
	if (shown == 0)
		puts("there was none");
	else
		table_print(table, stdout);
	table_free(table);
	report_coverage(target->profile, stdout);
	return 0;
}

static int print_json(const struct details *kind, const struct view_target *target,
		      const struct place_rows *rows)
{
	long limit = target->options->rows;
	json_t *array = json_array();

	for (uint32_t i = 0; i < rows->count; i++) {
		const struct place_row *from = &rows->rows[i];
		json_t *row;

		if (!kind->has_any(from) ||
		    (limit >= 0 && json_array_size(array) == (size_t)limit))
			continue;
		row = view_json_place(place_table_get(target->places, from->place));
		json_object_set_new(row, "flat",
				    json_integer(from->flat[target->options->sample]));
		view_json_figures(row, "", from->flat);
		kind->add_keys(row, from);
		json_array_append_new(array, row);
	}
	return view_json_print(view_json(target, kind->view), array);
}

static int show(void *arg, struct view_target *target, char **arguments)
{
	const struct details *kind = arg;
	struct place_rows rows;
	struct fault fault;
	int status;

	if (place_rows_load(&target->set, target->places, target->options->sample,
			    /*by_cum=*/false, &rows, &fault) < 0)
		return fault_print(&fault);
	status = target->options->json ? print_json(kind, target, &rows)
				       : print_text(kind, target, &rows);
	place_rows_done(&rows);
	return status;
}

static int check(void *arg, struct view_options *options, char **arguments,
		 struct fault *fault)
{
	const struct details *kind = arg;

	if (options->wants.at_peak || options->wants.history)
		return fault_set(
			fault, FAULT_USAGE, -EINVAL,
			"%s: what is kept of the past are sums, not how they are made "
			"up: "
			"leave out --at and --since, or compare two dumps with --base",
			kind->view);
	options->wants.details = true;
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct view_command view = { .command = command, .prepare = check, .show = show };
	static const char *const of_sizes[] = { "unit", NULL };
	struct view_options options;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].view, command->name) == 0)
			view.arg = (void *)&kinds[i];
	view_options_init(&options);
	options.sample = PROFILE_ALLOC_OBJECTS;
	if (command == &cmd_lifetimes)
		view_options_leave_out(&options, of_sizes);
	return view_command_run(&view, &options, argc, argv);
}

const struct command cmd_lifetimes = {
	.name = "lifetimes",
	.arguments = "[OPTION...] TARGET",
	.summary = "How long blocks lived, function by function",
	.help = "What is allocated often and lives for milliseconds is temporary: a "
		"place "
		"to\n"
		"reuse a buffer. Ages are known to a few milliseconds; of sampled "
		"stacks\n"
		"samples are counted.",
	.run = run,
};

const struct command cmd_sizes = {
	.name = "sizes",
	.arguments = "[OPTION...] TARGET",
	.summary = "How large allocations were, function by function",
	.help = "Counts of allocations below each size and not below the one before. Of "
		"sampled\n"
		"stacks only the mean size is known.",
	.run = run,
};

const struct command cmd_foreign = {
	.name = "foreign",
	.arguments = "[OPTION...] TARGET",
	.summary = "Blocks that another thread freed than the one that allocated them",
	.help = "Such blocks move memory between an allocator's per-thread caches. The "
		"figure is\n"
		"a lower bound: what a thread freed at a stack beyond what it allocated "
		"there.",
	.run = run,
};
