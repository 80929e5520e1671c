/*
 * audit_words_leak - the lines that say why it is a leak
 *
 * What grows, how fast, what became of its blocks; the statistics behind that come last.
 */
#include "analyzer/audit/audit_words.h"

#include <math.h>

#include "analyzer/audit/audit_lives.h"
#include "analyzer/audit/audit_pattern.h"

#define NEARLY_ALL 99.5 /* percent that were freed: those that were not are counted */

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

/* A sawtooth whose falls leave more and more. */
static void say_lows(const struct audit_function *function, struct audit *audit)
{
	const struct lows *lows = &function->lows;

	audit_say(&audit->evidence,
		  "live bytes of %s fall again and again, but never back to where they "
		  "were: the lows behind %zu falls rise from %s to %s, %s a minute",
		  audit_function_name(function), lows->count,
		  audit_bytes(lows->first).text, audit_bytes(lows->last).text,
		  audit_bytes(lows->rate * 60).text);
	audit_say(&audit->evidence,
		  "whatever empties it leaves a part; a collection that is rarer than "
		  "these %zu falls may still take it all",
		  lows->count);
}

static void say_growth(const struct audit_facts *facts,
		       const struct audit_decision *decision, struct audit *audit)
{
	const struct series_shape *shape = decision->shape;
	const struct audit_function *function = decision->grown;
	double rate = decision->rate_bytes_per_s * 60;
	const double *live = function && function->series
				     ? function->series[PROFILE_INUSE_SPACE]
				     : facts->total.value[PROFILE_INUSE_SPACE];
	const double *at = facts->window.at;
	size_t last = facts->window.count - 1,
	       first = audit_window_index(&facts->window, shape->since);

	if (function && function->doubling.steps > 0) {
		say_doubling(function, audit);
		return;
	}
	if (function && function->lows.count > 0) {
		say_lows(function, audit);
		return;
	}
	audit_say(&audit->evidence,
		  "live bytes of %s rose from %s to %s in %s and still rise",
		  function ? audit_function_name(function) : "the process",
		  audit_bytes(live[first]).text, audit_bytes(live[last]).text,
		  audit_age(at[last] - at[first]).text);
	if (function != decision->function)
		audit_say(&audit->evidence,
			  "they belong to what %s keeps, which grows with them",
			  audit_function_name(decision->function));
	if (decision->growth == AUDIT_GROWTH_EXPONENTIAL)
		audit_say(&audit->evidence,
			  "%s a minute at the end, and the rate doubles every %s",
			  audit_bytes(rate).text,
			  audit_span(shape->model.doubling, 3).text);
	else
		audit_say(&audit->evidence, "%s a minute (95%% interval: %s to %s)",
			  audit_bytes(rate).text, audit_bytes(shape->trend.low * 60).text,
			  audit_bytes(shape->trend.high * 60).text);
	if (function && function->ebbs)
		audit_say(&audit->evidence,
			  "it rises less and less, but just as the blocks do that come "
			  "and go: there is less to do, and of that as much stays as "
			  "before. A cache that works only where it misses looks the "
			  "same");
	audit_say(&audit->evidence, "new highs in %zu of %s; the curve: %s",
		  shape->increases, audit_some((double)shape->points, "slice").text,
		  audit_law_name(shape, decision->growth));
}

/* The headline's rate is that of one. */
static void say_others(const struct audit_facts *facts,
		       const struct audit_decision *decision, struct audit *audit)
{
	size_t others = 0;

	for (size_t i = 0; i < facts->functions_count; i++)
		others += facts->functions[i].grows &&
			  &facts->functions[i] != decision->grown;
	if (others > 0 && decision->grown)
		audit_say(&audit->evidence,
			  "%zu other function%s too: together %s a minute", others,
			  others == 1 ? " grows" : "s grow",
			  audit_bytes(decision->all_bytes_per_s * 60).text);
}

