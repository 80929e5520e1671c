/*
 * audit_words - the lines that say why
 */
#include "analyzer/audit/audit_words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/audit/audit_held.h"
#include "analyzer/audit/audit_load.h"
#include "analyzer/console/text.h"
#include "analyzer/views/thread_routine.h"

#define ETA_MAX (365.0 * 86400)
#define LOWS_APART 5.0  /* slices; of narrower teeth a slice is no low */
#define LOWS_EVENLY 0.7 /* Kendall's tau of them */
#define LOWS_FEW 3u     /* fewer tell nothing */
#define LOWS_RISE 0.1   /* of a tooth, from the low behind the first fall to the last */

void audit_text(char *text, size_t room, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(text, room, format, args);
	va_end(args);
	text_make_printable(text);
}

void audit_say(struct audit_lines *lines, const char *format, ...)
{
	va_list args;

	if (lines->count == AUDIT_LINES_MAX)
		return;
	va_start(args, format);
	vsnprintf(lines->line[lines->count], AUDIT_LINE, format, args);
	va_end(args);
	text_make_printable(lines->line[lines->count++]);
}

static uint64_t whole(double value)
{
	return value < 1.8e19 ? (uint64_t)fmax(0, round(value)) : UINT64_MAX;
}

struct units_text audit_bytes(double value)
{
	return units_bytes(whole(value));
}

struct units_text audit_some(double value, const char *one)
{
	return units_counted(whole(value), one);
}

struct units_text audit_age(double seconds)
{
	return units_age(whole(fmin(seconds, 1e9) * 1e9));
}

struct units_text audit_span(double seconds, int digits)
{
	struct units_text text;

	if (seconds >= 60)
		return audit_age(seconds);
	snprintf(text.text, sizeof(text.text), "%.*gs", digits, seconds);
	return text;
}

const char *audit_law_name(const struct series_shape *shape, enum audit_growth growth)
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
	double left, rate = decision->all_bytes_per_s, eta;

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

enum audit_lows audit_lows_of(const struct teeth *teeth)
{
	if (teeth->period < LOWS_APART || teeth->count < LOWS_FEW)
		return AUDIT_LOWS_UNKNOWN;
	return teeth->drift > LOWS_RISE && teeth->tau_of_valleys >= LOWS_EVENLY
		       ? AUDIT_LOWS_RISE
		       : AUDIT_LOWS_STAY;
}

static void say_teeth(const struct audit_facts *facts,
		      const struct audit_decision *decision, struct audit *audit)
{
	static const char *const lows[] = {
		[AUDIT_LOWS_UNKNOWN] = "too few slices to tell whether the lows rise",
		[AUDIT_LOWS_RISE] = "the lows rise: something stays",
		[AUDIT_LOWS_STAY] = "the lows do not rise"
	};
	const struct teeth *teeth = &decision->shape->teeth;

	audit_say(&audit->evidence,
		  "live bytes fell %s in %s by about %s (%.0f%% of what they were), "
		  "and rose again",
		  audit_some((double)teeth->count, "time").text,
		  audit_age(audit_facts_seconds(facts)).text,
		  audit_bytes(teeth->height).text, 100 * teeth->depth);
	if (audit->period_s > 0)
		audit_say(&audit->evidence, "about every %s; %s",
			  audit_span(audit->period_s, 2).text,
			  lows[audit_lows_of(teeth)]);
	audit_say(&audit->evidence, "most of it is %s's",
		  audit_function_name(decision->function));
}

static const char *times(double count, char text[32])
{
	if (count < 10)
		audit_text(text, 32, "%.2g times", count);
	else
		audit_text(text, 32, "%s", audit_some(count, "time").text);
	return text;
}

