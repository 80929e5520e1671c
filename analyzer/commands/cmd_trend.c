/*
 * cmd_trend - how memory moved, at a glance
 *
 * Three parts: sparklines of the process on an even grid of time, with the peak and
 * the marks below; the same in figures; the stacks that grew most. Rates are those
 * between two columns of the grid.
 */
#include "analyzer/commands/commands.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/console/pager.h"
#include "analyzer/console/sparkline.h"
#include "analyzer/console/table.h"
#include "analyzer/profile/history_moment.h"
#include "analyzer/views/trend.h"
#include "analyzer/views/view_command.h"

#define COLUMNS 42
#define LINES 12
#define ROW_COLUMNS 16
#define ROWS 10
#define STACK_TEXT 60u /* characters, and the frame that goes past them */

struct show {
	const struct view_target *target;
	const struct trend *trend;
	double from_s, to_s;
};

static double value_at(const struct show *show, enum profile_sample s, double at_s)
{
	return history_value(show->trend->history, show->trend->total[s], at_s);
}

static double column_s(const struct show *show, size_t column, size_t columns)
{
	return show->from_s +
	       (show->to_s - show->from_s) * (double)column / (double)columns;
}

static const char *value_text(const struct show *show, enum profile_sample s,
			      double value, struct units_text *text)
{
	*text = view_value(show->target->options, s, llround(value));
	return text->text;
}

/* What fluctuates by some percent is nearly flat: bars show a tenth at least. */
static double floor_of(double low, double high)
{
	return fmin(low, 0.9 * high);
}

static void print_line(const struct show *show, const char *name, enum profile_sample s,
		       bool is_rate)
{
	double value[COLUMNS], low = INFINITY, high = -INFINITY, last = 0;
	char text[SPARKLINE_BYTES(COLUMNS)];
	struct units_text t[3];
	double width = (show->to_s - show->from_s) / COLUMNS;

	for (size_t i = 0; i < COLUMNS; i++) {
		double end = value_at(show, s, column_s(show, i + 1, COLUMNS));

		value[i] = end;
		if (is_rate)
			value[i] =
				width > 0 ? (end - value_at(show, s,
							    column_s(show, i, COLUMNS))) /
						    width
					  : 0;
		low = fmin(low, value[i]);
		high = fmax(high, last = value[i]);
	}
	sparkline(value, COLUMNS, is_rate ? 0 : floor_of(low, high), high, text);
	printf("%-9s %s %8s %8s %8s\n", name, text, value_text(show, s, low, &t[0]),
	       value_text(show, s, high, &t[1]), value_text(show, s, last, &t[2]));
}

static void put_mark(const struct show *show, char *line, double at_s, char mark)
{
	double span = show->to_s - show->from_s;
	double column = span > 0 ? (at_s - show->from_s) / span * COLUMNS : 0;

	if (at_s < show->from_s || at_s > show->to_s)
		return;
	line[column >= COLUMNS ? COLUMNS - 1 : (int)column] = mark;
}

/* Letters for the marks, in the order of their last time, and ^ for the peak. */
static void print_marks(const struct show *show)
{
	const struct history *history = show->trend->history;
	char line[COLUMNS + 1];

	memset(line, ' ', COLUMNS);
	line[COLUMNS] = '\0';
	for (size_t i = history->marks_count; i-- > 0;)
		if (i < 26)
			put_mark(show, line, history->marks[i].last_s, (char)('a' + i));
	put_mark(show, line, history->peak_s, '^');
	printf("%-9s %s", "", line);
	printf("  ^ peak %s\n",
	       units_bytes_in((int64_t)history->peak_space, show->target->options->unit)
		       .text);
	for (size_t i = 0; i < history->marks_count && i < 26; i++) {
		const struct history_mark *mark = &history->marks[i];

		printf("%-9s %c %s, at %s (%s)", "", (char)('a' + (int)i), mark->name,
		       history_after(mark->last_s).text,
		       history_clock(history, mark->last_s).text);
		if (mark->count > 1)
			printf(", %llu times since %s", (unsigned long long)mark->count,
			       history_after(mark->first_s).text);
		putchar('\n');
	}
}

