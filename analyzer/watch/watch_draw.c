/*
 * watch_draw - the screen of `heapring watch`
 *
 * Heading, names of columns, rows, keys: each a line, rows the rest. Columns that
 * a narrow terminal has no place for go, those that matter least first.
 */
#include "analyzer/watch/watch.h"

#include <curses.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/console/name_fit.h"
#include "analyzer/profile/report.h"
#include "analyzer/views/view_output.h"
#include "analyzer/watch/watch_screen.h"

#define HEAD_ROWS 3
#define FOOT_ROWS 1
#define FRAMES_AT 12 /* the column of an expanded stack */

struct column {
	const char *name;
	int width;
	int least; /* columns of the terminal below which it goes */
};

enum { SITE_LIVE, SITE_GAIN, SITE_RATE, SITE_COUNT, SITE_AGE, SITE_TREND, SITE_COLUMNS };

static const struct column site_columns[SITE_COLUMNS] = {
	{ "LIVE", 9, 0 },    { "GROWTH/s", 10, 40 }, { "ALLOC/s", 9, 60 },
	{ "BLOCKS", 7, 50 }, { "AGE", 6, 70 },       { "TREND", 12, 78 },
};

static const struct column process_columns[] = {
	{ "PID", 7, 0 },      { "LIVE", 9, 0 },    { "PEAK", 9, 60 },
	{ "ALLOC/s", 9, 40 }, { "BLOCKS", 7, 50 }, { "TREND", 12, 78 },
	{ "STATE", 8, 70 },
};

size_t watch_rows(const struct watch *watch)
{
	return watch->shows_sites ? watch->sites.shown_count : watch->processes.count;
}

size_t watch_room(void)
{
	return LINES > HEAD_ROWS + FOOT_ROWS ? (size_t)(LINES - HEAD_ROWS - FOOT_ROWS)
					     : 0;
}

/* "+1.20MiB": a figure per second, or a difference. */
static struct units_text signed_bytes(double bytes)
{
	struct units_text size = units_bytes((uint64_t)fabs(round(bytes))), out;

	if (fabs(bytes) < 0.5)
		return units_bytes(0);
	snprintf(out.text, sizeof(out.text), "%c%.20s", bytes < 0 ? '-' : '+', size.text);
	return out;
}

static enum watch_ink ink_of(double gain, bool is_chosen)
{
	if (is_chosen)
		return WATCH_CHOSEN;
	return gain >= 0.5 ? WATCH_GREW : gain <= -0.5 ? WATCH_SHRANK : WATCH_PLAIN;
}

/* Where the next column begins, after this one at `at`; 0: it is not shown. */
static int place_column(const struct column *column, int at)
{
	return COLS >= column->least ? at + column->width + 1 : 0;
}

static void draw_heading(const struct watch *watch)
{
	const struct watch_sites *sites = &watch->sites;
	const struct profile *profile = sites->target.profile;
	char line[512], state[64], mode[64];

	if (!watch->shows_sites || !profile) {
		snprintf(line, sizeof(line), " heapring watch - %zu process%s%s",
			 watch->processes.count, watch->processes.count == 1 ? "" : "es",
			 watch->is_frozen ? "  FROZEN" : "");
		watch_put(0, 0, COLS, WATCH_BAR, line);
		watch_put(1, 0, COLS, WATCH_LOUD, watch->fault.text);
		return;
	}
	report_state(&profile->segment->header, profile->life, state, sizeof(state));
	report_mode(&profile->segment->header, mode, sizeof(mode));
	snprintf(line, sizeof(line), " %.60s, pid %u, %s, %s%s%s%s%.40s",
		 served_program(&profile->segment->header), profile->segment->header.pid,
		 state, mode, watch->is_frozen ? "  FROZEN" : "",
		 sites->is_marked ? "  MARKED" : "", sites->has_filter ? "  /" : "",
		 sites->has_filter ? watch->filter : "");
	watch_put(0, 0, COLS, WATCH_BAR, line);
	snprintf(line, sizeof(line),
		 "live %s  peak %s  blocks %s  alloc %s/s  %s/s  stacks %zu",
		 units_bytes(profile->total[PROFILE_INUSE_SPACE]).text,
		 units_bytes(profile->peak_space).text,
		 units_count(profile->total[PROFILE_INUSE_OBJECTS]).text,
		 units_bytes((uint64_t)sites->rate).text,
		 signed_bytes(watch_points_slope(&sites->total)).text,
		 sites->shown_count);
	watch_put(1, 0, COLS, WATCH_LOUD, *watch->fault.text ? watch->fault.text : line);
}

