/*
 * audit_words - the lines that say why, and what to do
 */
#include "analyzer/audit_words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/audit_pattern.h"
#include "analyzer/audit_release.h"
#include "analyzer/units.h"

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

static struct units_text count(double value)
{
	return units_count(whole(value));
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

static const char *name_of(const struct audit_function *function)
{
	return function->symbol ? function->symbol->function : "[unknown]";
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

	audit_say(
		&audit->evidence,
		"a block of %s was made larger %zu times by a factor of %.2g, up to %s, "
		"each time when a straight line of %s a minute had filled it",
		name_of(function), doubling->steps, doubling->factor,
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
		  function ? name_of(function) : "the process", bytes(live[0]).text,
		  bytes(live[last]).text, age(audit_facts_seconds(facts)).text);
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
		  "curve: %s (weight %.2f); new highs in %zu of %zu slices",
		  shape->trend.tau, shape->trend.p < 1e-6 ? "<" : "",
		  fmax(shape->trend.p, 1e-6), law_name(shape, decision->growth),
		  shape->model.weight[shape->model.law], shape->increases, shape->points);
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
			"the same: a limit above %s blocks (%s) settles it, or another "
			"look when it must have been reached",
			count(function->live_objects).text,
			bytes(function->live_bytes).text);
	else
		audit_say(&audit->evidence,
			  "if they are kept on purpose, up to a limit, it is above %s "
			  "blocks (%s)",
			  count(function->live_objects).text,
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
		  "of %s blocks that %s allocated in that time %.4g%% were freed; mean "
		  "size "
		  "%s",
		  count(function->allocs).text, name_of(function), 100 * fmin(1, freed),
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

	audit_say(
		&audit->evidence,
		"live bytes fell %zu times in %s by about %s (%.0f%% of what they were), "
		"and rose again",
		teeth->count, age(audit_facts_seconds(facts)).text,
		bytes(teeth->height).text, 100 * teeth->depth);
	if (audit->period_s > 0)
		audit_say(&audit->evidence, "about every %.2gs; the lows do not rise",
			  audit->period_s);
	audit_say(&audit->evidence, "most of it is %s's", name_of(decision->function));
}

static void say_storm(const struct audit_facts *facts,
		      const struct audit_decision *decision, struct audit *audit)
{
	const struct audit_churn *churn = &decision->churn;
	double seconds = audit_facts_seconds(facts);
	const struct audit_function *function = decision->function;

	audit_say(&audit->evidence,
		  "%s allocates %s blocks and %s a second; %.3g%% of all its blocks die "
		  "young, and live bytes do not grow",
		  name_of(function), count(function->allocs / seconds).text,
		  bytes(function->alloc_bytes / seconds).text,
		  100 * function->temporary_allocs / fmax(1, function->allocs));
	audit_say(&audit->evidence,
		  "the process: %s short-lived blocks and %s of them a second, %.0f%% of "
		  "all its blocks; its heap is turned over %.3g times a second",
		  count(churn->temporary_per_s).text,
		  bytes(churn->temporary_bytes_per_s).text, 100 * churn->temporary_share,
		  churn->turnover_per_s);
	if (churn->unbatched)
		audit_say(&audit->evidence,
			  "%s calls into a library %s times a second, just as often as "
			  "items "
			  "come in: once for each",
			  name_of(churn->unbatched), count(churn->calls_per_s).text);
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
			  name_of(decision->function));
}

static void say_steady(const struct audit_facts *facts,
		       const struct audit_decision *decision, struct audit *audit)
{
	const struct series_shape *shape = decision->shape;

	audit_say(&audit->evidence, "live bytes are at %s, %s at most in %s: %s",
		  bytes(shape->level).text, bytes(shape->highest).text,
		  age(audit_facts_seconds(facts)).text,
		  shape->kind == SHAPE_SHORT ? "too few slices to tell a trend"
		  : shape->trend.p > 0.05    ? "no trend"
					     : "no rise that lasts");
	if (shape->kind == SHAPE_SHORT)
		return;
	audit_say(&audit->evidence,
		  "%s short-lived blocks a second: no function makes enough to matter",
		  count(decision->churn.temporary_per_s).text);
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
			name_of(function), function->series[PROFILE_INUSE_OBJECTS][0],
			function->series[PROFILE_INUSE_OBJECTS][last],
			age(audit_facts_seconds(facts)).text);
	audit_say(
		&audit->evidence,
		"%.0f threads were created in all, the first %s after the start and the "
		"last after %s; %.0f have ended",
		churn->threads_created, age(churn->threads_first_s).text,
		age(churn->threads_last_s).text, churn->threads_ended);
}

