/*
 * audit_words - the lines that say why
 */
#include "analyzer/audit/audit_words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/audit/audit_pattern.h"
#include "analyzer/console/units.h"
#include "analyzer/views/thread_routine.h"

#define ETA_MAX (365.0 * 86400)
#define WORTH_SAYING 0.05 /* of the time, without allocations */

static void clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			*text = '?';
}

void audit_text(char *text, size_t room, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(text, room, format, args);
	va_end(args);
	clean(text);
}

void audit_say(struct audit_lines *lines, const char *format, ...)
{
	va_list args;

	if (lines->count == AUDIT_LINES_MAX)
		return;
	va_start(args, format);
	vsnprintf(lines->line[lines->count], AUDIT_LINE, format, args);
	va_end(args);
	clean(lines->line[lines->count++]);
}

static uint64_t whole(double value)
{
	return value < 1.8e19 ? (uint64_t)fmax(0, round(value)) : UINT64_MAX;
}

static struct units_text bytes(double value)
{
	return units_bytes(whole(value));
}

static struct units_text some(double value, const char *one)
{
	return units_counted(whole(value), one);
}

static struct units_text age(double seconds)
{
	return units_age(whole(fmin(seconds, 1e9) * 1e9));
}

/* A curve that is not called exponential in the verdict is not in the evidence. */
static const char *law_name(const struct series_shape *shape, enum audit_growth growth)
{
	static const char *const names[] = {
		"none",
		"a straight line",
		"exponential",
		"towards a level",
		"a rise, then level",
		"level, then a rise",
	};

	if (shape->model.law == GROWTH_EXPONENTIAL && growth != AUDIT_GROWTH_EXPONENTIAL)
		return "a line that bends upwards";
	return names[shape->model.law];
}

const char *audit_function_name(const struct audit_function *function)
{
	return function && function->symbol ? function->symbol->function : "[unknown]";
}

double audit_eta(const struct audit_facts *facts, const struct audit_decision *decision)
{
	const struct audit_surroundings *around = facts->around;
	double left, rate = decision->rate_bytes_per_s, eta;

	if (!around->has_limit || !(rate > 0) ||
	    (decision->verdict != AUDIT_LEAK && decision->verdict != AUDIT_THREAD_LEAK))
		return -1;
	left = (double)around->limit_bytes - (double)around->used_bytes;
	if (left <= 0)
		return 0;
	eta = left / rate;
	/* the rate itself grows by a factor of e in each doubling / ln 2 */
	if (decision->growth == AUDIT_GROWTH_EXPONENTIAL && decision->shape)
		eta = log1p(left / rate * M_LN2 / decision->shape->model.doubling) *
		      decision->shape->model.doubling / M_LN2;
	return eta < ETA_MAX * 100 ? eta : -1;
}

/* A vector, a hash table, a buffer: full, made larger, full again. */
static void say_doubling(const struct audit_function *function, struct audit *audit)
{
	const struct doubling *doubling = &function->doubling;

	audit_say(&audit->evidence,
		  "a block of %s was made larger %s by a factor of %.2g, up to %s, "
		  "each time when a straight line of %s a minute had filled it",
		  audit_function_name(function),
		  some((double)doubling->steps, "time").text, doubling->factor,
		  bytes(function->live_bytes).text, bytes(doubling->rate * 60).text);
	audit_say(&audit->evidence,
		  "if it goes on so, it is full again %s after the start; if it is not "
		  "made larger then, what fills it has come to an end",
		  age(doubling->next_due).text);
}

static void say_growth(const struct audit_facts *facts,
		       const struct audit_decision *decision, struct audit *audit)
{
	const struct series_shape *shape = decision->shape;
	const struct audit_function *function = decision->function;
	double rate = decision->rate_bytes_per_s * 60;
	const double *live = function && function->series
				     ? function->series[PROFILE_INUSE_SPACE]
				     : facts->total.value[PROFILE_INUSE_SPACE];
	size_t last = facts->window.count - 1;

	if (function && function->doubling.steps > 0) {
		say_doubling(function, audit);
		return;
	}
	audit_say(&audit->evidence,
		  "live bytes of %s rose from %s to %s in %s and still rise",
		  function ? audit_function_name(function) : "the process",
		  bytes(live[0]).text, bytes(live[last]).text,
		  age(audit_facts_seconds(facts)).text);
	if (decision->growth == AUDIT_GROWTH_EXPONENTIAL)
		audit_say(&audit->evidence,
			  "%s a minute at the end, and the rate doubles every %.3gs",
			  bytes(rate).text, shape->model.doubling);
	else
		audit_say(&audit->evidence, "%s a minute (95%% interval: %s to %s)",
			  bytes(rate).text, bytes(shape->trend.low * 60).text,
			  bytes(shape->trend.high * 60).text);
	audit_say(&audit->evidence,
		  "trend: Kendall's tau %.2f, chance of that without a trend %s%.2g; "
		  "curve: %s (weight %.2f); new highs in %zu of %s",
		  shape->trend.tau, shape->trend.p < 1e-6 ? "<" : "",
		  fmax(shape->trend.p, 1e-6), law_name(shape, decision->growth),
		  shape->model.weight[shape->model.law], shape->increases,
		  some((double)shape->points, "slice").text);
}

