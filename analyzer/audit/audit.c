/*
 * audit - the root cause: what is wrong with this process's memory, if anything
 *
 * Facts (audit_facts.c), who grows (audit_growth.c), who churns (audit_churn.c), one
 * decision (audit_decision.c), its pattern (audit_pattern.c) and the words for it
 * (audit_words.c, audit_steps.c). Here they are put together.
 */
#include "analyzer/audit/audit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/audit/audit_decision.h"
#include "analyzer/audit/audit_pattern.h"
#include "analyzer/audit/audit_stack_text.h"
#include "analyzer/audit/audit_words.h"
#include "analyzer/views/thread_routine.h"

static const char *const verdict_names[AUDIT_VERDICTS] = {
	"steady", "leak", "storm", "sawtooth", "warming", "fragmentation", "thread_leak"
};

const char *audit_verdict_name(enum audit_verdict verdict)
{
	return verdict_names[verdict];
}

bool audit_verdict_parse(const char *name, enum audit_verdict *ret_verdict)
{
	for (int i = 0; i < AUDIT_VERDICTS; i++) {
		if (strcmp(name, verdict_names[i]) != 0)
			continue;
		*ret_verdict = (enum audit_verdict)i;
		return true;
	}
	return false;
}

const char *audit_growth_name(enum audit_growth growth)
{
	static const char *const names[] = { "none", "linear", "exponential", "plateau" };

	return names[growth];
}

/* stack: SIZE_MAX for the function's largest. */
static struct audit_finding describe(const struct audit_facts *facts,
				     const struct audit_function *function, size_t stack)
{
	double seconds = audit_facts_seconds(facts);
	size_t shown = stack == AUDIT_NO_STACK ? function->largest_stack : stack;
	const struct symbol *symbol =
		audit_stack_call(facts->profile, facts->symbols, shown, function->symbol);
	struct audit_finding finding = {
		.function = symbol ? symbol->function : "[unknown]",
		.file = symbol ? symbol->file : NULL,
		.line = symbol ? symbol->line : 0,
		.module = symbol ? symbol->module : "",
		.stack = shown,
		.rate_bytes_per_s = function->growth_bytes / seconds,
		.allocs_per_s = function->allocs / seconds,
		.alloc_bytes_per_s = function->alloc_bytes / seconds,
		.live_bytes = function->live_bytes,
		.temporary = function->allocs > 0
				     ? function->temporary_allocs / function->allocs
				     : 0,
		.freed = function->allocs > 0
				 ? fmin(1, function->frees / function->allocs)
				 : 0,
	};

	return finding;
}

static void add_cause(const struct audit_facts *facts,
		      const struct audit_decision *decision, struct audit *audit)
{
	struct audit_finding *finding = &audit->findings[0];

	if (!decision->function)
		return;
	*finding = describe(facts, decision->function, decision->stack);
	finding->verdict = decision->verdict;
	finding->growth = decision->growth;
	finding->confidence = decision->confidence;
	finding->pattern = audit->pattern;
	if (decision->shape && decision->growth != AUDIT_GROWTH_NONE)
		finding->rate_bytes_per_s = decision->rate_bytes_per_s;
	audit->findings_count = 1;
	audit->has_site = true;
}

static bool is_other(const struct audit_function *function,
		     const struct audit_decision *decision)
{
	return function->grows && function != decision->function &&
	       function != decision->grown;
}

static int by_rate(const void *a, const void *b)
{
	double x = ((const struct audit_finding *)a)->rate_bytes_per_s;
	double y = ((const struct audit_finding *)b)->rate_bytes_per_s;

	return (x < y) - (x > y);
}

/* Other functions that grow: a process may leak in many places. */
static void add_others(const struct audit_facts *facts,
		       const struct audit_decision *decision, struct audit *audit)
{
	size_t first = audit->findings_count;

	for (size_t i = 0; i < facts->functions_count; i++) {
		const struct audit_function *function = &facts->functions[i];
		struct audit_finding *finding;

		if (!is_other(function, decision))
			continue;
		finding = &audit->findings[audit->findings_count++];
		*finding = describe(facts, function, function->growth_stack);
		finding->verdict =
			function->is_thread_create ? AUDIT_THREAD_LEAK : AUDIT_LEAK;
		finding->growth = audit_decision_growth(facts, &function->shape);
		finding->rate_bytes_per_s = function->shape.rate;
		finding->confidence = function->growth_certainty;
		finding->pattern =
			audit_pattern_of(facts, function, function->growth_stack,
					 finding->verdict, finding->growth);
	}
	qsort(audit->findings + first, audit->findings_count - first,
	      sizeof(*audit->findings), by_rate);
}

