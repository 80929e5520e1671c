/*
 * audit_growth - which functions' live bytes grow without an end
 *
 * Each function is judged by its own series, not by the process's: 600 bytes a second
 * stand out there, whatever traffic surrounds them. The price is many tests, so
 * growth must also be large enough to be no lazy initialisation, come in enough
 * steps, and be part of the process's growth as far as its noise lets one see.
 */
#include "analyzer/audit/audit_growth.h"

#include "analyzer/audit/audit_load.h"
#include "analyzer/audit/audit_lows.h"
#include "analyzer/audit/audit_one_stack.h"
#include "analyzer/audit/audit_pattern.h"
#include "analyzer/audit/audit_pauses.h"
#include "analyzer/audit/audit_plateau.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES 64u
#define BYTES_MIN 512.0
#define BYTES_FEW_STEPS 2048.0
#define STEPS_MIN 5u         /* fewer are somebody's tables growing */
#define STEPS_MANY 16u       /* with fewer it must matter to the process: */
#define SHARE_MIN 0.005      /* of its live bytes */
#define STEPS_EVEN 6u        /* ... or come evenly, of the program's own, and never go: */
#define EVEN_END 0.6         /* the last quarter has its part of them */
#define ERRORS_MIN 4.0       /* standard errors of sampling */
#define DRIFT_BLOCKS 16.0    /* of more than these, the mean size tells */
#define DRIFT_SIZE 1.25      /* the mean size rose by less */
#define DRIFT_EXPLAINED 0.25 /* more blocks explain less of the growth */
#define BY_NUMBER 0.5        /* more blocks explain more of it: no container */
#define ONE_BLOCK 2.0        /* the old one while it is copied */
#define EMPTIED 0.25         /* of what a container holds now, that went before */
#define EBBS 0.45       /* certainty: a cache that works only where it misses does so */
#define PART_SMALL 0.01 /* of what a function holds: its stacks tell more */

/* Total grew less than this part of it: then others shrank by as much. */
static bool is_taken_over(const struct audit_facts *facts, const double *value)
{
	size_t count = facts->window.count;
	double here = audit_late_growth(value, count);
	double total = audit_late_growth(facts->total.value[PROFILE_INUSE_SPACE], count);

	return total + AUDIT_NOISE * facts->shape.model.error < AUDIT_TAKEN_OVER * here;
}

/*
 * As many blocks as before, each a little larger: names that get a digit more, say.
 * Blocks that really grow (a buffer by realloc) become larger by more than that.
 */
static bool only_drifts(const struct audit_facts *facts, const struct series_shape *shape,
			const double *bytes, const double *objects)
{
	size_t count = facts->window.count;
	size_t from = (count + audit_window_index(&facts->window, shape->since)) / 2;
	size_t last = count - count / 12 - 1;
	double before = fmax(1, audit_mean_from(objects, count, from));
	double after = fmax(1, audit_mean_from(objects, count, last));
	double old = audit_mean_from(bytes, count, from),
	       now = audit_mean_from(bytes, count, last);
	double grown = now - old, size = now / after, size_before = old / before;

	return after > DRIFT_BLOCKS && size < DRIFT_SIZE * size_before &&
	       (after - before) * size < DRIFT_EXPLAINED * grown;
}

/* What is set up when first needed comes at the start, less and less; this does not. */
static bool comes_evenly(const struct audit_function *function,
			 const struct series_shape *shape)
{
	return function->is_direct && shape->increases >= STEPS_EVEN &&
	       shape->drawdown <= 0 && shape->end_ratio >= EVEN_END;
}

static bool is_enough(const struct audit_facts *facts,
		      const struct audit_function *function,
		      const struct series_shape *shape)
{
	size_t steps = shape->points < 10 ? 3 : STEPS_MIN;

	if (shape->kind != SHAPE_RISING || shape->net < BYTES_MIN ||
	    shape->increases < steps || shape->trend.low <= 0)
		return false;
	return shape->increases >= STEPS_MANY ||
	       (shape->net >= BYTES_FEW_STEPS &&
		(shape->net >= SHARE_MIN * facts->shape.highest ||
		 comes_evenly(function, shape)));
}

