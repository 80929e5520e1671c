/*
 * history_moment - a moment in a process's life, as a user names it
 *
 * A time of day is looked for on the last point's day and the day before it; mktime()
 * knows the time zone and its changes.
 */
#include "analyzer/profile/history_moment.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
	const char *name;
	double seconds;
} units[] = {
	{ "", 1 },     { "ms", 1e-3 }, { "s", 1 },     { "m", 60 },
	{ "min", 60 }, { "h", 3600 },  { "d", 86400 },
};

/* "1h30m", "2.5s": numbers with units, the sum of them. */
static bool parse_duration(const char *text, double *ret_s)
{
	double sum = 0;

	if (*text == '\0')
		return false;
	while (*text) {
		char *end;
		double number;
		size_t length, i;

		if (!strchr("0123456789.", *text))
			return false;
		number = strtod(text, &end);
		length = strspn(end, "abcdefghijklmnopqrstuvwxyz");
		for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (strlen(units[i].name) == length &&
			    memcmp(units[i].name, end, length) == 0)
				break;
		if (end == text || i == sizeof(units) / sizeof(units[0]) ||
		    !isfinite(number))
			return false;
		sum += number * units[i].seconds;
		text = end + length;
	}
	*ret_s = sum;
	return true;
}

static double last_point(const struct history *history)
{
	return history->at[history->count - 1];
}

static bool parse_clock(const struct history *history, const char *text, double *ret_s)
{
	double last = (double)history->unix_ns[history->count - 1] / 1e9;
	double start = (double)history->unix_ns[0] / 1e9 - history->at[0];
	time_t day = (time_t)last;
	struct tm tm;
	int hour, minute, used = 0;
	double second = 0;

	if (sscanf(text, "%2d:%2d%n", &hour, &minute, &used) != 2 || hour < 0 ||
	    minute < 0 || hour > 23 || minute > 59)
		return false;
	if (text[used] == ':') {
		char *end;

		second = strtod(text + used + 1, &end);
		if (end == text + used + 1 || *end || second < 0 || second >= 61)
			return false;
	} else if (text[used]) {
		return false;
	}
	for (int back = 0; back < 2; back++) {
		localtime_r(&day, &tm);
		tm.tm_mday -= back;
		tm.tm_hour = hour;
		tm.tm_min = minute;
		tm.tm_sec = 0;
		tm.tm_isdst = -1;
		*ret_s = (double)mktime(&tm) + second - start;
		if (*ret_s <= last - start + 1)
			break;
	}
	return true;
}

static const struct history_mark *find_mark(const struct history *history,
					    const char *name, bool *ret_first)
{
	const char *hash = strrchr(name, '#');
	size_t length = strlen(name);

	*ret_first = false;
	for (size_t i = 0; i < history->marks_count; i++)
		if (strcmp(history->marks[i].name, name) == 0)
			return &history->marks[i];
	if (!hash || strcmp(hash, "#first") != 0)
		return NULL;
	*ret_first = true;
	length -= strlen(hash);
	for (size_t i = 0; i < history->marks_count; i++)
		if (strlen(history->marks[i].name) == length &&
		    memcmp(history->marks[i].name, name, length) == 0)
			return &history->marks[i];
	return NULL;
}

static int no_mark(const struct history *history, const char *text, struct fault *fault)
{
	char names[160] = "";

	for (size_t i = 0; i < history->marks_count && strlen(names) < 100; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%.40s",
			 i ? ", " : "", history->marks[i].name);
	return fault_set(
		fault, FAULT_USAGE, -ENOENT,
		"'%s' is neither a time (30s after the start, -5m before the end, "
		"14:02:10) nor a mark of this process (%s%s)",
		text, history->marks_count ? "it has: " : "it set none", names);
}

static int parse(const struct history *history, const char *text, double *ret_s,
		 struct fault *fault)
{
	bool marked = strncmp(text, "mark:", 5) == 0, first;
	const struct history_mark *mark;

	if (strcmp(text, "start") == 0)
		*ret_s = 0;
	else if (strcmp(text, "now") == 0 || strcmp(text, "end") == 0)
		*ret_s = last_point(history);
	else if (strcmp(text, "peak") == 0)
		*ret_s = history->peak_s < 0 ? last_point(history) : history->peak_s;
	else if (!marked && *text == '-' && parse_duration(text + 1, ret_s))
		*ret_s = last_point(history) - *ret_s;
	else if (marked || (!parse_duration(text + (*text == '+'), ret_s) &&
			    !parse_clock(history, text, ret_s))) {
		mark = find_mark(history, text + (marked ? 5 : 0), &first);
		if (!mark)
			return no_mark(history, text, fault);
		*ret_s = first ? mark->first_s : mark->last_s;
	}
	return 0;
}

struct units_text history_after(double at_s)
{
	struct units_text out;

	if (at_s > 0 && at_s < 0.1)
		snprintf(out.text, sizeof(out.text), "%.3gms", at_s * 1e3);
	else if (at_s < 100)
		snprintf(out.text, sizeof(out.text), "%.*fs", at_s < 10 ? 2 : 1, at_s);
	else
		out = units_age((uint64_t)(at_s * 1e9));
	return out;
}

struct units_text history_clock(const struct history *history, double at_s)
{
	time_t at = (time_t)((double)history->unix_ns[0] / 1e9 + at_s - history->at[0]);
	struct units_text out;
	struct tm tm;

	localtime_r(&at, &tm);
	strftime(out.text, sizeof(out.text), "%H:%M:%S", &tm);
	return out;
}

/* Is the moment in the history, or near enough to one of its ends? */
static int check(const struct history *history, const char *text, double *at_s,
		 struct fault *fault)
{
	double first = history->at[0], last = last_point(history);
	double slack = fmax(history->interval_s, 0.1);

	if (*at_s > last + slack)
		return fault_set(
			fault, FAULT_USAGE, -ERANGE,
			"'%s' has not come yet: the last figures are of %s after "
			"the start (%s)",
			text, history_after(last).text,
			history_clock(history, last).text);
	if (*at_s < -slack)
		return fault_set(
			fault, FAULT_USAGE, -ERANGE,
			"'%s' lies before the process was profiled; it ran for %s "
			"from %s on",
			text, history_after(last).text, history_clock(history, 0).text);
	if (*at_s < first - slack)
		return fault_set(
			fault, FAULT_USAGE, -ERANGE,
			"'%s' is no longer in the history, which reaches back to "
			"%s after the start (%s)%s; a greater HEAPRING_HISTORY "
			"keeps more",
			text, history_after(first).text,
			history_clock(history, first).text,
			history->damaged ? ", for what is older is damaged" : "");
	*at_s = fmin(fmax(*at_s, first), last);
	if (history->slices > 0 || *at_s <= first || *at_s >= last)
		return 0;
	return fault_set(fault, FAULT_USAGE, -ERANGE, "nothing is known of '%s': %s",
			 text,
			 history->damaged ? "the history is damaged"
			 : history->kept  ? "no slice of HEAPRING_INTERVAL ended"
					  : "this process kept no history "
					    "(HEAPRING_HISTORY, HEAPRING_BUDGET)");
}

int history_moment(const struct history *history, const char *text, double *ret_s,
		   struct fault *fault)
{
	int r = parse(history, text, ret_s, fault);

	return r == 0 ? check(history, text, ret_s, fault) : r;
}

int history_moment_point(const struct history *history, const char *text,
			 size_t *ret_point, struct fault *fault)
{
	double at_s;
	int r = history_moment(history, text, &at_s, fault);

	if (r == 0)
		*ret_point = history_nearest(history, at_s);
	return r;
}
