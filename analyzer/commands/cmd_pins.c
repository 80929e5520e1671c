/*
 * cmd_pins - which stacks' blocks keep nearly empty pages resident, and what would help
 */
#include "analyzer/commands/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/table.h"
#include "analyzer/console/text_wrap.h"
#include "analyzer/resident/pins_advice.h"
#include "analyzer/segment/trim_request.h"
#include "analyzer/views/view_command.h"

#define TEXT_ROWS 15
#define FRAMES 5u

struct show {
	bool try_trim;
};

static struct units_text bytes_of(const struct view_target *target, int64_t bytes)
{
	return view_value(target->options, PROFILE_INUSE_SPACE, bytes);
}

static int print_pages(const struct view_target *target, const struct pins *pins)
{
	static const char *const heading[] = { "pages", "share", "free on them",
					       "in use of each" };
	struct table *table = table_begin("rrrl", heading);

	if (!table)
		return FAULT_INPUT;
	view_print_heading(target, stdout);
	text_wrap_say(
		"heap: %s resident, %s of it in blocks (%s); %s free on pages of which "
		"at most a quarter is in use",
		bytes_of(target, (int64_t)(pins->pages * RESIDENT_PAGE)).text,
		bytes_of(target, (int64_t)pins->used).text,
		units_percent((double)pins->used, (double)(pins->pages * RESIDENT_PAGE))
			.text,
		bytes_of(target, (int64_t)pins->pinned).text);
	putchar('\n');
	for (unsigned i = 0; i < PINS_BUCKETS; i++) {
		const struct pins_bucket *bucket = &pins->bucket[i];

		table_add(table, units_signed_count((int64_t)bucket->pages).text);
		table_add(table,
			  units_percent((double)bucket->pages, (double)pins->pages).text);
		table_add(table, bytes_of(target, (int64_t)bucket->free).text);
		table_add(table, pins_bucket_name(i));
	}
	table_end(table);
	return 0;
}

static void stack_text(const struct view_target *target, const struct pins_stack *stack,
		       char *text, size_t room)
{
	const struct stack_entry *entry;
	const uint32_t *places;

	snprintf(text, room, "stacks that are not shown");
	if (stack->entry == PINS_OTHER)
		return;
	entry = &target->set.entries[stack->entry];
	places = stack_set_places(&target->set, entry);
	*text = '\0';
	for (uint32_t i = 0; i < entry->count && i < FRAMES; i++) {
		char place[256];
		size_t length = strlen(text);

		view_place_text(place_table_get(target->places, places[i]),
				target->options->granularity == VIEW_LINES, place,
				sizeof(place));
		snprintf(text + length, room - length, "%s%s", i ? " < " : "", place);
	}
}

static void add_stack(struct table *table, const struct view_target *target,
		      const struct pins_stack *stack)
{
	bool glibc =
		target->profile->segment->header.allocator[0] != '\0' &&
		strncmp(target->profile->segment->header.allocator, "libc.so", 7) == 0;
	char text[1500];

	table_add(table, bytes_of(target, stack->moved).text);
	if (glibc)
		table_add(table, bytes_of(target, stack->trimmed).text);
	table_add(table, bytes_of(target, (int64_t)stack->pinned).text);
	table_add(table, bytes_of(target, (int64_t)stack->alone).text);
	table_add(table, bytes_of(target, (int64_t)stack->bytes).text);
	table_add(table, units_signed_count((int64_t)stack->blocks).text);
	stack_text(target, stack, text, sizeof(text));
	table_add(table, text);
}

static int print_stacks(const struct view_target *target, const struct pins *pins)
{
	static const char *const glibc[] = { "if moved", "and trimmed", "pinned", "alone",
					     "in use",   "blocks",      "stack" };
	static const char *const other[] = { "if moved", "pinned", "alone",
					     "in use",   "blocks", "stack" };
	struct table *table = pins->glibc.heaps ? table_begin("rrrrrrn", glibc)
						: table_begin("rrrrrn", other);
	long rows = target->options->rows < 0 ? TEXT_ROWS : target->options->rows;

	if (!table)
		return FAULT_INPUT;
	for (size_t i = 0; i < pins->count && (long)i < rows; i++)
		add_stack(table, target, &pins->stacks[i]);
	text_wrap_lines("\nby how much RSS would fall if the blocks of a stack lay "
			"elsewhere; what they keep free on nearly empty pages; pages "
			"that hold nothing else\n",
			stdout);
	table_end(table);
	return 0;
}

static void print_advice(const struct view_target *target, const struct pins *pins)
{
	struct pins_advice advice[PINS_ADVICE_MAX];
	unsigned count = pins_advice(target, pins, advice);

	puts(count ? "\nwhat would help" : "\nnothing here is worth a change");
	for (unsigned i = 0; i < count; i++)
		printf("  %10s  %s\n", bytes_of(target, advice[i].bytes).text,
		       advice[i].text);
}

static void print_trim(const struct view_target *target, const struct trim_result *trim)
{
	int64_t returned = (int64_t)(trim->before - trim->after);

	printf("\n%s gave %s back in %.1f ms: RSS is %s, was %s\n", trim->how,
	       bytes_of(target, returned).text, (double)trim->ns / 1e6,
	       bytes_of(target, (int64_t)trim->after).text,
	       bytes_of(target, (int64_t)trim->before).text);
}