/* What would tell a leak from a cache that is not full yet. */
static void say_what_settles_it(const struct audit_facts *facts,
				const struct audit_function *function,
				struct audit *audit)
{
	if (!audit_pattern_nothing_freed(function))
		return;
	if (audit_pattern_may_be_filling(facts, function, function->growth_stack))
		audit_say(
			&audit->evidence,
			"by its name it may be a cache that is not full yet, which looks "
			"the same: a limit above %s (%s) settles it, or another "
			"look when it must have been reached",
			some(function->live_objects, "block").text,
			bytes(function->live_bytes).text);
	else
		audit_say(
			&audit->evidence,
			"if they are kept on purpose, up to a limit, it is above %s (%s)",
			some(function->live_objects, "block").text,
			bytes(function->live_bytes).text);
}

static void say_limit(const struct audit_facts *facts, struct audit *audit)
{
	const struct audit_surroundings *around = facts->around;

	if (around->has_limit)
		audit_say(&audit->evidence, "%s of %s that the %s may have are used",
			  bytes((double)around->used_bytes).text,
			  bytes((double)around->limit_bytes).text,
			  around->is_cgroup_limit ? "control group" : "machine");
}

static void say_survival(const struct audit_facts *facts,
			 const struct audit_function *function, struct audit *audit)
{
	struct survival survival;
	double freed = function->allocs > 0 ? function->frees / function->allocs : 0;

	audit_facts_survival(facts, function, &survival);
	audit_say(&audit->evidence,
		  "of %s that %s allocated in that time %.4g%% %s freed; mean size %s",
		  some(function->allocs, "block").text, audit_function_name(function),
		  100 * fmin(1, freed), round(function->allocs) == 1 ? "was" : "were",
		  bytes(function->alloc_bytes / fmax(1, function->allocs)).text);
	if (survival.median_s >= 0)
		audit_say(&audit->evidence, "half of its blocks live for at most %s",
			  survival.median_s < 1 ? "a second"
						: age(survival.median_s).text);
	else if (survival.freed > 0)
		audit_say(&audit->evidence, "more than half of its blocks still live");
}

static void say_teeth(const struct audit_facts *facts,
		      const struct audit_decision *decision, struct audit *audit)
{
	const struct teeth *teeth = &decision->shape->teeth;

	audit_say(&audit->evidence,
		  "live bytes fell %s in %s by about %s (%.0f%% of what they were), "
		  "and rose again",
		  some((double)teeth->count, "time").text,
		  age(audit_facts_seconds(facts)).text, bytes(teeth->height).text,
		  100 * teeth->depth);
	if (audit->period_s > 0)
		audit_say(&audit->evidence, "about every %.2gs; the lows do not rise",
			  audit->period_s);
	audit_say(&audit->evidence, "most of it is %s's",
		  audit_function_name(decision->function));
}

static void say_storm(const struct audit_facts *facts,
		      const struct audit_decision *decision, struct audit *audit)
{
	const struct audit_churn *churn = &decision->churn;
	double seconds = audit_facts_seconds(facts);
	const struct audit_function *function = decision->function;

	audit_say(&audit->evidence,
		  "%s allocates %s and %s a second; %.3g%% of all its blocks die "
		  "young, and live bytes do not grow",
		  audit_function_name(function),
		  some(function->allocs / seconds, "block").text,
		  bytes(function->alloc_bytes / seconds).text,
		  100 * function->temporary_allocs / fmax(1, function->allocs));
	audit_say(&audit->evidence,
		  "the process: %s that die young and %s of them a second, %.0f%% of "
		  "all its blocks; its heap is turned over %.3g times a second",
		  some(churn->temporary_per_s, "block").text,
		  bytes(churn->temporary_bytes_per_s).text, 100 * churn->temporary_share,
		  churn->turnover_per_s);
	if (churn->unbatched)
		audit_say(&audit->evidence,
			  "%s calls into a library %s a second, just as often as "
			  "items "
			  "come in: once for each",
			  audit_function_name(churn->unbatched),
			  some(churn->calls_per_s, "time").text);
	if (churn->threads)
		audit_say(&audit->evidence, "%.3g threads are created a second",
			  churn->threads_per_s);
}