static void print_span(const struct show *show)
{
	const struct history *history = show->trend->history;

	printf("%s to ", history_after(show->from_s).text);
	printf("%s of the run (%s to ", history_after(show->to_s).text,
	       history_clock(history, show->from_s).text);
	printf("%s), %zu slice%s of %s and more\n",
	       history_clock(history, show->to_s).text, history->slices,
	       history->slices == 1 ? "" : "s", history_after(history->interval_s).text);
	if (!history->kept)
		puts("no history was kept (HEAPRING_HISTORY, HEAPRING_BUDGET): only "
		     "start "
		     "and end are known");
	else if (history->damaged)
		puts("the history is damaged: what came before is left out");
	else if (!history->from_start && !show->target->window.has_since)
		puts("what came before is no longer in the history; a greater "
		     "HEAPRING_HISTORY keeps more");
}

/* A change with its sign, per second. */
static void add_rate(const struct show *show, struct table *table, enum profile_sample s,
		     double change, double seconds, bool with_sign)
{
	struct units_text value;
	char text[UNITS_TEXT + 2];

	value_text(show, s, seconds > 0 ? change / seconds : 0, &value);
	snprintf(text, sizeof(text), "%s%s",
		 with_sign && change > 0 && value.text[0] != '-' ? "+" : "", value.text);
	table_add(table, text);
}

static void add_figures(const struct show *show, struct table *table, double from_s,
			double at_s)
{
	const struct history *history = show->trend->history;
	double was[PROFILE_SAMPLES], is[PROFILE_SAMPLES];
	struct units_text text;

	for (int s = 0; s < PROFILE_SAMPLES; s++) {
		was[s] = value_at(show, (enum profile_sample)s, from_s);
		is[s] = value_at(show, (enum profile_sample)s, at_s);
	}
	table_add(table, history_after(at_s).text);
	table_add(table, history_clock(history, at_s).text);
	table_add(table,
		  value_text(show, PROFILE_INUSE_SPACE, is[PROFILE_INUSE_SPACE], &text));
	add_rate(show, table, PROFILE_INUSE_SPACE,
		 is[PROFILE_INUSE_SPACE] - was[PROFILE_INUSE_SPACE], at_s - from_s, true);
	table_add(table, value_text(show, PROFILE_INUSE_OBJECTS,
				    is[PROFILE_INUSE_OBJECTS], &text));
	add_rate(show, table, PROFILE_ALLOC_SPACE,
		 is[PROFILE_ALLOC_SPACE] - was[PROFILE_ALLOC_SPACE], at_s - from_s,
		 false);
	add_rate(show, table, PROFILE_ALLOC_OBJECTS,
		 is[PROFILE_ALLOC_OBJECTS] - was[PROFILE_ALLOC_OBJECTS], at_s - from_s,
		 false);
}

static int print_figures(const struct show *show)
{
	static const char *const heading[] = { "after",    "clock",   "in use",
					       "growth/s", "objects", "allocated/s",
					       "allocs/s" };
	const struct trend *trend = show->trend;
	size_t points = trend->to - trend->from;
	size_t lines = points < LINES ? points : LINES;
	struct table *table = table_new("rrrrrrr");

	if (!table)
		return FAULT_INPUT;
	for (size_t i = 0; i < sizeof(heading) / sizeof(heading[0]); i++)
		table_add(table, heading[i]);
	for (size_t i = 0; i < lines; i++)
		add_figures(show, table, column_s(show, i, lines),
			    column_s(show, i + 1, lines));
	table_print(table, stdout);
	table_free(table);
	return 0;
}

static void add_name(const struct view_target *target, uint32_t place, const char *before,
		     char *text, size_t room)
{
	const struct place *named = place_table_get(target->places, place);
	size_t length = strlen(text);

	snprintf(text + length, room - length, "%s%s", before,
		 *named->function ? named->function : "?");
}

/* "leak < main", a stack from who is responsible outwards, and what the program calls it.
 */
static void stack_text(const struct view_target *target, const struct stack_entry *entry,
		       char *text, size_t room)
{
	const uint32_t *places = stack_set_places(&target->set, entry);
	const struct place *outer =
		place_table_get(target->places, places[entry->count - 1]);
	uint32_t i;

	*text = '\0';
	for (i = entry->culprit; i < entry->count && strlen(text) < STACK_TEXT; i++)
		if (i == entry->culprit ||
		    !view_is_runtime(place_table_get(target->places, places[i])))
			add_name(target, places[i], *text ? " < " : "", text, room);
	if (i < entry->count)
		snprintf(text + strlen(text), room - strlen(text), " < %s",
			 pager_columns() > 0 ? "…" : "..."); /* as name_fit() does */
	if (strncmp(outer->function, "[tag ", 5) == 0)
		add_name(target, places[entry->count - 1], " ", text, room);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
}