/* For those who know what they mean. */
static void say_details(const struct audit_decision *decision, struct audit *audit)
{
	const struct series_shape *shape = decision->shape;
	const struct audit_function *function = decision->function;

	if (function && (function->doubling.steps > 0 || function->lows.count > 0))
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

/* What a tear-down gave back; "": nothing, or there was none. `stack` as in
 * audit_lives_end_with_it(). */
static const char *say_end(const struct audit_facts *facts,
			   const struct audit_function *function, size_t stack)
{
	double left;

	if (!audit_lives_end_with_it(facts, function, stack, &left))
		return "";
	return left < 1 ? " while it ran, all as it ended"
			: " while it ran, nearly all as it ended";
}

/* The function as if it had this stack alone. */
static struct audit_function of_stack(const struct audit_facts *facts,
				      const struct audit_function *function,
				      size_t number)
{
	const struct audit_stack *stack = &facts->stacks[number];
	struct audit_function one = *function;

	one.allocs = stack->allocs;
	one.alloc_bytes = stack->alloc_bytes;
	one.frees = stack->frees;
	one.live_objects = stack->live_objects;
	one.live_bytes = stack->live_bytes;
	return one;
}

/* Of the function's blocks, or of those of one of its stacks. */
static void say_none_freed(const struct audit_facts *facts,
			   const struct audit_function *whole, size_t stack,
			   struct audit *audit)
{
	struct audit_function function =
		stack == AUDIT_NO_STACK ? *whole : of_stack(facts, whole, stack);
	struct units_text made = audit_some(function.allocs, "block");
	struct units_text size =
		audit_bytes(function.alloc_bytes / fmax(1, function.allocs));
	const char *name = audit_function_name(whole);
	const char *end = say_end(facts, whole, stack);
	const char *where = stack == AUDIT_NO_STACK ? "" : "at this stack ";
	double frees = round(function.frees);

	if (round(function.allocs) == 1)
		audit_say(&audit->evidence,
			  "the one block that %s allocated in that time was not freed%s; "
			  "size %s",
			  name, end, size.text);
	else if (frees < 1)
		audit_say(&audit->evidence,
			  "of %s that %s allocated %sin that time none was freed%s; mean "
			  "size %s",
			  made.text, name, where, end, size.text);
	else
		audit_say(&audit->evidence,
			  "of %s that %s allocated %sin that time only %s %s freed%s; "
			  "mean size %s",
			  made.text, name, where, units_count((uint64_t)frees).text,
			  frees == 1 ? "was" : "were", end, size.text);
}

/* Most of a function's blocks may go while those of one stack stay. */
static bool stays_at_one_stack(const struct audit_facts *facts,
			       const struct audit_function *function)
{
	const struct audit_stack *stack = &facts->stacks[function->growth_stack];

	return !audit_pattern_nothing_freed(function) && stack->allocs > 0 &&
	       stack->frees < AUDIT_LIVES_FREED_MIN * stack->allocs;
}

static void say_freed(const struct audit_function *function, struct audit *audit)
{
	double kept = round(function->allocs) - round(function->frees);
	double freed = 100 * fmin(1, function->frees / fmax(1, function->allocs));
	struct units_text made = audit_some(function->allocs, "block");
	struct units_text size =
		audit_bytes(function->alloc_bytes / fmax(1, function->allocs));

	if (freed >= NEARLY_ALL && kept >= 1)
		audit_say(&audit->evidence,
			  "of %s that %s allocated in that time all but %s were freed; "
			  "mean size %s",
			  made.text, audit_function_name(function),
			  units_count((uint64_t)kept).text, size.text);
	else
		audit_say(&audit->evidence,
			  "of %s that %s allocated in that time %.3g%% %s freed; mean "
			  "size %s",
			  made.text, audit_function_name(function), freed,
			  round(function->allocs) == 1 ? "was" : "were", size.text);
}

static void say_survival(const struct audit_facts *facts,
			 const struct audit_function *function, struct audit *audit)
{
	struct survival survival;

	if (audit_pattern_nothing_freed(function)) {
		say_none_freed(facts, function, AUDIT_NO_STACK, audit);
		return;
	}
	if (stays_at_one_stack(facts, function)) {
		say_none_freed(facts, function, function->growth_stack, audit);
		return;
	}
	audit_facts_survival(facts, function, &survival);
	say_freed(function, audit);
	/* those of the tear-down have an age too: of fewer it would be told what is not
	 * so */
	if (function->frees >= 0.5 * function->allocs && survival.median_s >= 0)
		audit_say(&audit->evidence, "half of its blocks live for at most %s",
			  survival.median_s < 1 ? "a second"
						: audit_age(survival.median_s).text);
}

void audit_words_leak(const struct audit_facts *facts,
		      const struct audit_decision *decision, struct audit *audit)
{
	say_growth(facts, decision, audit);
	say_others(facts, decision, audit);
	/* of a container only its old rooms are freed: that says nothing about its
	 * content */
	if (decision->function->doubling.steps == 0) {
		say_survival(facts, decision->function, audit);
		say_what_settles_it(facts, decision->function, audit);
	}
	say_limit(facts, audit);
	say_details(decision, audit);
}