static double variance_of(const struct audit_facts *facts, size_t stack)
{
	return facts->profile->variance
		       ? facts->profile->variance[stack][PROFILE_INUSE_SPACE]
		       : 0;
}

static double function_variance(const struct audit_facts *facts,
				const struct audit_function *function)
{
	double sum = 0;

	for (size_t i = 0; facts->profile->variance && i < facts->profile->stacks_count;
	     i++)
		if (&facts->functions[facts->stacks[i].function] == function)
			sum += variance_of(facts, i);
	return sum;
}

static bool grows(const struct audit_facts *facts, const struct audit_function *function,
		  const struct series_shape *shape, double (*series)[AUDIT_GRID_MAX],
		  double variance)
{
	const double *bytes = series[PROFILE_INUSE_SPACE];

	return is_enough(facts, function, shape) &&
	       shape->net >= ERRORS_MIN * sqrt(fmax(0, variance)) &&
	       !is_taken_over(facts, bytes) &&
	       !only_drifts(facts, shape, bytes, series[PROFILE_INUSE_OBJECTS]) &&
	       !audit_load_follows(facts, series[PROFILE_ALLOC_OBJECTS],
				   series[PROFILE_INUSE_OBJECTS]);
}

int audit_growth_of(const struct audit_facts *facts,
		    const struct audit_function *function,
		    double (*series)[AUDIT_GRID_MAX], double variance,
		    struct series_shape *ret_shape, bool *ret_grows)
{
	int r = series_shape_find(facts->window.at, series[PROFILE_INUSE_SPACE],
				  facts->window.count, ret_shape);

	*ret_grows = r == 0 && grows(facts, function, ret_shape, series, variance);
	return r;
}

/* Does the rise above the lowest point come from more blocks of the same size, and not
 * from one that was made larger? */
static bool rises_by_number(const struct audit_facts *facts,
			    double (*series)[AUDIT_GRID_MAX])
{
	const double *bytes = series[PROFILE_INUSE_SPACE];
	const double *objects = series[PROFILE_INUSE_OBJECTS];
	size_t last = facts->window.count - 1, lowest = 0;

	for (size_t i = 1; i <= last; i++)
		if (bytes[i] < bytes[lowest])
			lowest = i;
	return (objects[last] - objects[lowest]) * bytes[lowest] /
		       fmax(1, objects[lowest]) >
	       BY_NUMBER * (bytes[last] - bytes[lowest]);
}

/* Blocks of the function or of the process are what is in it, and no more come. */
static bool is_full(const struct audit_facts *facts,
		    const struct audit_function *function,
		    const struct doubling *doubling)
{
	const struct audit_window *window = &facts->window;

	return doubling_entries_stand(doubling, window->at,
				      function->series[PROFILE_INUSE_OBJECTS],
				      window->count) ||
	       doubling_entries_stand(doubling, window->at,
				      facts->total.value[PROFILE_INUSE_OBJECTS],
				      window->count);
}

/* A container that was emptied is a buffer that is filled again and again. */
static bool was_emptied(const struct audit_pauses *pauses)
{
	double last = pauses->value[pauses->count - 1];

	for (size_t i = 1; i < pauses->count; i++)
		if (pauses->value[i - 1] - pauses->value[i] > EMPTIED * last)
			return true;
	return false;
}

/* No line: it stands still between its steps. */
static bool is_one_block(const struct audit_facts *facts,
			 double (*series)[AUDIT_GRID_MAX])
{
	double most = 0;

	for (size_t i = 0; i < facts->window.count; i++)
		most = fmax(most, series[PROFILE_INUSE_OBJECTS][i]);
	return most <= ONE_BLOCK;
}

