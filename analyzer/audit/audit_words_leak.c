/*
 * audit_words_leak - the lines that say why it is a leak
 *
 * What grows, how fast, what became of its blocks; the statistics behind that come last.
 */
#include "analyzer/audit/audit_words.h"

#include <math.h>

#include "analyzer/audit/audit_pattern.h"

/* A vector, a hash table, a buffer: full, made larger, full again. */
static void say_doubling(const struct audit_function *function, struct audit *audit)
{
	const struct doubling *doubling = &function->doubling;
	bool is_one = round(function->live_objects) < 2;

	audit_say(&audit->evidence,
		  "%s of %s %s made larger %s by a factor of %.2g, up to %s, "
		  "each time when a straight line of %s a minute had filled %s",
		  is_one ? "a block" : "blocks", audit_function_name(function),
		  is_one ? "was" : "were",
		  audit_some((double)doubling->steps, "time").text, doubling->factor,
		  audit_bytes(function->live_bytes).text,
		  audit_bytes(doubling->rate * 60).text, is_one ? "it" : "them");
	audit_say(&audit->evidence,
		  "if it goes on so, %s full again %s after the start; if %s not "
		  "made larger then, what fills %s has come to an end",
		  is_one ? "it is" : "they are", audit_age(doubling->next_due).text,
		  is_one ? "it is" : "they are", is_one ? "it" : "them");
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
		  audit_bytes(live[0]).text, audit_bytes(live[last]).text,
		  audit_age(audit_facts_seconds(facts)).text);
	if (decision->growth == AUDIT_GROWTH_EXPONENTIAL)
		audit_say(&audit->evidence,
			  "%s a minute at the end, and the rate doubles every %s",
			  audit_bytes(rate).text,
			  audit_span(shape->model.doubling, 3).text);
	else
		audit_say(&audit->evidence, "%s a minute (95%% interval: %s to %s)",
			  audit_bytes(rate).text, audit_bytes(shape->trend.low * 60).text,
			  audit_bytes(shape->trend.high * 60).text);
	audit_say(&audit->evidence, "new highs in %zu of %s; the curve: %s",
		  shape->increases, audit_some((double)shape->points, "slice").text,
		  audit_law_name(shape, decision->growth));
}

/* For those who know what they mean. */
static void say_details(const struct audit_decision *decision, struct audit *audit)
{
	const struct series_shape *shape = decision->shape;
	const struct audit_function *function = decision->function;

	if (function && function->doubling.steps > 0)
		return;
	audit_say(&audit->evidence,
		  "details: Kendall's tau %.2f, chance of that without a trend %s%.2g; "
		  "weight of that curve %.2f",
		  shape->trend.tau, shape->trend.p < 1e-6 ? "<" : "",
		  fmax(shape->trend.p, 1e-6), shape->model.weight[shape->model.law]);
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
			audit_some(function->live_objects, "block").text,
			audit_bytes(function->live_bytes).text);
	else
		audit_say(
			&audit->evidence,
			"if they are kept on purpose, up to a limit, it is above %s (%s)",
			audit_some(function->live_objects, "block").text,
			audit_bytes(function->live_bytes).text);
}

static void say_limit(const struct audit_facts *facts, struct audit *audit)
{
	const struct audit_surroundings *around = facts->around;

	if (around->has_limit)
		audit_say(&audit->evidence, "%s of %s that the %s may have are used",
			  audit_bytes((double)around->used_bytes).text,
			  audit_bytes((double)around->limit_bytes).text,
			  around->is_cgroup_limit ? "control group" : "machine");
}

#define ENDED 0.05 /* at most: of what lived before the tear-down is left */

/* What a tear-down gave back; "": nothing, or there was none. */
static const char *say_end(const struct audit_facts *facts,
			   const struct audit_function *function)
{
	const struct profile *profile = facts->profile;
	double left = 0;

	if (!facts->history || profile->segment->header.state != HR_STATE_EXITED)
		return "";
	for (size_t i = 0; i < profile->stacks_count; i++)
		if (&facts->functions[facts->stacks[i].function] == function)
			left += (double)profile->stacks[i].value[PROFILE_INUSE_OBJECTS];
	if (left > ENDED * function->live_objects)
		return "";
	return left < 1 ? " while it ran, all as it ended"
			: " while it ran, nearly all as it ended";
}

static void say_none_freed(const struct audit_facts *facts,
			   const struct audit_function *function, struct audit *audit)
{
	struct units_text made = audit_some(function->allocs, "block");
	struct units_text size =
		audit_bytes(function->alloc_bytes / fmax(1, function->allocs));
	const char *name = audit_function_name(function);
	const char *end = say_end(facts, function);
	double frees = round(function->frees);

	if (round(function->allocs) == 1)
		audit_say(&audit->evidence,
			  "the one block that %s allocated in that time was not freed%s; "
			  "size %s",
			  name, end, size.text);
	else if (frees < 1)
		audit_say(&audit->evidence,
			  "of %s that %s allocated in that time none was freed%s; mean "
			  "size %s",
			  made.text, name, end, size.text);
	else
		audit_say(&audit->evidence,
			  "of %s that %s allocated in that time only %s %s freed%s; mean "
			  "size %s",
			  made.text, name, units_count((uint64_t)frees).text,
			  frees == 1 ? "was" : "were", end, size.text);
}

static void say_survival(const struct audit_facts *facts,
			 const struct audit_function *function, struct audit *audit)
{
	struct survival survival;
	double freed = function->allocs > 0 ? function->frees / function->allocs : 0;

	if (audit_pattern_nothing_freed(function)) {
		say_none_freed(facts, function, audit);
		return;
	}
	audit_facts_survival(facts, function, &survival);
	audit_say(&audit->evidence,
		  "of %s that %s allocated in that time %.3g%% %s freed; mean size %s",
		  audit_some(function->allocs, "block").text,
		  audit_function_name(function), 100 * fmin(1, freed),
		  round(function->allocs) == 1 ? "was" : "were",
		  audit_bytes(function->alloc_bytes / fmax(1, function->allocs)).text);
	/* those of the tear-down have an age too: of fewer it would be told what is not
	 * so */
	if (freed >= 0.5 && survival.median_s >= 0)
		audit_say(&audit->evidence, "half of its blocks live for at most %s",
			  survival.median_s < 1 ? "a second"
						: audit_age(survival.median_s).text);
}

void audit_words_leak(const struct audit_facts *facts,
		      const struct audit_decision *decision, struct audit *audit)
{
	say_growth(facts, decision, audit);
	/* of a container only its old rooms are freed: that says nothing about its
	 * content */
	if (decision->function->doubling.steps == 0) {
		say_survival(facts, decision->function, audit);
		say_what_settles_it(facts, decision->function, audit);
	}
	say_limit(facts, audit);
	say_details(decision, audit);
}
