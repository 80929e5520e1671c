/*
 * export_stacks - formats with one record for each stack: collapsed, csv, json
 *
 * collapsed is one figure a line, for --sample; the others carry all four.
 */
#include "analyzer/export/export.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "analyzer/views/view_output.h"

/*
 * Outermost first. ';' parts frames and a newline ends the line, so names have
 * neither, and no quotes, which would end a field of csv.
 */
static void put_stack(const struct view_target *target, const struct stack_entry *entry,
		      FILE *to)
{
	const uint32_t *places = stack_set_places(&target->set, entry);

	for (uint32_t f = entry->count; f-- > 0;) {
		const char *c = place_table_get(target->places, places[f])->function;

		for (; *c; c++)
			putc(*c == ';'                 ? ':'
			     : *c == '"'               ? '\''
			     : (unsigned char)*c < ' ' ? '?'
						       : *c,
			     to);
		if (f > 0)
			putc(';', to);
	}
}

static int write_collapsed(struct view_target *target, FILE *to, struct fault *fault)
{
	enum profile_sample s = target->options->sample;

	for (size_t i = 0; i < target->set.count; i++) {
		const struct stack_entry *entry = &target->set.entries[i];

		if (entry->value[s] == 0)
			continue;
		put_stack(target, entry, to);
		fprintf(to, " %" PRId64 "\n", entry->value[s]);
	}
	return 0;
}

/* A field of RFC 4180. */
static void put_quoted(const char *text, FILE *to)
{
	putc('"', to);
	for (; text && *text; text++) {
		if (*text == '"')
			putc('"', to);
		putc(*text, to);
	}
	putc('"', to);
}

static int write_csv(struct view_target *target, FILE *to, struct fault *fault)
{
	fputs("inuse_space,inuse_objects,alloc_space,alloc_objects,function,file,line,"
	      "module,stack\n",
	      to);
	for (size_t i = 0; i < target->set.count; i++) {
		const struct stack_entry *entry = &target->set.entries[i];
		const struct place *place = place_table_get(
			target->places, stack_set_places(&target->set, entry)[0]);

		for (int s = 0; s < PROFILE_SAMPLES; s++)
			fprintf(to, "%" PRId64 ",", entry->value[s]);
		put_quoted(place->function, to);
		putc(',', to);
		put_quoted(place->file, to);
		fprintf(to, ",%u,", place->line);
		put_quoted(place->module, to);
		putc(',', to);
		putc('"', to);
		put_stack(target, entry, to);
		fputs("\"\n", to);
	}
	return 0;
}

static int write_json(struct view_target *target, FILE *to, struct fault *fault)
{
	json_t *object = view_json(target, "export"), *rows = json_array();
	int r = -1;

	for (size_t i = 0; i < target->set.count; i++)
		json_array_append_new(rows,
				      view_json_stack(target, &target->set.entries[i]));
	if (object && json_object_set_new(object, "rows", rows) == 0)
		r = json_dumpf(object, to, JSON_COMPACT | JSON_REAL_PRECISION(12));
	json_decref(object);
	putc('\n', to);
	return r == 0 || ferror(to) ? 0
				    : fault_set(fault, FAULT_INPUT, -ENOMEM,
						"out of memory for the JSON");
}

const struct export_format export_collapsed = { "collapsed", VIEW_FUNCTIONS, false, true,
						write_collapsed };
const struct export_format export_csv = { "csv", VIEW_LINES, false, true, write_csv };
const struct export_format export_json = { "json", VIEW_LINES, false, true, write_json };