/* In the figures as they are, or, of a function that hardly allocates, with its pauses.
 */
static bool is_container(const struct audit_facts *facts,
			 const struct audit_function *function,
			 double (*series)[AUDIT_GRID_MAX],
			 const struct series_shape *shape, struct doubling *ret)
{
	struct audit_pauses pauses;

	if ((shape->kind != SHAPE_RISING || is_one_block(facts, series)) &&
	    !rises_by_number(facts, series) &&
	    doubling_find(facts->window.at, series[PROFILE_INUSE_SPACE],
			  facts->window.count, ret))
		return true;
	audit_pauses_find(facts, function, &pauses);
	return pauses.count > 0 && !was_emptied(&pauses) &&
	       doubling_find(pauses.at, pauses.value, pauses.count, ret);
}

/* A container that stands still between steps: what fills it grows in a straight line. */
static bool fills_up(const struct audit_facts *facts,
		     const struct audit_function *function,
		     double (*series)[AUDIT_GRID_MAX], struct series_shape *shape,
		     struct doubling *ret)
{
	if (shape->kind == SHAPE_SHORT ||
	    !is_container(facts, function, series, shape, ret))
		return false;
	if (shape->highest < BYTES_FEW_STEPS ||
	    shape->highest < SHARE_MIN * facts->shape.highest ||
	    is_full(facts, function, ret)) {
		memset(ret, 0, sizeof(*ret));
		return false;
	}
	shape->rate = ret->rate;
	shape->certainty =
		fmax(ret->certainty, shape->kind == SHAPE_RISING ? shape->certainty : 0);
	shape->kind = SHAPE_RISING;
	shape->model.law = GROWTH_LINEAR;
	return true;
}

/* Beside large blocks that stay, what the others do looks like nothing, or like a rise.
 */
static bool is_hidden(const struct audit_function *function)
{
	return function->stacks > 1 &&
	       function->growth_bytes < PART_SMALL * function->live_bytes;
}

/* Slower and slower, as all that the process does. A name that may be a cache's says more
 * than that: it may do its work only where it misses. */
static void look_at_load(const struct audit_facts *facts, struct audit_function *function)
{
	struct series_shape *shape = &function->shape;
	const double *value = function->series[PROFILE_INUSE_SPACE];
	size_t last = facts->window.count - 1, from = last - last / 4;

	if (shape->kind != SHAPE_LEVELLING ||
	    !audit_load_ebbs(facts, function->series[PROFILE_INUSE_OBJECTS]) ||
	    audit_pattern_may_be_missing(facts, function, function->largest_stack))
		return;
	function->ebbs = true;
	shape->kind = SHAPE_RISING;
	shape->rate = (value[last] - value[from]) /
		      (facts->window.at[last] - facts->window.at[from]);
	shape->certainty = fmin(EBBS, shape->certainty);
}

static int judge_function(struct audit_facts *facts, struct audit_function *function)
{
	const double *value = function->series[PROFILE_INUSE_SPACE];
	int r = series_shape_find(facts->window.at, value, facts->window.count,
				  &function->shape);

	if (r == 0)
		r = audit_plateau_look(facts, function->series, &function->shape);
	if (r == 0)
		look_at_load(facts, function);
	if (r == 0 && !is_hidden(function) &&
	    (fills_up(facts, function, function->series, &function->shape,
		      &function->doubling) ||
	     grows(facts, function, &function->shape, function->series,
		   function_variance(facts, function)))) {
		function->grows = true;
		function->growth_certainty = function->shape.certainty;
		function->growth_stack = function->largest_stack;
	}
	return r;
}

