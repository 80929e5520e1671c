/*
 * audit_callers - a helper that one of its callers uses rightly, and another does not
 *
 * layers.h tells a layer by what is left of what its callers took. A cache that was not
 * full when the window began leaves something as well, but its blocks do not go on to
 * grow, and that shows in the series of each caller's part.
 */
#include "analyzer/audit/audit_callers.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/audit/audit_growth.h"
#include "analyzer/views/wrapper_name.h"

#define CALLERS_MOST 16u
#define LAYERS_DEEP 3u
#define GAVE_BACK 0.5  /* of its blocks, who uses it rightly */
#define TAKEN_MIN 0.1  /* of what the others keep; less is no use of it */
#define GROWTH_MAX 0.5 /* of what the others add in the later half */
#define WANDER 0.05    /* ... or of what it holds: sizes differ by chance */
#define EXPLAINED 0.5  /* of the function's growth, by who keeps */

struct caller {
	const struct symbol *call;
	double series[PROFILE_SAMPLES][AUDIT_GRID_MAX];
	double variance, allocs, frees, taken, late;
	struct series_shape shape;
	bool keeps;
};

struct callers {
	struct audit_facts *facts;
	const struct audit_function *function;
	bool by_call; /* the name tells that it makes something for others */
	struct caller *caller;
	size_t count;
	struct audit_series one; /* scratch */
};

static struct caller *caller_of(struct callers *callers, const struct symbol *call)
{
	for (size_t i = 0; i < callers->count; i++)
		if (callers->by_call
			    ? callers->caller[i].call == call
			    : symbol_is_same_function(callers->caller[i].call, call))
			return &callers->caller[i];
	if (callers->count == CALLERS_MOST)
		return NULL;
	callers->caller[callers->count].call = call;
	return &callers->caller[callers->count++];
}

static void add_stack(struct callers *callers, struct caller *caller, size_t number)
{
	const struct audit_facts *facts = callers->facts;
	const struct audit_stack *stack = &facts->stacks[number];

	audit_facts_stack_series(facts, number, &callers->one);
	for (int s = 0; s < PROFILE_SAMPLES; s++)
		for (size_t i = 0; i < facts->window.count; i++)
			caller->series[s][i] += callers->one.value[s][i];
	if (facts->profile->variance)
		caller->variance += facts->profile->variance[number][PROFILE_INUSE_SPACE];
	caller->allocs += stack->allocs;
	caller->frees += stack->frees;
	caller->taken += stack->alloc_bytes;
}

/* False: somebody calls it whom nobody can blame, or too many do. */
static bool gather(struct callers *callers)
{
	const struct audit_facts *facts = callers->facts;

	for (size_t i = 0; i < facts->profile->stacks_count; i++) {
		const struct symbol *call;
		struct caller *caller;

		if (&facts->functions[facts->stacks[i].function] != callers->function ||
		    facts->stacks[i].allocs <= 0)
			continue;
		call = culprit_beyond(facts->culprits, i, callers->function->symbol);
		caller = call ? caller_of(callers, call) : NULL;
		if (!caller)
			return false;
		add_stack(callers, caller, i);
	}
	return callers->count > 1;
}

static int judge(struct callers *callers)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < callers->count; i++) {
		struct caller *caller = &callers->caller[i];

		r = audit_growth_of(callers->facts, callers->function, caller->series,
				    caller->variance, &caller->shape, &caller->keeps);
		caller->late = audit_late_growth(caller->series[PROFILE_INUSE_SPACE],
						 callers->facts->window.count);
	}
	return r;
}

static bool is_fair(const struct caller *caller, double kept)
{
	return !caller->keeps && caller->shape.kind != SHAPE_RISING &&
	       caller->frees >= GAVE_BACK * caller->allocs &&
	       caller->taken >= TAKEN_MIN * kept &&
	       caller->late < fmax(GROWTH_MAX * kept, WANDER * caller->shape.level);
}

/* main() keeps what its loop keeps: of a helper that is called by chance from there, too,
 * nothing is said. */
static bool may_blame(const struct callers *callers, const struct caller *caller)
{
	return callers->by_call || strcmp(caller->call->function, "main") != 0;
}

static bool tell_a_helper(const struct callers *callers)
{
	const double *whole = callers->function->series[PROFILE_INUSE_SPACE];
	double kept = 0;

	for (size_t i = 0; i < callers->count; i++)
		if (callers->caller[i].keeps) {
			if (!may_blame(callers, &callers->caller[i]))
				return false;
			kept += callers->caller[i].late;
		}
	if (kept <= 0 ||
	    kept < EXPLAINED * audit_late_growth(whole, callers->facts->window.count))
		return false;
	for (size_t i = 0; i < callers->count; i++)
		if (is_fair(&callers->caller[i], kept))
			return true;
	return false;
}

static int look_at(struct callers *callers, const struct audit_function *function,
		   bool *ret_helper)
{
	int r = 0;

	*ret_helper = false;
	callers->function = function;
	callers->count = 0;
	callers->by_call = wrapper_name_callers_needed(function->symbol->function) > 0;
	memset(callers->caller, 0, CALLERS_MOST * sizeof(*callers->caller));
	if (gather(callers))
		r = judge(callers);
	*ret_helper = r == 0 && tell_a_helper(callers);
	return r;
}

/* Marks the helpers among what grows. */
static int pass_over_helpers(struct audit_facts *facts, struct callers *callers,
			     bool *ret_any)
{
	int r = 0;

	*ret_any = false;
	for (size_t i = 0; r == 0 && i < facts->functions_count; i++) {
		const struct audit_function *function = &facts->functions[i];
		bool helper;

		if (!function->grows || function->is_thread_create || !function->symbol ||
		    function->stacks < 2)
			continue;
		r = look_at(callers, function, &helper);
		if (r == 0 && helper)
			*ret_any |= culprits_pass_over(facts->culprits, function->symbol);
	}
	return r;
}

int audit_callers_find(struct audit_facts *facts)
{
	struct callers callers = {
		.facts = facts, .caller = calloc(CALLERS_MOST, sizeof(*callers.caller))
	};
	bool again = facts->culprits != NULL;
	int r = callers.caller ? audit_growth_find(facts) : -ENOMEM;

	for (unsigned deep = 0; r == 0 && again && deep < LAYERS_DEEP; deep++) {
		r = pass_over_helpers(facts, &callers, &again);
		if (r == 0 && again)
			r = audit_facts_sort_again(facts);
		if (r == 0 && again)
			r = audit_growth_find(facts);
	}
	free(callers.caller);
	return r;
}
