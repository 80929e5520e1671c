/*
 * audit_advice - the lines that say what to do
 *
 * A command is a line that a shell takes as it stands: with the target and the function
 * that it is about, and what it shows as the shell's comment.
 */
#include "analyzer/audit/audit_words.h"

#include <stdio.h>
#include <string.h>

#include "analyzer/audit/audit_interpreter.h"
#include "analyzer/audit/audit_keeper.h"
#include "analyzer/audit/audit_lives.h"
#include "analyzer/audit/audit_pattern.h"
#include "analyzer/audit/audit_release.h"
#include "analyzer/console/shell_word.h"

#define WORD 256u
#define FLAT_QUARTER 5.0 /* percent of the rise, in the last quarter of the time */

/* As it was given on the command line; else what would do for a process that lives. */
static void target_word(const struct audit_facts *facts, char *text)
{
	const char *given = facts->around->target;

	if (facts->around->samples_count > 0 && !given)
		snprintf(text, WORD, "%u", facts->profile->segment->header.pid);
	else if (!given || !shell_word(given, text, WORD))
		snprintf(text, WORD, "TARGET");
}

/* A regular expression that matches the name, as a word; false: it is too long. */
static bool function_word(const char *name, char *text)
{
	char expression[WORD];
	size_t length = 0;

	for (; *name && length + 2 < WORD; name++) {
		if (strchr("\\^$.|?*+()[]{}", *name))
			expression[length++] = '\\';
		expression[length++] = *name;
	}
	expression[length] = '\0';
	return *name == '\0' && shell_word(expression, text, WORD);
}

static bool has_source(const struct audit_decision *decision)
{
	return decision->function && decision->function->symbol &&
	       decision->function->symbol->file;
}

static void advise_commands(const struct audit_facts *facts,
			    const struct audit_decision *decision, struct audit *audit)
{
	char target[WORD], function[WORD];

	target_word(facts, target);
	switch (decision->verdict) {
	case AUDIT_LEAK:
		audit_say(&audit->advice,
			  "heapring traces %s   # every stack that holds memory", target);
		if (audit->pattern != AUDIT_SCRIPT_OBJECTS && has_source(decision) &&
		    function_word(audit_function_name(decision->function), function))
			audit_say(&audit->advice,
				  "heapring list %s %s   # the source lines that hold it",
				  function, target);
		break;
	case AUDIT_STORM:
		audit_say(&audit->advice,
			  "heapring top --sample alloc_objects %s   # who allocates most "
			  "often",
			  target);
		audit_say(&audit->advice,
			  "heapring lifetimes %s   # how long whose blocks live", target);
		break;
	case AUDIT_FRAGMENTATION:
		audit_say(&audit->advice,
			  "heapring pins %s   # the stacks whose blocks keep pages "
			  "resident",
			  target);
		break;
	case AUDIT_THREAD_LEAK:
		audit_say(&audit->advice, "heapring threads %s   # %s", target,
			  facts->around->samples_count > 0
				  ? "who created them, and what they wait for"
				  : "who created them; of a live process also what they "
				    "wait for");
		break;
	default:
		break;
	}
}

/* What the library gave out, and who takes it back. */
static void advise_release(const struct audit_facts *facts,
			   const struct audit_decision *decision, struct audit *audit)
{
	struct audit_release release;

	if (decision->verdict != AUDIT_LEAK || !decision->function ||
	    audit->pattern == AUDIT_SCRIPT_OBJECTS ||
	    !audit_release_find(facts, decision->function, decision->stack, &release))
		return;
	if (!*release.by && release.is_text)
		audit_say(&audit->advice,
			  "they come from %s(), which is a library's: its manual says "
			  "which call gives them back",
			  release.made_by);
	else if (!*release.by)
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
			  audit_function_name(decision->function));
}

#define FORGOTTEN 0.5 /* of what threads left, by threads that have ended */

/* Joining helps only threads that end; those leave their stacks behind. */
static void advise_threads(const struct audit_decision *decision, struct audit *audit)
{
	const struct audit_churn *churn = &decision->churn;
	double kept = decision->function->live_objects;
	double alive = churn->threads_created - churn->threads_ended;
	const struct symbol *routine = audit->thread_routine;

	if (kept - alive > FORGOTTEN * kept) {
		audit_say(&audit->advice,
			  "threads end, but nobody joins or detaches them: their stacks "
			  "stay");
		audit_say(&audit->advice, "Join them, or create them detached.");
		return;
	}
	audit_say(&audit->advice,
		  "%s: more and more are created and stay; %.0f of %.0f ended",
		  audit_pattern_name(audit->pattern), churn->threads_ended,
		  churn->threads_created);
	audit_say(&audit->advice,
		  "See what %s%s for first; to join or detach them helps only those that "
		  "end.",
		  routine ? routine->function : "they", routine ? " waits" : " wait");
}