static void say_storm(const struct audit_facts *facts,
		      const struct audit_decision *decision, struct audit *audit)
{
	const struct audit_churn *churn = &decision->churn;
	double seconds = audit_facts_seconds(facts);
	const struct audit_function *function = decision->function;
	char text[32];

	if (function == churn->threads) {
		audit_say(&audit->evidence,
			  "%s a second are created by %s, and %s of them are gone again",
			  audit_some(churn->threads_per_s, "thread").text,
			  audit_function_name(function),
			  churn->threads_ended >= churn->threads_created ? "all"
									 : "most");
		return;
	}
	audit_say(&audit->evidence,
		  "%s allocates %s and %s a second; %.3g%% of all its blocks die "
		  "young (within %u ms), and live bytes do not grow",
		  audit_function_name(function),
		  audit_some(function->allocs / seconds, "block").text,
		  audit_bytes(function->alloc_bytes / seconds).text,
		  100 * function->temporary_allocs / fmax(1, function->allocs),
		  (unsigned)HR_LIFETIME_MS(0));
	audit_say(&audit->evidence,
		  "the process: %s that die young and %s of them a second, %.0f%% of "
		  "all its blocks; as many bytes as live are allocated %s a "
		  "second",
		  audit_some(churn->temporary_per_s, "block").text,
		  audit_bytes(churn->temporary_bytes_per_s).text,
		  100 * churn->temporary_share, times(churn->turnover_per_s, text));
	if (churn->unbatched)
		audit_say(&audit->evidence,
			  "%s calls into a library %s a second, just as often as "
			  "items "
			  "come in: once for each",
			  audit_function_name(churn->unbatched),
			  audit_some(churn->calls_per_s, "time").text);
}

static void say_warming(const struct audit_facts *facts,
			const struct audit_decision *decision, struct audit *audit)
{
	const struct series_shape *shape = decision->shape;
	const double *live = facts->total.value[PROFILE_INUSE_SPACE];
	const double *at = facts->window.at;
	size_t first = audit_window_index(&facts->window, shape->since);

	audit_say(
		&audit->evidence,
		"live bytes rose by %s in %s, and less and less: the last quarter of the "
		"time brought %.0f%% of the rise (a straight line: 25%%)",
		audit_bytes(shape->level - live[first]).text,
		audit_age(at[facts->window.count - 1] - at[first]).text,
		fmax(0, 25 * shape->end_ratio));
	if (shape->model.plateau > 0)
		audit_say(&audit->evidence, "curve: %s of about %s; now %s",
			  audit_law_name(shape, decision->growth),
			  audit_bytes(shape->model.plateau).text,
			  audit_bytes(shape->level).text);
	if (decision->function)
		audit_say(&audit->evidence, "%s holds most of the rise",
			  audit_function_name(decision->function));
}

#define SWINGS 0.3 /* of the highest, to say so */

/* Fewer do not show that there is no rise: of seven in which four pairs of the 21 are the
 * wrong way round, chance makes one in fourteen (Kendall). */
#define FEW_SLICES 8u

#define TOO_FEW "too few slices to tell a trend"

/* Without the first tenth, and not from nothing: that is where everything begins. */
const char *audit_no_trend(const struct audit_facts *facts, char text[AUDIT_TREND])
{
	const double *live = facts->total.value[PROFILE_INUSE_SPACE];
	size_t count = facts->window.count;
	double low = live[count - 1], high = low;

	if (facts->shape.kind == SHAPE_SHORT)
		return TOO_FEW;
	for (size_t i = count / 10 + (live[count / 10] == 0); i < count; i++) {
		low = fmin(low, live[i]);
		high = fmax(high, live[i]);
	}
	if (high - low <= SWINGS * high)
		return "no trend";
	audit_text(text, AUDIT_TREND,
		   count < FEW_SLICES ? "between %s and %s, " TOO_FEW
				      : "swings between %s and %s, no rise",
		   audit_bytes(low).text, audit_bytes(high).text);
	return text;
}

static const char *say_trend(const struct audit_facts *facts,
			     const struct series_shape *shape, char text[AUDIT_TREND])
{
	if (shape->kind == SHAPE_LEVELLING)
		return "rose and levels off";
	if (shape->kind == SHAPE_RISING &&
	    audit_load_follows(facts, facts->total.value[PROFILE_ALLOC_OBJECTS],
			       facts->total.value[PROFILE_INUSE_OBJECTS]))
		return "they rose with the load: more comes, and stays no longer than "
		       "before";
	if (shape->kind != SHAPE_SHORT && shape->trend.p <= 0.05 &&
	    facts->window.count >= FEW_SLICES)
		return "no rise that lasts";
	return audit_no_trend(facts, text);
}

