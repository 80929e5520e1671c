/*
 * audit_one_stack - does one stack of a function tell what its function does not?
 */
#include "analyzer/audit/audit_one_stack.h"

#include <math.h>

#include "analyzer/audit/audit_interpreter.h"
#include "analyzer/audit/audit_stack_text.h"

#define FEW_BLOCKS 8.0
#define RECURSION_LOOKED_AT 16u /* frames */
#define FALL 0.25               /* of a tooth's height, from one point to the next */
#define TURNS_OVER 0.25         /* of its blocks that are freed, at least */
#define PART_OF_LEVEL 0.01      /* in the later half of the window */
#define LIVED_THROUGH 0.1       /* of what a stack has at the end, at a fall */

/*
 * A few blocks more at one stack, in the later half (what fills up has come to rest by
 * then), that the ups and downs of the function's others would hide: they may be those
 * that another of its stacks has fewer of (an entry that was made larger somewhere else).
 */
static bool is_lost_in_function(const struct audit_facts *facts,
				const struct audit_function *function,
				double (*series)[AUDIT_GRID_MAX])
{
	size_t count = facts->window.count;
	const double *objects = series[PROFILE_INUSE_OBJECTS];

	return audit_late_growth(objects, count) < FEW_BLOCKS &&
	       AUDIT_TAKEN_OVER * audit_late_growth(series[PROFILE_INUSE_SPACE], count) <
		       AUDIT_NOISE * function->shape.model.error;
}

/* What is added in the last quarter, by means of a twelfth. */
static double last_growth(const double *value, size_t count)
{
	return audit_mean_from(value, count, count - count / 12 - 1) -
	       audit_mean_from(value, count, count - count / 4 - 1);
}

/*
 * The function stands, and one of its stacks goes on: what is replaced in a full cache
 * moves from the stack that filled it to the one that replaces.
 */
static bool moves_in_function(const struct audit_facts *facts,
			      const struct audit_function *function, const double *bytes)
{
	const double *whole = function->series[PROFILE_INUSE_SPACE];
	size_t count = facts->window.count, from = count - count / 4 - 1;
	double noise = 0;

	for (size_t i = from + 1; i < count; i++)
		noise += fabs(whole[i] - whole[i - 1]) / (double)(count - from);
	return function->shape.kind == SHAPE_LEVELLING &&
	       last_growth(whole, count) + noise <
		       AUDIT_TAKEN_OVER * last_growth(bytes, count);
}

/*
 * The function came up to a level and gives back what it takes, and one of its stacks
 * still adds a little: what a full cache keeps of what it dropped, or larger entries in
 * the places of small ones.
 */
static bool is_lost_in_level(const struct audit_facts *facts,
			     const struct audit_function *function, const double *bytes)
{
	return function->shape.kind == SHAPE_LEVELLING &&
	       function->frees > TURNS_OVER * function->allocs &&
	       audit_late_growth(bytes, facts->window.count) <
		       PART_OF_LEVEL * function->shape.level;
}

/* The last point before which the function lost a good part of a tooth at once. */
static size_t last_fall(const struct audit_facts *facts,
			const struct audit_function *function)
{
	const double *value = function->series[PROFILE_INUSE_SPACE];
	size_t i = facts->window.count - 1;

	while (i > 0 && value[i - 1] - value[i] < FALL * function->shape.teeth.height)
		i--;
	return i;
}

/* Where the function's blocks are given back in waves, a stack that came after the last
 * one is none that stays (code that was compiled anew has another address). */
static bool was_not_collected_yet(const struct audit_facts *facts,
				  const struct audit_function *function,
				  double (*series)[AUDIT_GRID_MAX])
{
	const double *value = series[PROFILE_INUSE_SPACE];

	return function->shape.kind == SHAPE_TEETH &&
	       value[last_fall(facts, function)] <
		       LIVED_THROUGH * value[facts->window.count - 1];
}

/* Does a function call itself inside of the culprit's call, or the culprit itself? */
struct recursion {
	const struct symbol *function, *seen[RECURSION_LOOKED_AT];
	size_t count;
	bool is_outside, found;
};

static void look_for_recursion(void *arg, const struct symbol *symbol, const char *text)
{
	struct recursion *search = arg;
	bool is_culprit = symbol_is_same_function(symbol, search->function);

	(void)text;
	if (search->is_outside) {
		search->found |= is_culprit;
		return;
	}
	for (size_t i = 0; i < search->count; i++)
		search->found |= symbol_is_same_function(symbol, search->seen[i]);
	if (search->count < RECURSION_LOOKED_AT)
		search->seen[search->count++] = symbol;
	search->is_outside = is_culprit;
}

/*
 * What a recursion makes lies on one stack for each depth, and moves from one to the
 * other as a tree is rebalanced or a list gets longer: no stack of it tells what stays.
 * An interpreter's recursion is the script's calls.
 */
bool audit_one_stack_recurs(const struct audit_facts *facts,
			    const struct audit_function *function, size_t stack)
{
	struct recursion search = { .function = function->symbol };

	if (!function->symbol || audit_interpreter_of(facts, stack))
		return false;
	audit_stack_each(facts->profile, facts->symbols, stack, look_for_recursion,
			 &search);
	return search.found;
}

bool audit_one_stack_tells(const struct audit_facts *facts,
			   const struct audit_function *function,
			   struct audit_series *series)
{
	return !is_lost_in_function(facts, function, series->value) &&
	       !moves_in_function(facts, function, series->value[PROFILE_INUSE_SPACE]) &&
	       !is_lost_in_level(facts, function, series->value[PROFILE_INUSE_SPACE]) &&
	       !was_not_collected_yet(facts, function, series->value);
}