static int print_text(const struct view_target *target, const struct pins *pins,
		      const struct trim_result *trim)
{
	int status = print_pages(target, pins);

	if (status == 0)
		status = print_stacks(target, pins);
	if (status == 0)
		print_advice(target, pins);
	if (status == 0 && trim)
		print_trim(target, trim);
	report_coverage(target->profile, stdout);
	return status;
}

static json_t *stack_json(const struct view_target *target,
			  const struct pins_stack *stack)
{
	json_t *places = json_array();

	if (stack->entry != PINS_OTHER) {
		const struct stack_entry *entry = &target->set.entries[stack->entry];
		const uint32_t *place = stack_set_places(&target->set, entry);

		for (uint32_t i = 0; i < entry->count; i++)
			json_array_append_new(places, view_json_place(place_table_get(
							      target->places, place[i])));
	}
	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "stack", places, "moved",
			 (json_int_t)stack->moved, "trimmed", (json_int_t)stack->trimmed,
			 "pinned", (json_int_t)stack->pinned, "alone",
			 (json_int_t)stack->alone, "bytes", (json_int_t)stack->bytes,
			 "blocks", (json_int_t)stack->blocks);
}

static json_t *advice_json(const struct view_target *target, const struct pins *pins)
{
	struct pins_advice advice[PINS_ADVICE_MAX];
	unsigned count = pins_advice(target, pins, advice);
	json_t *array = json_array();

	for (unsigned i = 0; i < count; i++)
		json_array_append_new(
			array, json_pack("{s:s, s:I, s:o}", "key", advice[i].key, "bytes",
					 (json_int_t)advice[i].bytes, "text",
					 report_json_text(advice[i].text)));
	return array;
}

static json_t *trim_json(const struct trim_result *trim)
{
	return trim ? json_pack("{s:s, s:I, s:I, s:f}", "how", trim->how, "before",
				(json_int_t)trim->before, "after",
				(json_int_t)trim->after, "ms", (double)trim->ns / 1e6)
		    : json_null();
}

static int print_json(const struct view_target *target, const struct pins *pins,
		      const struct trim_result *trim)
{
	long limit = target->options->rows;
	json_t *object = view_json(target, "pins"), *rows = json_array();
	json_t *pages = json_array();

	for (unsigned i = 0; i < PINS_BUCKETS; i++)
		json_array_append_new(
			pages, json_pack("{s:s, s:I, s:I}", "in_use", pins_bucket_name(i),
					 "pages", (json_int_t)pins->bucket[i].pages,
					 "free", (json_int_t)pins->bucket[i].free));
	for (size_t i = 0; i < pins->count && (limit < 0 || (long)i < limit); i++)
		json_array_append_new(rows, stack_json(target, &pins->stacks[i]));
	json_object_set_new(object, "resident",
			    json_integer((json_int_t)pins->pages * RESIDENT_PAGE));
	json_object_set_new(object, "used", json_integer((json_int_t)pins->used));
	json_object_set_new(object, "pinned", json_integer((json_int_t)pins->pinned));
	json_object_set_new(object, "pages", pages);
	json_object_set_new(object, "advice", advice_json(target, pins));
	json_object_set_new(object, "trim", trim_json(trim));
	return view_json_print(object, rows);
}

static int show(void *arg, struct view_target *target, char **arguments)
{
	const struct show *show = arg;
	struct trim_result trim;
	struct fault fault;
	struct pins pins;
	int status;

	if (pins_read(target, &pins, &fault) < 0)
		return fault_print(&fault);
	if (show->try_trim && trim_request_send(arguments[0], &trim, &fault) < 0)
		status = fault_print(&fault);
	else if (target->options->json)
		status = print_json(target, &pins, show->try_trim ? &trim : NULL);
	else
		status = print_text(target, &pins, show->try_trim ? &trim : NULL);
	pins_done(&pins);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	static const char *const kept[] = { "format", "n",    "focus",     "ignore",
					    "hide",   "show", "show-from", "functions",
					    "lines",  "unit", NULL };
	struct view_options options;
	struct show with = { 0 };
	const struct option_spec own[] = {
		{ "try-trim", 0, NULL,
		  "ask the process to give empty pages back, and say how many came",
		  option_set_true, &with.try_trim },
		{ NULL },
	};
	const struct view_command view = {
		.command = command, .own = own, .show = show, .arg = &with
	};

	view_options_init(&options);
	view_options_keep(&options, kept);
	return view_command_run(&view, &options, argc, argv);
}

const struct command cmd_pins = {
	.name = "pins",
	.arguments = "[OPTION...] TARGET",
	.summary = "Which stacks' blocks keep nearly empty pages resident",
	.help = "After a burst little is in use and much is resident: an allocator gives "
		"back whole\n"
		"pages, glibc by itself only the end of a heap, and a few blocks that "
		"survive hold\n"
		"the rest. Shown are those blocks' stacks, by how much RSS would fall if "
		"they lay\n"
		"elsewhere, and what else would help. The process must be yours, alive, "
		"and count\n"
		"every allocation. --try-trim makes one of its threads call "
		"malloc_trim(0), or what\n"
		"its allocator has instead, at its next allocation.",
	.run = run,
};