/* The name of the column that rows are ordered by is marked. */
static void draw_names(const struct watch *watch)
{
	const struct column *columns =
		watch->shows_sites ? site_columns : process_columns;
	size_t count = watch->shows_sites
			       ? SITE_COLUMNS
			       : sizeof(process_columns) / sizeof(process_columns[0]);
	int at = 0;

	watch_put(2, 0, COLS, WATCH_SOFT, "");
	for (size_t i = 0; i < count; i++) {
		int next = place_column(&columns[i], at);
		const char *name = columns[i].name;
		char text[32];

		if (!next)
			continue;
		if (watch->shows_sites && i == SITE_GAIN && watch->sites.is_marked)
			name = "SINCE";
		snprintf(text, sizeof(text), "%s%s",
			 watch->shows_sites && (int)i == (int)watch->sites.order ? ">"
										 : "",
			 name);
		watch_put_right(2, at, columns[i].width, WATCH_SOFT, text);
		at = next;
	}
	watch_put(2, at, COLS - at, WATCH_SOFT,
		  watch->shows_sites ? "FUNCTION < CALLER" : "PROGRAM");
}

static void describe(const struct watch_sites *sites, const struct watch_site *site,
		     char *text, size_t room)
{
	const struct stack_frame *frames;
	uint32_t count = watch_site_frames(sites, site, &frames);
	uint32_t first =
		stack_view_culprit(sites->target.view, site->stack, frames, count);
	size_t at = 0;

	*text = '\0';
	for (uint32_t i = first, shown = 0; i < count && shown < 4 && at < room; i++) {
		const struct place *place = watch_site_place(sites, &frames[i]);

		if (i == first || !view_is_runtime(place))
			at += (size_t)snprintf(text + at, room - at, "%s%s",
					       shown++ ? " < " : "", place->function);
	}
}

static void draw_site(const struct watch_sites *sites, const struct watch_site *site,
		      int row, bool is_chosen)
{
	double gain = watch_site_gain(sites, site);
	enum watch_ink plain = is_chosen ? WATCH_CHOSEN : WATCH_PLAIN;
	char name[4096], fitted[4096];
	const struct units_text texts[] = {
		[SITE_LIVE] = units_bytes((uint64_t)(site->live > 0 ? site->live : 0)),
		[SITE_GAIN] = signed_bytes(gain),
		[SITE_RATE] = units_bytes((uint64_t)(site->rate > 0 ? site->rate : 0)),
		[SITE_COUNT] = units_count((uint64_t)(site->count > 0 ? site->count : 0)),
		[SITE_AGE] = units_age(watch_site_age_ns(sites, site)),
	};
	int at = 0;

	watch_put(row, 0, COLS, plain, "");
	for (int i = 0; i < SITE_COLUMNS; i++) {
		int next = place_column(&site_columns[i], at);

		if (next && i == SITE_TREND)
			watch_put_points(row, at, site_columns[i].width, plain,
					 &site->points);
		else if (next)
			watch_put_right(row, at, site_columns[i].width,
					i == SITE_GAIN ? ink_of(gain, is_chosen) : plain,
					texts[i].text);
		if (next)
			at = next;
	}
	describe(sites, site, name, sizeof(name));
	name_fit(name, COLS > at ? (size_t)(COLS - at) : 1, fitted, sizeof(fitted));
	watch_put(row, at, COLS - at, plain, fitted);
}

/* The frames below a row that is expanded; returns how many lines they took. */
static int draw_frames(const struct watch_sites *sites, const struct watch_site *site,
		       int row, int last)
{
	const struct stack_frame *frames;
	uint32_t count = watch_site_frames(sites, site, &frames);
	char line[4096], fitted[4096];
	uint32_t i;

	for (i = 0; i < count && row + (int)i < last; i++) {
		struct place place = *watch_site_place(sites, &frames[i]);

		if (frames[i].symbol)
			place.line = frames[i].symbol->line;
		view_place_text(&place, /*with_line=*/true, line, sizeof(line));
		watch_put(row + (int)i, 0, FRAMES_AT, WATCH_PLAIN, "");
		name_fit(line, COLS > FRAMES_AT ? (size_t)(COLS - FRAMES_AT) : 1, fitted,
			 sizeof(fitted));
		watch_put(row + (int)i, FRAMES_AT, COLS - FRAMES_AT, WATCH_SOFT, fitted);
	}
	return (int)i;
}