static void say_warming(const struct audit_facts *facts,
			const struct audit_decision *decision, struct audit *audit)
{
	const struct series_shape *shape = decision->shape;

	audit_say(
		&audit->evidence,
		"live bytes rose by %s in %s, and less and less: the last quarter of the "
		"time brought %.0f%% of the rise (a straight line: 25%%)",
		bytes(shape->net).text, age(audit_facts_seconds(facts)).text,
		fmax(0, 25 * shape->end_ratio));
	if (shape->model.plateau > 0)
		audit_say(&audit->evidence, "curve: %s of about %s; now %s",
			  law_name(shape, decision->growth),
			  bytes(shape->model.plateau).text, bytes(shape->level).text);
	if (decision->function)
		audit_say(&audit->evidence, "%s holds most of the rise",
			  audit_function_name(decision->function));
}

#define SWINGS 0.3 /* of the highest, to say so */

/* Without the first tenth, and not from nothing: that is where everything begins. */
bool audit_swings(const struct audit_facts *facts, char text[AUDIT_SWINGS])
{
	const double *live = facts->total.value[PROFILE_INUSE_SPACE];
	size_t count = facts->window.count;
	double low = live[count - 1], high = low;

	for (size_t i = count / 10 + (live[count / 10] == 0); i < count; i++) {
		low = fmin(low, live[i]);
		high = fmax(high, live[i]);
	}
	audit_text(text, AUDIT_SWINGS, "swings between %s and %s, no rise",
		   bytes(low).text, bytes(high).text);
	return high - low > SWINGS * high;
}

static const char *say_trend(const struct audit_facts *facts,
			     const struct series_shape *shape, char text[AUDIT_SWINGS])
{
	if (shape->kind == SHAPE_SHORT)
		return "too few slices to tell a trend";
	if (shape->trend.p <= 0.05)
		return "no rise that lasts";
	return audit_swings(facts, text) ? text : "no trend";
}

/* What dies young, as far as there is anything. */
static void say_no_churn(const struct audit_churn *churn, struct audit *audit)
{
	if (churn->temporary_per_s < 0.5)
		audit_say(&audit->evidence, "no churn: hardly any block dies young");
	else
		audit_say(&audit->evidence,
			  "%s a second %s young (%.0f%% of all): no function makes "
			  "enough of them to be a storm",
			  some(churn->temporary_per_s, "block").text,
			  whole(churn->temporary_per_s) == 1 ? "dies" : "die",
			  100 * churn->temporary_share);
}

static void say_steady(const struct audit_facts *facts,
		       const struct audit_decision *decision, struct audit *audit)
{
	const struct series_shape *shape = decision->shape;
	char swings[AUDIT_SWINGS];

	audit_say(&audit->evidence, "live bytes are at %s, %s at most in %s: %s",
		  bytes(shape->level).text, bytes(shape->highest).text,
		  age(audit_facts_seconds(facts)).text, say_trend(facts, shape, swings));
	if (shape->kind != SHAPE_SHORT)
		say_no_churn(&decision->churn, audit);
}

static void say_fragmentation(const struct audit_facts *facts,
			      const struct audit_decision *decision, struct audit *audit)
{
	double live = decision->held_beside;

	audit_say(&audit->evidence,
		  "live bytes fell from %s at the peak to %s, but %s are resident",
		  bytes((double)facts->profile->peak_space).text, bytes(live).text,
		  bytes(live + decision->held_bytes).text);
	audit_say(&audit->evidence, "%s is held though no live block needs it",
		  bytes(decision->held_bytes).text);
}

static void say_routine(struct audit *audit)
{
	struct place place;

	if (!audit->thread_routine)
		return;
	place = thread_routine_place(audit->thread_routine);
	if (place.file && place.line)
		audit_say(&audit->evidence, "they run %s, %s:%u", place.function,
			  basename(place.file), place.line);
	else
		audit_say(&audit->evidence, "they run %s of %s", place.function,
			  *place.module ? place.module : "an unknown module");
}