/* The largest `limit` of those with a growth, by number. */
static size_t pick(const double *growth, size_t count, size_t limit, size_t *ret_picked)
{
	size_t picked = 0;

	for (size_t i = 0; i < count; i++) {
		size_t at = picked;

		if (!(growth[i] > 0))
			continue;
		while (at > 0 && growth[ret_picked[at - 1]] < growth[i])
			at--;
		if (at == limit)
			continue;
		picked += picked < limit;
		for (size_t k = picked - 1; k > at; k--)
			ret_picked[k] = ret_picked[k - 1];
		ret_picked[at] = i;
	}
	return picked;
}

static int judge_functions(struct audit_facts *facts, double *growth)
{
	size_t picked[CANDIDATES], count;
	int r = 0;

	for (size_t i = 0; i < facts->functions_count; i++)
		growth[i] =
			facts->functions[i].series ? facts->functions[i].growth_bytes : 0;
	count = pick(growth, facts->functions_count, CANDIDATES, picked);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = judge_function(facts, &facts->functions[picked[i]]);
	return r;
}

/* A leak beside larger things of the same function: its own stack shows it. */
static int judge_stack(struct audit_facts *facts, size_t stack,
		       struct audit_series *series)
{
	struct audit_function *function =
		&facts->functions[facts->stacks[stack].function];
	const double *value = series->value[PROFILE_INUSE_SPACE];
	struct series_shape shape;
	struct doubling doubling = { 0 };
	int r;

	if (function->stacks < 2 || function->grows ||
	    audit_one_stack_recurs(facts, function, stack))
		return 0;
	audit_facts_stack_series(facts, stack, series);
	r = series_shape_find(facts->window.at, value, facts->window.count, &shape);
	if (r == 0 &&
	    (fills_up(facts, function, series->value, &shape, &doubling) ||
	     (grows(facts, function, &shape, series->value, variance_of(facts, stack)) &&
	      audit_one_stack_tells(facts, function, series)))) {
		function->grows = true;
		function->doubling = doubling;
		function->growth_certainty = shape.certainty;
		function->growth_stack = stack;
		function->shape = shape;
	}
	return r;
}

static int judge_stacks(struct audit_facts *facts, double *growth,
			struct audit_series *series)
{
	size_t picked[CANDIDATES], count;
	int r = 0;

	for (size_t i = 0; i < facts->profile->stacks_count; i++)
		growth[i] = facts->stacks[i].growth_bytes;
	count = pick(growth, facts->profile->stacks_count, CANDIDATES, picked);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = judge_stack(facts, picked[i], series);
	return r;
}

int audit_growth_find(struct audit_facts *facts)
{
	double *growth = calloc(facts->profile->stacks_count + 1, sizeof(*growth));
	struct audit_series *series = malloc(sizeof(*series));
	int r = growth && series ? 0 : -ENOMEM;

	if (r == 0)
		r = judge_functions(facts, growth);
	if (r == 0)
		r = judge_stacks(facts, growth, series);
	if (r == 0)
		r = audit_lows_judge(facts);
	free(growth);
	free(series);
	return r;
}

/* Rates that are less certain must be larger to come first. */
static double badness(const struct audit_function *function)
{
	return function->shape.rate * pow(function->growth_certainty, 2);
}

struct audit_function *audit_growth_worst(const struct audit_facts *facts, bool threads)
{
	struct audit_function *worst = NULL;

	for (size_t i = 0; i < facts->functions_count; i++) {
		struct audit_function *function = &facts->functions[i];

		if (function->grows && function->is_thread_create == threads &&
		    (!worst || badness(function) > badness(worst)))
			worst = function;
	}
	return worst;
}

struct audit_function *audit_growth_largest(const struct audit_facts *facts)
{
	struct audit_function *largest = NULL;

	for (size_t i = 0; i < facts->functions_count; i++)
		if (facts->functions[i].growth_bytes > 0 &&
		    (!largest ||
		     facts->functions[i].growth_bytes > largest->growth_bytes))
			largest = &facts->functions[i];
	return largest;
}