static void draw_process(const struct watch_process *process, int row, bool is_chosen)
{
	enum watch_ink ink = is_chosen ? WATCH_CHOSEN : WATCH_PLAIN;
	struct units_text texts[7] = { 0 };
	int at = 0;

	snprintf(texts[0].text, UNITS_TEXT, "%u", process->served.header.pid);
	texts[1] = units_bytes((uint64_t)process->live);
	texts[2] = units_bytes((uint64_t)process->peak);
	texts[3] = units_bytes((uint64_t)(process->rate > 0 ? process->rate : 0));
	texts[4] = units_count(process->count);
	snprintf(texts[6].text, UNITS_TEXT, "%s",
		 segment_life_name(process->served.life));
	watch_put(row, 0, COLS, ink, "");
	for (int i = 0; i < 7; i++) {
		int next = place_column(&process_columns[i], at);

		if (next && i == 5)
			watch_put_points(row, at, process_columns[i].width, ink,
					 &process->points);
		else if (next)
			watch_put_right(row, at, process_columns[i].width, ink,
					process->is_read || i == 0 || i == 6
						? texts[i].text
						: "?");
		if (next)
			at = next;
	}
	watch_put(row, at, COLS - at, ink, served_program(&process->served.header));
}

static void draw_help(void)
{
	static const char *const lines[] = {
		"heapring watch",
		"",
		"  up down PgUp PgDn Home End   move          Enter, space  open, or the "
		"stack",
		"  Esc, left                    back          q             quit",
		"",
		"  l g r c a   order by live bytes, growth, allocation rate, blocks, age",
		"  < >         the order to the left, to the right",
		"  /           only stacks with a function, file or module that matches",
		"  p           freeze the screen, and go on",
		"  m           mark: the second column is then what was gained since",
		"  M           take the mark away",
		"  ? h F1      this help",
		"",
		"LIVE: bytes allocated and not freed. GROWTH/s: how they changed over "
		"the",
		"last ten looks. ALLOC/s: bytes allocated, freed or not. AGE: since the",
		"stack allocated first. TREND: live bytes of the last looks.",
		"",
		"any key goes on",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		watch_put((int)i, 0, COLS, i ? WATCH_PLAIN : WATCH_BAR, lines[i]);
}

static void draw_footer(const struct watch *watch)
{
	char line[256];

	if (watch->is_typing)
		snprintf(line, sizeof(line), "/%s_%s", watch->filter,
			 watch->is_filter_wrong ? "   (no regular expression yet)" : "");
	else
		snprintf(line, sizeof(line), "%s",
			 watch->shows_sites
				 ? " Enter stack  lgrca order  / filter  p freeze  m "
				   "mark  Esc back  ? help  q quit"
				 : " Enter open  p freeze  ? help  q quit");
	watch_put(LINES - 1, 0, COLS, watch->is_typing ? WATCH_LOUD : WATCH_BAR, line);
}

static void draw_rows(const struct watch *watch)
{
	int last = LINES - FOOT_ROWS;
	int row = HEAD_ROWS;

	for (size_t i = watch->top; i < watch_rows(watch) && row < last; i++) {
		bool is_chosen = i == watch->cursor;

		if (!watch->shows_sites) {
			draw_process(&watch->processes.processes[i], row++, is_chosen);
			continue;
		}
		draw_site(&watch->sites, watch->sites.shown[i], row++, is_chosen);
		if (watch->sites.shown[i]->is_expanded)
			row += draw_frames(&watch->sites, watch->sites.shown[i], row,
					   last);
	}
	if (watch_rows(watch) == 0)
		watch_put(row, 2, COLS - 2, WATCH_PLAIN,
			  watch->shows_sites
				  ? "no call stack matches"
				  : "no process is profiled: heapring run -- PROGRAM");
}

void watch_draw(struct watch *watch)
{
	size_t room = watch_room();

	erase();
	if (watch->cursor < watch->top)
		watch->top = watch->cursor;
	if (room > 0 && watch->cursor >= watch->top + room)
		watch->top = watch->cursor - room + 1;
	if (LINES < HEAD_ROWS + FOOT_ROWS + 1 || COLS < 20) {
		watch_put(0, 0, COLS, WATCH_PLAIN, "too small");
	} else if (watch->shows_help) {
		draw_help();
	} else {
		draw_heading(watch);
		draw_names(watch);
		draw_rows(watch);
		draw_footer(watch);
	}
	refresh();
}