/* Of native code there is nothing to mend. */
static void advise_script(const struct audit_facts *facts,
			  const struct audit_decision *decision, struct audit *audit)
{
	const struct audit_interpreter *interpreter =
		audit_interpreter_of(facts, decision->stack);

	if (!interpreter)
		return;
	audit_say(&audit->advice,
		  "%s: this is %s's own native code; what %s is %s, which native "
		  "stacks cannot show",
		  audit_pattern_name(audit->pattern), interpreter->name,
		  decision->verdict == AUDIT_LEAK ? "keeps the memory"
						  : "asks for the memory",
		  interpreter->script);
	audit_say(&audit->advice, "Next: %s.", interpreter->tool);
}

/* What is taken out of it says what it is. */
static const char *remedy_of_container(const struct audit_facts *facts,
				       const struct audit_decision *decision)
{
	if (audit_pattern_nothing_freed(decision->function))
		return "Hardly anything was taken out of it: take out what is done with, "
		       "or bound how much may be in it.";
	if (audit_lives_of(facts, decision->stack) == AUDIT_LIVES_FORGET)
		return "Most is taken out of it soon, and some never: look for the way "
		       "on which an entry is not taken out.";
	return "Bound it: make who fills it wait, drop or evict when it is full; then "
	       "see why its reader is slower, or whether anything is taken out at all.";
}

static void advise_container(const struct audit_facts *facts,
			     const struct audit_decision *decision, struct audit *audit)
{
	struct audit_container container;
	char place[64] = "";

	if (!audit_container_find(facts, decision->function, decision->stack, &container))
		return;
	if (container.in->file && container.in->line)
		audit_text(place, sizeof(place), " %s:%u", basename(container.in->file),
			   container.in->line);
	audit_say(&audit->advice,
		  "likely a queue or container that grows: %s in %s%s grows at the same "
		  "time",
		  container.name, container.in->function, place);
	audit_say(&audit->advice, "%s", remedy_of_container(facts, decision));
}

static void advise_references(const struct audit_facts *facts,
			      const struct audit_decision *decision, struct audit *audit)
{
	const struct audit_reference *reference =
		audit_reference_find(facts, decision->function, decision->stack);

	if (!reference)
		return;
	audit_say(
		&audit->advice,
		"%s: what stays was made for a %s; either objects refer to each other in "
		"a cycle, or a container still holds them, or %ss that nobody removes "
		"(they keep the counts, and what was made together with them)",
		audit_pattern_name(audit->pattern), reference->owner, reference->weak);
	audit_say(&audit->advice,
		  "Make the way back of a cycle a %s; if there is no cycle, see which "
		  "container or callback still has a %s to them.",
		  reference->weak, reference->owner);
}

static void advise_pattern(const struct audit_facts *facts,
			   const struct audit_decision *decision, struct audit *audit)
{
	const char *what = audit_pattern_what(audit->pattern);

	if (audit->pattern == AUDIT_THREADS_NEVER_JOINED) {
		advise_threads(decision, audit);
	} else if (audit->pattern == AUDIT_SCRIPT_OBJECTS) {
		advise_script(facts, decision, audit);
	} else if (audit->pattern == AUDIT_GROWING_CONTAINER) {
		advise_container(facts, decision, audit);
	} else if (audit->pattern == AUDIT_COUNTED_REFERENCES) {
		advise_references(facts, decision, audit);
	} else if (what) {
		audit_say(&audit->advice, "%s: %s", audit_pattern_name(audit->pattern),
			  what);
		audit_say(&audit->advice, "%s", audit_pattern_remedy(audit->pattern));
	}
}

void audit_words_advice(const struct audit_facts *facts,
			const struct audit_decision *decision, struct audit *audit)
{
	static const char *const lows[] = {
		[AUDIT_LOWS_UNKNOWN] = "Nothing leaks as far as these slices tell; "
				       "`heapring run --interval 100ms` tells more.",
		[AUDIT_LOWS_RISE] = "What stays after each flush may be a leak: compare "
				    "two lows with `heapring diff`.",
		[AUDIT_LOWS_STAY] = "Nothing leaks.",
	};

	advise_release(facts, decision, audit);
	advise_pattern(facts, decision, audit);
	advise_commands(facts, decision, audit);
	if (decision->verdict == AUDIT_WARMING)
		audit_say(&audit->advice, "Nothing to do if the level fits the limit%s.",
			  25 * decision->shape->end_ratio < FLAT_QUARTER
				  ? ""
				  : "; look again when the curve is flat");
	if (decision->verdict == AUDIT_SAWTOOTH)
		audit_say(&audit->advice, "%s",
			  lows[audit_lows_of(&decision->shape->teeth)]);
	if (decision->verdict == AUDIT_STEADY && decision->confidence >= 0.5)
		audit_say(&audit->advice, "Nothing to do.");
	if (audit->history_full)
		audit_say(&audit->advice,
			  "Run it again with more HEAPRING_HISTORY; finer slices would "
			  "fill it sooner.");
	else if (audit->too_short)
		audit_say(&audit->advice, "Audit again after a longer run.");
}