#define PASSING 0.5 /* of a stack's blocks that go again, to be called passing */

/* Little's law, of the stacks whose blocks do not stay: how many come, how long they
 * live.
 */
static double passing_per_s(const struct audit_facts *facts, double *ret_live_s)
{
	double allocs = 0, live = 0;

	for (size_t i = 0; i < facts->profile->stacks_count; i++) {
		const struct audit_stack *stack = &facts->stacks[i];

		if (stack->is_temporary || stack->frees < PASSING * stack->allocs)
			continue;
		allocs += stack->allocs;
		live += stack->mean_live;
	}
	*ret_live_s = live * audit_facts_seconds(facts) / fmax(1, allocs);
	return allocs / audit_facts_seconds(facts);
}

/* What does not die young may still come and go. */
static void say_passing(const struct audit_facts *facts, struct audit *audit)
{
	double live_s, per_s = passing_per_s(facts, &live_s);

	if (per_s < 1) {
		audit_say(&audit->evidence, "no churn: hardly any block is freed again");
		return;
	}
	audit_say(
		&audit->evidence,
		"no storm: %s a second come and go, and each lives about %s: a cache or "
		"queue that turns over",
		audit_some(per_s, "block").text, audit_span(live_s, 2).text);
}

/* What dies young, as far as there is anything. */
static void say_no_storm(const struct audit_facts *facts, const struct audit_churn *churn,
			 struct audit *audit)
{
	if (churn->temporary_per_s < 0.5)
		say_passing(facts, audit);
	else
		audit_say(&audit->evidence,
			  "%s a second %s young (%.0f%% of all): no function makes "
			  "enough of them to be a storm",
			  audit_some(churn->temporary_per_s, "block").text,
			  whole(churn->temporary_per_s) == 1 ? "dies" : "die",
			  100 * churn->temporary_share);
}

static void say_steady(const struct audit_facts *facts,
		       const struct audit_decision *decision, struct audit *audit)
{
	const struct series_shape *shape = decision->shape;
	char trend[AUDIT_TREND];

	audit_say(&audit->evidence, "live bytes are at %s, %s at most in %s: %s",
		  audit_bytes(shape->level).text,
		  audit_bytes(fmax(shape->highest, (double)facts->profile->peak_space))
			  .text,
		  audit_age(audit_facts_seconds(facts)).text,
		  say_trend(facts, shape, trend));
	if (audit_held_may_be_much(facts))
		audit_say(&audit->evidence,
			  "they were %s: whether the pages of what was freed are still "
			  "resident (fragmentation) nobody recorded when it was killed; "
			  "audit it while it lives",
			  audit_bytes((double)facts->profile->peak_space).text);
	if (shape->kind != SHAPE_SHORT)
		say_no_storm(facts, &decision->churn, audit);
}

static void say_fragmentation(const struct audit_facts *facts,
			      const struct audit_decision *decision, struct audit *audit)
{
	double live = decision->held_beside;

	audit_say(&audit->evidence,
		  "live bytes fell from %s at the peak to %s, but %s are resident",
		  audit_bytes((double)facts->profile->peak_space).text,
		  audit_bytes(live).text, audit_bytes(live + decision->held_bytes).text);
	audit_say(&audit->evidence, "%s is held though no live block needs it",
		  audit_bytes(decision->held_bytes).text);
	if (decision->function)
		audit_say(&audit->evidence,
			  "%s of %s still live, most of all: likely what keeps the pages",
			  audit_some(decision->function->live_objects, "block").text,
			  audit_function_name(decision->function));
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
			audit_age(audit_facts_seconds(facts)).text);
	audit_say(
		&audit->evidence,
		"%s created in all, the first %s after the start and the last after %s; "
		"%.0f ended",
		audit_some(churn->threads_created, "thread").text,
		audit_age(churn->threads_first_s).text,
		audit_age(churn->threads_last_s).text, churn->threads_ended);
	say_routine(audit);
}

void audit_words_evidence(const struct audit_facts *facts,
			  const struct audit_decision *decision, struct audit *audit)
{
	switch (decision->verdict) {
	case AUDIT_LEAK:
		audit_words_leak(facts, decision, audit);
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
	audit_words_window(facts, decision, audit);
}