static double highest(const double *value, size_t n)
{
	double high = value[0];

	for (size_t i = 1; i < n; i++)
		high = fmax(high, value[i]);
	return high;
}

static void add_row(const struct show *show, struct table *table,
		    const struct trend_row *row)
{
	enum profile_sample s = show->target->options->sample;
	double grid[ROW_COLUMNS];
	char text[4096], spark[SPARKLINE_BYTES(ROW_COLUMNS)];
	double growth = (double)row->last[s] - (double)row->first[s];
	double minutes = (show->to_s - show->from_s) / 60;
	struct units_text value;

	history_resample(show->trend->history, row->series, show->from_s, show->to_s,
			 ROW_COLUMNS, grid);
	sparkline(grid, ROW_COLUMNS, floor_of(grid[0], grid[ROW_COLUMNS - 1]),
		  highest(grid, ROW_COLUMNS), spark);
	value_text(show, s, growth, &value);
	snprintf(text, sizeof(text), "+%s", value.text);
	table_add(table, text);
	add_rate(show, table, s, growth, minutes, true);
	table_add(table, value_text(show, s, (double)row->last[s], &value));
	table_add(table, spark);
	stack_text(show->target, row->entry, text, sizeof(text));
	table_add(table, text);
}

static int print_rows(const struct show *show)
{
	static const char *const heading[] = { "growth", "per min", "now", "", "stack" };
	const struct trend *trend = show->trend;
	struct table *table = table_new("rrrln");

	if (!table)
		return FAULT_INPUT;
	printf("\n%s: %zu stack%s grew%s\n",
	       profile_sample_name(show->target->options->sample), trend->grew,
	       trend->grew == 1 ? "" : "s",
	       trend->rows_count < trend->grew ? ", the most:" : "");
	if (trend->rows_count > 0) {
		for (size_t i = 0; i < sizeof(heading) / sizeof(heading[0]); i++)
			table_add(table, heading[i]);
		for (size_t i = 0; i < trend->rows_count; i++)
			add_row(show, table, &trend->rows[i]);
		table_print(table, stdout);
	}
	table_free(table);
	return 0;
}

static int print_text(const struct show *show)
{
	int status;

	report_heading(show->target->profile, stdout);
	print_span(show);
	printf("\n%-9s %-*s %8s %8s %8s\n", "", COLUMNS, "", "low", "high", "last");
	print_line(show, "in use", PROFILE_INUSE_SPACE, false);
	print_line(show, "objects", PROFILE_INUSE_OBJECTS, false);
	print_line(show, "bytes/s", PROFILE_ALLOC_SPACE, true);
	print_line(show, "allocs/s", PROFILE_ALLOC_OBJECTS, true);
	print_marks(show);
	putchar('\n');
	status = print_figures(show);
	if (status == 0)
		status = print_rows(show);
	report_coverage(show->target->profile, stdout);
	return status;
}

static json_t *points_json(const struct trend *trend)
{
	const struct history *history = trend->history;
	json_t *points = json_array();

	for (size_t i = trend->from; i <= trend->to; i++) {
		json_t *point = json_pack("{s:f, s:I, s:f}", "s", history->at[i],
					  "unix_ns", (json_int_t)history->unix_ns[i],
					  "sweep_s", history->sweep_s[i]);

		for (int s = 0; s < PROFILE_SAMPLES; s++)
			json_object_set_new(point,
					    profile_sample_name((enum profile_sample)s),
					    json_integer((json_int_t)trend->total[s][i]));
		json_array_append_new(points, point);
	}
	return points;
}

static json_t *marks_json(const struct history *history)
{
	json_t *marks = json_array();

	for (size_t i = 0; i < history->marks_count; i++)
		json_array_append_new(
			marks, json_pack("{s:o, s:I, s:f, s:f}", "name",
					 report_json_text(history->marks[i].name),
					 "count", (json_int_t)history->marks[i].count,
					 "first_s", history->marks[i].first_s, "last_s",
					 history->marks[i].last_s));
	return marks;
}