/* How long was looked, and what that means for the confidence. */
static void say_window(const struct audit_facts *facts,
		       const struct audit_decision *decision, struct audit *audit)
{
	const struct audit_window *window = &facts->window;

	if (!facts->history)
		audit_say(&audit->evidence,
			  "this profile has no history: only the rates are known");
	else if (audit->too_short)
		audit_say(
			&audit->evidence,
			"%zu slices of %.3gs are too few to tell: let it run longer, or "
			"take shorter slices (HEAPRING_INTERVAL)",
			window->count, facts->history->interval_s);
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

static const char *next_command(enum audit_verdict verdict)
{
	switch (verdict) {
	case AUDIT_LEAK:
		return "heapring traces shows every stack that holds memory; heapring "
		       "list "
		       "FUNCTION the lines";
	case AUDIT_STORM:
		return "heapring top --sample alloc_objects and heapring lifetimes rank "
		       "the "
		       "functions";
	case AUDIT_FRAGMENTATION:
		return "heapring pins names the stacks whose blocks keep pages resident";
	case AUDIT_THREAD_LEAK:
		return "heapring threads groups the threads by the stack that created "
		       "them";
	default:
		return NULL;
	}
}

/* What the library gave out, and who takes it back. */
static void advise_release(const struct audit_facts *facts,
			   const struct audit_decision *decision, struct audit *audit)
{
	struct audit_release release;

	if (decision->verdict != AUDIT_LEAK || !decision->function ||
	    !audit_release_find(facts, decision->function, decision->stack, &release))
		return;
	if (!*release.by)
		audit_say(&audit->advice,
			  "%s: they come from %s, which is a library's; its manual says "
			  "which call gives them back",
			  audit_pattern_name(AUDIT_LIBRARY_OBJECTS), release.made_by);
	else if (release.is_text)
		audit_say(&audit->advice,
			  "what %s() returns is the caller's, to be given back by %s",
			  release.made_by, release.by);
	else
		audit_say(&audit->advice, "%s: what %s() makes is given back by %s",
			  audit_pattern_name(AUDIT_LIBRARY_OBJECTS), release.made_by,
			  release.by);
	if (audit->pattern == AUDIT_LIBRARY_OBJECTS)
		audit_say(&audit->advice,
			  "Look at every way out of %s, errors too; if they are kept on "
			  "purpose, bound how many.",
			  name_of(decision->function));
}

void audit_words_advice(const struct audit_facts *facts,
			const struct audit_decision *decision, struct audit *audit)
{
	const char *what = audit_pattern_what(audit->pattern);

	advise_release(facts, decision, audit);
	if (what) {
		audit_say(&audit->advice, "%s: %s", audit_pattern_name(audit->pattern),
			  what);
		audit_say(&audit->advice, "%s", audit_pattern_remedy(audit->pattern));
	}
	if (next_command(decision->verdict))
		audit_say(&audit->advice, "%s", next_command(decision->verdict));
	if (decision->verdict == AUDIT_WARMING)
		audit_say(&audit->advice,
			  "Nothing to do if the level fits the limit; look "
			  "again when the curve is flat.");
	if (decision->verdict == AUDIT_STEADY && decision->confidence >= 0.5)
		audit_say(&audit->advice, "Nothing to do.");
	if (audit->too_short)
		audit_say(&audit->advice, "Audit again after a longer run, or with "
					  "HEAPRING_INTERVAL=100ms.");
}
