/*
 * view_output - what the views print alike
 */
#include "analyzer/views/view_output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/name_fit.h"
#include "analyzer/console/text_wrap.h"
#include "analyzer/profile/history_moment.h"
#include "analyzer/views/culprit.h"

#define SIGMAS_95 1.96
#define FRAME_INDENT 8 /* columns */

struct units_text view_value(const struct view_options *options,
			     enum profile_sample sample, int64_t value)
{
	return profile_sample_is_bytes(sample) ? units_bytes_in(value, options->unit)
					       : units_signed_count(value);
}

static int64_t rounded(double value)
{
	return value < 9e18 ? (int64_t)llround(value) : 0;
}

struct units_text view_error(const struct view_target *target, enum profile_sample sample,
			     double variance)
{
	struct units_text out = { "" };
	int64_t error = rounded(SIGMAS_95 * sqrt(variance));

	if (target->set.has_variance)
		snprintf(out.text, sizeof(out.text), "±%.*s", UNITS_TEXT - 4,
			 view_value(target->options, sample, error).text);
	return out;
}

/* Of the target's own total: that of a difference may be close to 0. */
struct units_text view_percent(const struct view_target *target,
			       enum profile_sample sample, int64_t value)
{
	return units_percent((double)value, (double)target->profile->total[sample]);
}

void view_place_text(const struct place *place, bool with_line, char *text, size_t room)
{
	const char *base = place->file ? strrchr(place->file, '/') : NULL;

	base = base ? base + 1 : place->file;
	if (base && with_line && place->line)
		snprintf(text, room, "%s  %s:%u", place->function, base, place->line);
	else if (base)
		snprintf(text, room, "%s  %s", place->function, base);
	else if (*place->module && !strstr(place->function, place->module))
		snprintf(text, room, "%s  [%s]", place->function, place->module);
	else
		snprintf(text, room, "%s", place->function);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
}

bool view_is_runtime(const struct place *place)
{
	const struct symbol symbol = { .function = place->function,
				       .file = place->file,
				       .module = place->module };

	return culprit_is_runtime(&symbol);
}

void view_print_frame(const char *text, FILE *to)
{
	char fitted[4096];

	name_fit_screen(text, FRAME_INDENT, fitted, sizeof(fitted));
	fprintf(to, "%*s%s\n", FRAME_INDENT, "", fitted);
}

static void print_peak(const struct view_target *target, FILE *to)
{
	const struct profile *profile = target->profile;
	const struct heapring_header *header = &profile->segment->header;
	const char *unit = target->options->unit;

	fprintf(to, "at the peak: in use %s in %s",
		units_bytes_in((int64_t)profile->total[PROFILE_INUSE_SPACE], unit).text,
		units_signed_counted((int64_t)profile->total[PROFILE_INUSE_OBJECTS],
				     "object")
			.text);
	if (header->peak_mono_ns > header->start_mono_ns)
		fprintf(to, ", %s after the start",
			history_after(
				(double)(header->peak_mono_ns - header->start_mono_ns) /
				1e9)
				.text);
	fprintf(to, "; highest seen %s",
		units_bytes_in((int64_t)profile->peak_space, unit).text);
	if (profile->peak_error > 0)
		fprintf(to, ", at most %s low",
			units_bytes_in((int64_t)profile->peak_error, unit).text);
	fputc('\n', to);
}

/* "in use 1.2MiB in 10 objects": two figures of one kind. */
static void print_pair(const struct view_target *target, const char *what,
		       enum profile_sample bytes, const uint64_t *value, FILE *to)
{
	fprintf(to, "%s %s in %s", what,
		units_bytes_in((int64_t)value[bytes], target->options->unit).text,
		units_signed_counted((int64_t)value[bytes + 1], "object").text);
}

static void print_window(const struct view_target *target, FILE *to)
{
	const struct profile_window *window = &target->window;
	const struct history *history = target->profile->history;
	double span = window->at_s - window->since_s;
	int64_t net = (int64_t)(window->after[PROFILE_INUSE_SPACE] -
				window->before[PROFILE_INUSE_SPACE]);

	if (!window->has_since) {
		fprintf(to,
			"at %s after the start (%s): ", history_after(window->at_s).text,
			history_clock(history, window->at_s).text);
		print_pair(target, "in use", PROFILE_INUSE_SPACE, window->after, to);
		print_pair(target, "; allocated until then", PROFILE_ALLOC_SPACE,
			   window->after, to);
		fputc('\n', to);
		return;
	}
	fprintf(to, "from %s after the start (%s) for %s: ",
		history_after(window->since_s).text,
		history_clock(history, window->since_s).text, history_after(span).text);
	print_pair(target, "allocated", PROFILE_ALLOC_SPACE, target->profile->total, to);
	fprintf(to, "\nin use %s%s net: what grew is below", net < 0 ? "" : "+",
		units_bytes_in(net, target->options->unit).text);
	if (window->shrunk[PROFILE_INUSE_SPACE] > 0)
		fprintf(to, ", stacks that shrank lost %s",
			units_bytes_in((int64_t)window->shrunk[PROFILE_INUSE_SPACE],
				       target->options->unit)
				.text);
	fputc('\n', to);
}