static json_t *row_json(const struct show *show, const struct trend_row *row)
{
	enum profile_sample s = show->target->options->sample;
	double growth = (double)row->last[s] - (double)row->first[s];
	double minutes = (show->to_s - show->from_s) / 60;
	json_t *json = json_object(), *frames = json_array(), *series = json_array();
	const uint32_t *places = stack_set_places(&show->target->set, row->entry);
	int64_t figures[PROFILE_SAMPLES];

	for (uint32_t f = 0; f < row->entry->count; f++)
		json_array_append_new(frames, view_json_place(place_table_get(
						      show->target->places, places[f])));
	json_object_set_new(json, "stack", frames);
	json_object_set_new(json, "growth", json_integer((json_int_t)growth));
	json_object_set_new(json, "growth_per_min",
			    json_real(minutes > 0 ? growth / minutes : 0));
	for (int i = 0; i < PROFILE_SAMPLES; i++)
		figures[i] = (int64_t)row->first[i];
	view_json_figures(json, "start_", figures);
	for (int i = 0; i < PROFILE_SAMPLES; i++)
		figures[i] = (int64_t)row->last[i];
	view_json_figures(json, "end_", figures);
	for (size_t i = show->trend->from; i <= show->trend->to; i++)
		json_array_append_new(series, json_integer((json_int_t)row->series[i]));
	json_object_set_new(json, "series", series);
	return json;
}

static int print_json(const struct show *show)
{
	const struct trend *trend = show->trend;
	const struct history *history = trend->history;
	json_t *object = view_json(show->target, "trend"), *rows = json_array();

	if (object) {
		json_object_set_new(
			object, "history",
			json_pack("{s:b, s:b, s:b, s:I, s:f}", "kept", history->kept,
				  "from_start", history->from_start, "damaged",
				  history->damaged, "slices", (json_int_t)history->slices,
				  "interval_s", history->interval_s));
		json_object_set_new(
			object, "peak",
			json_pack("{s:o, s:I}", "s",
				  history->peak_s < 0 ? json_null()
						      : json_real(history->peak_s),
				  "inuse_space", (json_int_t)history->peak_space));
		json_object_set_new(object, "marks", marks_json(history));
		json_object_set_new(object, "points", points_json(trend));
	}
	for (size_t i = 0; i < trend->rows_count; i++)
		json_array_append_new(rows, row_json(show, &trend->rows[i]));
	return view_json_print(object, rows);
}

static int show(void *arg, struct view_target *target, char **arguments)
{
	const struct view_options *options = target->options;
	struct trend trend;
	struct show shown = { .target = target, .trend = &trend };
	struct fault fault;
	int status;

	if (trend_load(target, options->rows < 0 ? ROWS : (size_t)options->rows, &trend,
		       &fault) < 0)
		return fault_print(&fault);
	shown.from_s = trend.history->at[trend.from];
	shown.to_s = trend.history->at[trend.to];
	status = options->json ? print_json(&shown) : print_text(&shown);
	trend_done(&trend);
	return status;
}

static int check(void *arg, struct view_options *options, char **arguments,
		 struct fault *fault)
{
	if (options->base)
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "trend: two runs have no time in common to subtract by: "
				 "leave out --base, and compare them with `diff`");
	if (options->wants.by_thread)
		return fault_set(fault, FAULT_USAGE, -EINVAL,
				 "trend: the history tells stacks apart, not threads: "
				 "leave out --by-thread");
	if (options->wants.at_peak) /* a moment here, not the counters' own note of it */
		options->at = "peak";
	options->wants.at_peak = false;
	options->wants.history = true;
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	const struct view_command view = { .command = command,
					   .prepare = check,
					   .show = show };
	struct view_options options;

	view_options_init(&options);
	options.find_culprits = true;
	return view_command_run(&view, &options, argc, argv);
}

const struct command cmd_trend = {
	.name = "trend",
	.arguments = "[OPTION...] TARGET",
	.summary = "How memory moved over time, and which stacks grew",
	.help = "From the history that every profiled process keeps (HEAPRING_HISTORY "
		"bytes of\n"
		"it): the last minutes slice by slice, the hours before in longer ones. "
		"`^`\n"
		"stands at the peak, letters at the marks that the program set with\n"
		"heapring_mark(). --since and --at choose a part of the time; -n is the "
		"number\n"
		"of stacks, 10 unless it is given. A stack is shown from who is "
		"responsible\n"
		"outwards; `traces` has it whole.",
	.run = run,
};