/* The kernel's count of a live process; else what was created and has not ended, and the
 * first thread. */
static double threads_alive(const struct audit_facts *facts,
			    const struct audit_churn *churn)
{
	const struct audit_surroundings *around = facts->around;

	if (around->samples_count > 0)
		return around->samples[around->samples_count - 1].threads;
	return churn->threads_created > 0
		       ? churn->threads_created - churn->threads_ended + 1
		       : -1;
}

static int fill_in(struct audit_facts *facts, const struct audit_decision *decision,
		   struct audit *audit)
{
	/* one more: the first is there where nobody is to blame, too */
	audit->findings = calloc(facts->functions_count + 1, sizeof(*audit->findings));
	if (!audit->findings)
		return -ENOMEM;
	audit->verdict = decision->verdict;
	audit->growth = decision->growth;
	audit->confidence = decision->confidence;
	audit->too_short = facts->history && facts->window.count < AUDIT_SLICES_FEW &&
			   decision->confidence < AUDIT_GUESS;
	audit->history_full = facts->history && decision->confidence < AUDIT_GUESS &&
			      audit_window_lost_slices(facts->history, &facts->window);
	audit->rate_bytes_per_s = decision->rate_bytes_per_s;
	audit->all_bytes_per_s = decision->all_bytes_per_s;
	audit->threads_per_s = decision->threads_per_s;
	audit->threads_alive = threads_alive(facts, &decision->churn);
	if (decision->verdict == AUDIT_THREAD_LEAK && decision->function &&
	    decision->function->symbol)
		audit->thread_routine = thread_routine_by(facts->profile, facts->symbols,
							  decision->function->symbol);
	audit->window_from_s = facts->window.from_s;
	audit->window_to_s = facts->window.to_s;
	audit->slices = facts->window.count;
	audit->eta_to_limit_s = audit_eta(facts, decision);
	if (decision->growth == AUDIT_GROWTH_EXPONENTIAL && decision->shape)
		audit->doubling_s = decision->shape->model.doubling;
	if (decision->verdict == AUDIT_SAWTOOTH)
		audit->period_s = decision->shape->teeth.period *
				  audit_facts_seconds(facts) /
				  (double)(facts->window.count - 1);
	audit->pattern = audit_pattern_of(facts, decision->function, decision->stack,
					  decision->verdict, decision->growth);
	add_cause(facts, decision, audit);
	add_others(facts, decision, audit);
	audit_words_evidence(facts, decision, audit);
	audit_words_advice(facts, decision, audit);
	audit_steps_fill(facts, decision, audit);
	return 0;
}

int audit_profile(const struct profile *profile, const struct symbols *symbols,
		  const struct audit_surroundings *around, struct audit **ret_audit,
		  struct fault *fault)
{
	static const struct audit_surroundings nothing;
	struct audit *audit = calloc(1, sizeof(*audit));
	struct audit_facts *facts = calloc(1, sizeof(*facts));
	struct audit_decision decision;
	int r = audit && facts ? 0 : -ENOMEM;

	if (r == 0)
		r = audit_facts_gather(profile, symbols, around ? around : &nothing,
				       facts);
	if (r == 0)
		r = audit_decide(facts, &decision);
	if (r == 0)
		r = fill_in(facts, &decision, audit);
	if (facts)
		audit_facts_done(facts);
	free(facts);
	if (r < 0) {
		audit_free(audit);
		return fault_set(fault, FAULT_INPUT, r, "out of memory for the audit");
	}
	*ret_audit = audit;
	return 0;
}

void audit_free(struct audit *audit)
{
	if (audit)
		free(audit->findings);
	free(audit);
}