static void say_threads(const struct audit_facts *facts,
			const struct audit_decision *decision, struct audit *audit)
{
	const struct audit_function *function = decision->function;
	const struct audit_churn *churn = &decision->churn;
	size_t last = facts->window.count - 1;

	if (function->grows)
		audit_say(
			&audit->evidence,
			"threads that %s created and that were not given back rose from "
			"%.0f to %.0f in %s",
			audit_function_name(function),
			function->series[PROFILE_INUSE_OBJECTS][0],
			function->series[PROFILE_INUSE_OBJECTS][last],
			age(audit_facts_seconds(facts)).text);
	audit_say(
		&audit->evidence,
		"%s created in all, the first %s after the start and the last after %s; "
		"%.0f ended",
		some(churn->threads_created, "thread").text,
		age(churn->threads_first_s).text, age(churn->threads_last_s).text,
		churn->threads_ended);
	say_routine(audit);
}

#define SURE 0.7
#define POINTS_SCALE 10.0 /* of what few slices take from a certainty: series_shape.c */
#define SLICE_SHORT 0.1   /* seconds; shorter ones say no more */

/* Would it be sure enough, but for the number of slices? */
static bool is_short(const struct audit_facts *facts,
		     const struct audit_decision *decision)
{
	double most = 1 - exp(-((double)facts->window.count - 3) / POINTS_SCALE);
	const struct audit_function *function = decision->function;

	if (decision->verdict == AUDIT_STORM ||
	    decision->verdict == AUDIT_FRAGMENTATION ||
	    (decision->verdict == AUDIT_LEAK && function && function->grows &&
	     audit_pattern_may_be_filling(facts, function, decision->stack)))
		return false;
	return most < SURE && decision->confidence >= SURE * most;
}

static void say_short(const struct audit_facts *facts,
		      const struct audit_decision *decision, struct audit *audit)
{
	double slice = facts->history->interval_s;

	audit_say(&audit->evidence,
		  "%.0f%% sure: watched only %.3gs, %s of %.3gs; a longer run%s would "
		  "settle it",
		  100 * decision->confidence, audit_facts_seconds(facts),
		  some((double)facts->window.count, "slice").text, slice,
		  slice > SLICE_SHORT ? ", or `heapring run --interval 100ms`," : "");
}

/* How long was looked, and what that means for the confidence. */
static void say_window(const struct audit_facts *facts,
		       const struct audit_decision *decision, struct audit *audit)
{
	const struct audit_window *window = &facts->window;

	if (!facts->history)
		audit_say(&audit->evidence,
			  "this profile has no history: only the rates are known");
	else if (audit->too_short ||
		 (decision->confidence < SURE && is_short(facts, decision)))
		say_short(facts, decision, audit);
	if (facts->history && facts->history->damaged)
		audit_say(&audit->evidence,
			  "a part of the history is damaged and was left out");
	if (audit_window_fell_silent(window, WORTH_SAYING) &&
	    window->to_s < facts->history->at[facts->history->count - 1])
		audit_say(&audit->evidence,
			  "nothing was allocated in the last %s: they are left out%s",
			  age(window->idle_s).text,
			  decision->verdict == AUDIT_LEAK
				  ? ". If the program was at work then, what grew is full"
				  : "");
}

void audit_words_evidence(const struct audit_facts *facts,
			  const struct audit_decision *decision, struct audit *audit)
{
	switch (decision->verdict) {
	case AUDIT_LEAK:
		say_growth(facts, decision, audit);
		say_survival(facts, decision->function, audit);
		say_what_settles_it(facts, decision->function, audit);
		say_limit(facts, audit);
		break;
	case AUDIT_THREAD_LEAK:
		say_threads(facts, decision, audit);
		break;
	case AUDIT_SAWTOOTH:
		say_teeth(facts, decision, audit);
		break;
	case AUDIT_STORM:
		say_storm(facts, decision, audit);
		break;
	case AUDIT_WARMING:
		say_warming(facts, decision, audit);
		break;
	case AUDIT_FRAGMENTATION:
		say_fragmentation(facts, decision, audit);
		break;
	default:
		say_steady(facts, decision, audit);
		break;
	}
	say_window(facts, decision, audit);
}
