/*
 * audit_words_window - for how long was looked, and what could not be seen
 *
 * A confidence that is low for want of slices says so, and what would settle it: a run
 * that was short wants more time or finer slices, a history that is full more room.
 */
#include "analyzer/audit/audit_words.h"

#include <math.h>

#include "analyzer/audit/audit_interpreter.h"
#include "analyzer/audit/audit_pattern.h"

#define WORTH_SAYING 0.05 /* of the time, without allocations */
#define FULL_MORE 8.0     /* times as large, to be tried next */
#define SURE 0.7
#define SLICES_ENOUGH 40u
#define SLICE_SHORT 0.1 /* seconds; shorter ones say no more */

/* Would it be sure enough, but for the number of slices? */
static bool is_short(const struct audit_facts *facts,
		     const struct audit_decision *decision)
{
	double most = series_shape_certainty_of(facts->window.count);
	const struct audit_function *function = decision->function;

	if (decision->verdict == AUDIT_STORM ||
	    decision->verdict == AUDIT_FRAGMENTATION ||
	    (decision->verdict == AUDIT_LEAK && function && function->grows &&
	     audit_pattern_may_be_filling(facts, function, decision->stack)))
		return false;
	/* where hardly anything is allocated, more time brings no more slices */
	if (decision->verdict == AUDIT_STEADY && audit_watched(facts) >= SLICES_ENOUGH)
		return false;
	return most < SURE && decision->confidence >= SURE * most;
}

static void say_short(const struct audit_facts *facts,
		      const struct audit_decision *decision, struct audit *audit)
{
	double slice = facts->history->interval_s;

	audit_say(&audit->evidence,
		  "%.0f%% sure: watched only %s, %s of %.3gs; a longer run%s would "
		  "settle it",
		  100 * decision->confidence,
		  audit_span(audit_facts_seconds(facts), 3).text,
		  audit_some((double)facts->window.count, "slice").text, slice,
		  slice > SLICE_SHORT ? ", or `heapring run --interval 100ms`," : "");
}

/* The run was long enough, but the ring kept little of it as it was. */
static void say_full(const struct audit_facts *facts,
		     const struct audit_decision *decision, struct audit *audit)
{
	const struct history *history = facts->history;

	audit_say(
		&audit->evidence,
		"%.0f%% sure: the history is full. Of %s only the last %s are left in "
		"slices of %.3gs; what was before is merged or gone, since %s have their "
		"figures in each. HEAPRING_HISTORY=%.0fMiB keeps more",
		100 * decision->confidence,
		audit_span(history->at[history->count - 1], 3).text,
		audit_span(history->at[history->count - 1] - history->coarse_s, 3).text,
		history->interval_s,
		audit_some((double)facts->profile->stacks_count, "stack").text,
		ceil(FULL_MORE * (double)facts->profile->segment->header.history_bytes /
		     (1 << 20)));
}

/* How long was looked, and what that means for the confidence. */
void audit_words_window(const struct audit_facts *facts,
			const struct audit_decision *decision, struct audit *audit)
{
	const struct audit_window *window = &facts->window;

	if (!facts->history)
		audit_say(&audit->evidence,
			  "this profile has no history: only the rates are known");
	else if (audit->history_full)
		say_full(facts, decision, audit);
	else if (audit->too_short ||
		 (decision->confidence < SURE && is_short(facts, decision)))
		say_short(facts, decision, audit);
	if (audit_interpreter_hides(facts))
		audit_say(&audit->evidence, "%s", audit_interpreter_hides(facts)->hides);
	if (facts->history && facts->history->damaged)
		audit_say(&audit->evidence,
			  "a part of the history is damaged and was left out");
	/* a container is silent until it is full again, and the evidence says when; of
	 * what is hidden nobody knows */
	if (!audit_interpreter_hides(facts) &&
	    !(decision->function && decision->function->doubling.steps > 0) &&
	    window->idle_s >= 1 && audit_window_fell_silent(window, WORTH_SAYING) &&
	    window->to_s < facts->history->at[facts->history->count - 1])
		audit_say(&audit->evidence,
			  "nothing was allocated in the last %s: they are left out%s",
			  audit_age(window->idle_s).text,
			  decision->verdict == AUDIT_LEAK
				  ? ". If the program was at work then, what grew is full"
				  : "");
}