const char *view_row_name(const struct view_options *options)
{
	static const char *const names[] = { [VIEW_FUNCTIONS] = "function",
					     [VIEW_LINES] = "line",
					     [VIEW_MODULES] = "module" };

	return names[options->granularity];
}

static bool has_filter(const struct view_options *options)
{
	for (int i = 0; i < VIEW_FILTERS; i++)
		if (options->has[i])
			return true;
	return false;
}

static void print_moment(const struct view_target *target, FILE *to)
{
	if (target->options->wants.at_peak)
		print_peak(target, to);
	if (target->window.has_at || target->window.has_since)
		print_window(target, to);
	if (target->set.count == 0 && has_filter(target->options))
		fputs("no stack passes the filters; `heapring top --cum` without them "
		      "shows what there is\n",
		      to);
}

void view_print_heading(const struct view_target *target, FILE *to)
{
	char *text = NULL;
	size_t length;
	FILE *lines = open_memstream(&text, &length);

	report_heading(target->profile, to);
	if (lines) {
		print_moment(target, lines);
		fclose(lines);
		text_wrap_lines(text, to);
	}
	free(text);
	if (!target->base)
		return;
	fprintf(to, "minus%s: ", target->options->normalize ? " (scaled)" : "");
	report_heading(target->base, to);
}

void view_json_figures(json_t *to, const char *prefix, const int64_t *values)
{
	char key[48];

	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		snprintf(key, sizeof(key), "%s%s", prefix,
			 profile_sample_name((enum profile_sample)s));
		json_object_set_new(to, key, json_integer(values[s]));
	}
}

json_t *view_json_error(double variance)
{
	return json_integer(rounded(sqrt(variance)));
}

json_t *view_json_place(const struct place *place)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "function",
			 report_json_text(place->function), "file",
			 place->file ? report_json_text(place->file) : json_null(),
			 "line", place->line ? json_integer(place->line) : json_null(),
			 "module", report_json_text(place->module));
}

json_t *view_json_stack(const struct view_target *target, const struct stack_entry *entry)
{
	const uint32_t *places = stack_set_places(&target->set, entry);
	enum profile_sample s = target->options->sample;
	json_t *row = json_object(), *frames = json_array();

	for (uint32_t f = 0; f < entry->count; f++)
		json_array_append_new(frames, view_json_place(place_table_get(
						      target->places, places[f])));
	json_object_set_new(row, "stack", frames);
	json_object_set_new(row, "flat", json_integer(entry->value[s]));
	view_json_figures(row, "", entry->value);
	json_object_set_new(row, "stderr", view_json_error(entry->variance[s]));
	return row;
}

static json_t *base_of(const struct view_target *target)
{
	const struct profile *base = target->base;
	json_t *total = json_object();

	for (int s = 0; s < PROFILE_SAMPLES; s++)
		json_object_set_new(total, profile_sample_name((enum profile_sample)s),
				    json_integer((json_int_t)base->total[s]));
	return json_pack("{s:o, s:o, s:o, s:b}", "process",
			 report_json_process(&base->segment->header, base->life), "mode",
			 report_json_mode(&base->segment->header), "total", total,
			 "normalized", target->options->normalize);
}

static json_t *window_of(const struct profile_window *window)
{
	json_t *object = json_pack("{s:f, s:I}", "end_s", window->at_s, "end_unix_ns",
				   (json_int_t)window->at_unix_ns);
	int64_t figures[PROFILE_SAMPLES];

	for (int s = 0; s < PROFILE_SAMPLES; s++)
		figures[s] = (int64_t)window->after[s];
	view_json_figures(object, "end_", figures);
	if (!window->has_since)
		return object;
	json_object_set_new(object, "start_s", json_real(window->since_s));
	json_object_set_new(object, "start_unix_ns",
			    json_integer((json_int_t)window->since_unix_ns));
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		figures[s] = (int64_t)window->before[s];
	view_json_figures(object, "start_", figures);
	return object;
}

json_t *view_json(const struct view_target *target, const char *name)
{
	const struct profile *profile = target->profile;
	json_t *object = report_json(profile, name, target->options->sample);

	if (!object)
		return NULL;
	if (target->options->wants.at_peak) {
		json_object_set_new(object, "at", json_string("peak"));
		json_object_set_new(object, "peak_error",
				    json_integer((json_int_t)profile->peak_error));
	}
	if (target->window.has_at || target->window.has_since)
		json_object_set_new(object, "window", window_of(&target->window));
	if (target->base) {
		json_object_set_new(object, "base", base_of(target));
		view_json_figures(json_object_get(object, "total"), "", target->total);
	}
	return object;
}

int view_json_print(json_t *object, json_t *rows)
{
	if (object)
		json_object_set_new(object, "rows", rows);
	else
		json_decref(rows);
	return report_json_print(object);
}
