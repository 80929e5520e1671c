/*
 * audit_decision - one verdict from all that was found
 *
 * Precedence: threads that never end (they leak memory too), then leaks, then
 * memory that is held though it was freed, then teeth, then a rise that ends, then
 * churn; what is none of these is steady. A leak below a storm is a leak: the storm
 * will not kill the process.
 */
#include "analyzer/audit/audit_decision.h"

#include <math.h>
#include <string.h>

#include "analyzer/audit/audit_callers.h"
#include "analyzer/audit/audit_growth.h"
#include "analyzer/audit/audit_held.h"
#include "analyzer/audit/audit_interpreter.h"
#include "analyzer/audit/audit_load.h"
#include "analyzer/audit/audit_owner.h"
#include "analyzer/audit/audit_pattern.h"
#include "analyzer/audit/audit_release.h"

#define THREADS_MIN 3.0
#define THREADS_SHARE 0.1 /* of all that were created; else most are given back */
#define TOTAL_ONLY 0.7    /* confidence when no single function shows it */
#define UNSEEN 0.5        /* confidence where most blocks cannot be seen */
#define LOST 0.45 /* ... where slices were merged, or what is resident is not known */
#define TOTAL_PART 0.01  /* of what it holds, at least */
#define NOT_FULL_YET 0.6 /* confidence where it may be a cache that fills */
#define BENDS 0.9        /* ... or its curve, by this weight of the law */
#define BENDS_SHARPLY 0.5
#define NONE_FREED 0.95     /* ... or anything else that has a limit */
#define SILENT 0.5          /* ... or that is full, since nothing is allocated any more */
#define SILENT_SHARE 0.15   /* of the work before */
#define THREADS_FEW 8.0     /* that are judged by their counts */
#define THREADS_SPAN 0.4    /* of the run, that they were created in */
#define THREADS_GAPS 3.0    /* since the last one */
#define TEETH_BYTES 16384.0 /* height */
#define TEETH_SHARE_OWN 0.1 /* of the highest live bytes, by one function */
#define TEETH_SHARE_LIBRARY 0.3
#define OLD_SHARE 0.2 /* of a tooth's blocks must live a good part of a slice */
#define ONE_BLOCK 2.0 /* the old one while it is copied */
#define ONE_GROWS 0.75
#define WARM_BYTES 8192.0
#define WARM_SHARE 0.1  /* of the level that was reached */
#define WARM_LASTS 0.25 /* of the window; a shorter rise is the start-up's */
#define WARM_OVER_STORM (1 << 20)
#define STORM_OVER_WARM 0.5  /* a rise that lasts shorter is not the story of a storm */
#define DOUBLINGS 2.0        /* within the window, to call a growth exponential */
#define LINE_MAX_WEIGHT 1e-3 /* of a line, whenever it began, beside a staircase */

/* What a few slices can tell at most; 10 slices: 0.63. */
static double by_slices(size_t slices, double scale)
{
	return slices > 1 ? 1 - exp(-((double)slices - 1) / scale) : 0.05;
}

static void blame(struct audit_decision *decision, enum audit_verdict verdict,
		  const struct audit_function *function, double confidence)
{
	decision->verdict = verdict;
	decision->function = decision->grown = function;
	decision->stack = function ? function->largest_stack : AUDIT_NO_STACK;
	decision->confidence = fmin(0.99, fmax(0.01, confidence));
}

/*
 * A line that began late fits an exponential well. It is told by what the quarters bring:
 * an exponential of d doublings 2^(d/4) times as much in the last as in the one before, a
 * line as much in both. In a staircase quarters tell little, but there such a line itself
 * fits much worse.
 */
static bool is_exponential(const struct audit_facts *facts,
			   const struct series_shape *shape)
{
	double doublings = audit_facts_seconds(facts) / shape->model.doubling;
	double line = shape->model.weight[GROWTH_LINEAR] +
		      shape->model.weight[GROWTH_FLAT_THEN_RISE];

	return shape->model.law == GROWTH_EXPONENTIAL && doublings >= DOUBLINGS &&
	       (shape->bend == 0 || shape->bend >= pow(2, doublings / 8) ||
		line < LINE_MAX_WEIGHT);
}

enum audit_growth audit_decision_growth(const struct audit_facts *facts,
					const struct series_shape *shape)
{
	if (shape->kind == SHAPE_LEVELLING)
		return AUDIT_GROWTH_PLATEAU;
	if (shape->kind != SHAPE_RISING)
		return AUDIT_GROWTH_NONE;
	return is_exponential(facts, shape) ? AUDIT_GROWTH_EXPONENTIAL
					    : AUDIT_GROWTH_LINEAR;
}

static void grows(struct audit_facts *facts, struct audit_decision *decision,
		  const struct series_shape *shape)
{
	decision->shape = shape;
	decision->growth = audit_decision_growth(facts, shape);
	decision->rate_bytes_per_s = shape->rate;
}

/*
 * A program that allocates little has few slices, too few to see its threads' blocks
 * grow. But when the first thread was created
 * and when the last is known, and that none of them ended.
 */
static bool threads_pile_up(struct audit_facts *facts, struct audit_decision *decision)
{
	const struct audit_churn *churn = &decision->churn;
	double alive = churn->threads_created - churn->threads_ended;
	double span = churn->threads_last_s - churn->threads_first_s;
	double gap = span / fmax(1, churn->threads_created - 1);

	if (!churn->creator || alive < THREADS_FEW ||
	    alive < (1 - THREADS_SHARE) * churn->threads_created ||
	    span < THREADS_SPAN * churn->ran_s ||
	    churn->ran_s - churn->threads_last_s > THREADS_GAPS * gap)
		return false;
	blame(decision, AUDIT_THREAD_LEAK, churn->creator, by_slices((size_t)alive, 15));
	decision->growth = AUDIT_GROWTH_LINEAR;
	decision->rate_bytes_per_s = churn->creator->growth_bytes / churn->ran_s;
	decision->threads_per_s = 1 / gap;
	return true;
}

static bool is_thread_leak(struct audit_facts *facts, struct audit_decision *decision)
{
	const struct audit_function *function = audit_growth_worst(facts, true);
	const double *objects;
	size_t last = facts->window.count - 1;

	if (!function)
		return threads_pile_up(facts, decision);
	objects = function->series[PROFILE_INUSE_OBJECTS];
	if (objects[last] - objects[last / 10] <
	    fmax(THREADS_MIN, THREADS_SHARE * decision->churn.threads_created))
		return false;
	blame(decision, AUDIT_THREAD_LEAK, function, function->growth_certainty);
	decision->threads_per_s =
		(objects[last] - objects[last / 10]) /
		fmax(1e-3, facts->window.at[last] - facts->window.at[last / 10]);
	grows(facts, decision, &function->shape);
	return true;
}

/* The process grows though no function alone stands out: by more than what the sizes of
 * its blocks happen to be. */
static bool is_diffuse_leak(struct audit_facts *facts, struct audit_decision *decision)
{
	const struct audit_function *function = audit_growth_largest(facts);

	if (facts->shape.kind != SHAPE_RISING || !function ||
	    facts->shape.net < fmax(TEETH_BYTES, TOTAL_PART * facts->shape.highest) ||
	    function->shape.kind == SHAPE_LEVELLING ||
	    audit_load_follows(facts, facts->total.value[PROFILE_ALLOC_OBJECTS],
			       facts->total.value[PROFILE_INUSE_OBJECTS]))
		return false;
	blame(decision, AUDIT_LEAK, function, TOTAL_ONLY * facts->shape.certainty);
	grows(facts, decision, &facts->shape);
	return true;
}

/* Not enough to level off, but no straight line explains it. */
static bool bends_already(const struct series_shape *shape)
{
	const struct growth_model *model = &shape->model;

	return (model->law == GROWTH_SATURATING &&
		model->weight[GROWTH_SATURATING] >= BENDS) ||
	       (model->law == GROWTH_RISE_THEN_FLAT &&
		model->weight[GROWTH_RISE_THEN_FLAT] >= BENDS_SHARPLY);
}

/*
 * Until something that has a limit reaches it, its figures are those of a leak. Only
 * the name says that it may have one.
 */
static double doubt(const struct audit_facts *facts,
		    const struct audit_function *function)
{
	double most = 1;

	if (audit_pattern_may_be_filling(facts, function, function->growth_stack) ||
	    bends_already(&function->shape))
		most = NOT_FULL_YET;
	else if (audit_pattern_nothing_freed(function))
		most = NONE_FREED;
	/* a container is silent until it is full again */
	return !function->doubling.steps &&
			       audit_window_fell_silent(&facts->window, SILENT_SHARE)
		       ? SILENT * most
		       : most;
}

static bool is_leak(struct audit_facts *facts, struct audit_decision *decision)
{
	const struct audit_function *function = audit_growth_worst(facts, false);
	const struct audit_function *owner;

	if (!function)
		return is_diffuse_leak(facts, decision);
	owner = audit_owner_of(facts, function);
	if (!owner)
		owner = audit_release_maker(facts, function, function->growth_stack);
	if (!owner)
		owner = function;
	blame(decision, AUDIT_LEAK, owner,
	      fmin(function->growth_certainty, doubt(facts, function)));
	decision->grown = function;
	decision->stack = owner->growth_stack;
	grows(facts, decision, &function->shape);
	return true;
}

/* Resident memory that no live block needs, for as long as is known. */
static bool is_fragmentation(struct audit_facts *facts, struct audit_decision *decision)
{
	const struct audit_function *keeper = audit_held_keeper(facts);

	if (!audit_held_find(facts, &decision->held_bytes, &decision->held_beside) ||
	    !audit_held_is_much(facts, decision->held_bytes, decision->held_beside))
		return false;
	blame(decision, AUDIT_FRAGMENTATION, keeper,
	      by_slices(facts->history ? facts->history->count : 2, 6) *
		      audit_held_certainty(decision->held_bytes, decision->held_beside));
	return true;
}

/* Little's law: what is live over what is allocated in a time. */
static double mean_life_of_bytes(const struct audit_facts *facts,
				 const struct audit_function *function)
{
	const double *live = function->series[PROFILE_INUSE_SPACE];
	double mean = 0;

	for (size_t i = 0; i < facts->window.count; i++)
		mean += live[i] / (double)facts->window.count;
	return mean * audit_facts_seconds(facts) / fmax(1, function->alloc_bytes);
}

/*
 * One block that is made larger again and again is a new one each time, which does not
 * live long. A temporary one would be as large as its teeth every time; of one that grows
 * the mean is half of that.
 */
static bool is_one_that_grows(const struct audit_facts *facts,
			      const struct audit_function *function)
{
	double blocks = 0, high = 0;

	for (size_t i = 0; i < facts->window.count; i++) {
		blocks = fmax(blocks, function->series[PROFILE_INUSE_OBJECTS][i]);
		high = fmax(high, function->series[PROFILE_INUSE_SPACE][i]);
	}
	return blocks <= ONE_BLOCK &&
	       function->alloc_bytes < ONE_GROWS * high * function->allocs;
}

/*
 * Of the function's blocks, those that lived a quarter of a slice. A class of ages that
 * lies on both sides of that counts only where the mean life is as long: work that comes
 * and goes within a slice leaves a remainder at its end, more or less by chance, and a
 * tooth of those remainders is the beat of the slices.
 */
static double share_of_old(const struct audit_facts *facts,
			   const struct audit_function *function, double slice)
{
	bool long_mean = mean_life_of_bytes(facts, function) >= slice / 4;
	double old = 0, all = 0;

	for (unsigned i = 0; i < HR_LIFETIMES; i++) {
		double count = (double)function->freed_at_age[i];
		unsigned edge = long_mean ? i : i - 1;

		all += count;
		if ((long_mean || i > 0) &&
		    (double)HR_LIFETIME_MS(edge) / 1000 >= slice / 4)
			old += count;
	}
	return all > 0 ? old / all : 1;
}

/*
 * Blocks that live much shorter than a slice make no teeth that slices could show. A few
 * that live long among many that do not (a text and the pieces that it is made of) do
 * where they hold the bytes.
 */
static bool lives_long_enough(const struct audit_facts *facts,
			      const struct audit_function *function)
{
	double slice = audit_facts_seconds(facts) / (double)facts->window.count;

	return share_of_old(facts, function, slice) >= OLD_SHARE ||
	       mean_life_of_bytes(facts, function) >= slice ||
	       is_one_that_grows(facts, function);
}

static double swing(const struct audit_facts *facts, const double *value)
{
	double low = value[facts->window.count - 1], high = low;

	for (size_t i = facts->window.count / 10; i < facts->window.count; i++) {
		low = fmin(low, value[i]);
		high = fmax(high, value[i]);
	}
	return high - low;
}

/* Of the functions that swing far enough, the one with the highest teeth. */
static int find_teeth(struct audit_facts *facts, struct audit_function **ret_function)
{
	double best = 0;
	int r = 0;

	*ret_function = NULL;
	for (size_t i = 0; r == 0 && i < facts->functions_count; i++) {
		struct audit_function *function = &facts->functions[i];
		const double *value;
		double far;

		if (!function->series)
			continue;
		value = function->series[PROFILE_INUSE_SPACE];
		far = swing(facts, value);
		if (far <= best || far < TEETH_BYTES ||
		    !lives_long_enough(facts, function))
			continue;
		r = series_shape_find(facts->window.at, value, facts->window.count,
				      &function->shape);
		if (function->shape.kind != SHAPE_TEETH)
			continue;
		best = far;
		*ret_function = function;
	}
	return r;
}

static int look_for_teeth(struct audit_facts *facts, struct audit_decision *decision,
			  bool *ret_found)
{
	const struct series_shape *shape = &facts->shape;
	struct audit_function *function;
	int r = find_teeth(facts, &function);

	*ret_found = false;
	if (r < 0 || !function)
		return r;
	if (shape->kind != SHAPE_TEETH || shape->teeth.height < TEETH_BYTES) {
		shape = &function->shape;
		if (shape->teeth.height <
		    facts->shape.highest *
			    (function->is_direct ? TEETH_SHARE_OWN : TEETH_SHARE_LIBRARY))
			return 0;
	}
	blame(decision, AUDIT_SAWTOOTH, function, shape->certainty);
	decision->shape = shape;
	*ret_found = true;
	return 0;
}

static bool is_warming(struct audit_facts *facts, struct audit_decision *decision)
{
	const struct series_shape *shape = &facts->shape;
	bool storms = decision->churn.score >= 1;
	double bytes = storms ? WARM_OVER_STORM : WARM_BYTES;
	double lasts = storms ? STORM_OVER_WARM : WARM_LASTS;

	if (shape->kind != SHAPE_LEVELLING || shape->net < bytes ||
	    shape->rise_lasts < lasts || shape->net < WARM_SHARE * shape->level)
		return false;
	blame(decision, AUDIT_WARMING, audit_growth_largest(facts), shape->certainty);
	grows(facts, decision, shape);
	return true;
}

static bool is_storm(struct audit_facts *facts, struct audit_decision *decision)
{
	const struct audit_churn *churn = &decision->churn;
	double score = churn->score;

	const struct audit_function *function = churn->function;

	if (churn->unbatched && score < 1) {
		score = 1;
		function = churn->unbatched;
	}
	if (churn->threads) {
		score = fmax(score, churn->threads_per_s / AUDIT_THREADS_PER_S);
		function = churn->threads;
	}
	if (score < 1)
		return false;
	blame(decision, AUDIT_STORM, function,
	      by_slices(facts->window.count, 5) * fmin(1, 0.6 + 0.2 * log2(score)));
	if (function == churn->unbatched && score <= 1)
		decision->stack = churn->unbatched_stack;
	return true;
}

size_t audit_watched(const struct audit_facts *facts)
{
	const struct history *history = facts->history;
	double all = 0;

	if (history && history->kept && !history->damaged && history->interval_s > 0)
		all = (history->at[history->count - 1] - history->at[0]) /
		      history->interval_s;
	return (size_t)fmax((double)facts->shape.points, all);
}

/* That nothing grows is said of what is seen; of an interpreter that is the smaller part.
 */
static void doubt_what_is_not_seen(const struct audit_facts *facts,
				   struct audit_decision *decision)
{
	if (audit_interpreter_hides(facts))
		decision->confidence = fmin(decision->confidence, UNSEEN);
	if (facts->history && audit_window_lost_slices(facts->history, &facts->window))
		decision->confidence = fmin(decision->confidence, LOST);
}

static void is_steady(struct audit_facts *facts, struct audit_decision *decision)
{
	const struct series_shape *shape = &facts->shape;
	double doubt =
		shape->kind == SHAPE_RISING || shape->kind == SHAPE_LEVELLING ? 0.8 : 1;

	blame(decision, AUDIT_STEADY, NULL,
	      fmax(doubt * shape->certainty,
		   0.6 * doubt * by_slices(audit_watched(facts), 10)));
	if (audit_held_may_be_much(facts))
		decision->confidence = fmin(decision->confidence, LOST);
	decision->shape = shape;
	decision->rate_bytes_per_s = shape->trend.p < 0.05 ? shape->trend.slope : 0;
	if (shape->kind == SHAPE_LEVELLING)
		decision->growth = AUDIT_GROWTH_PLATEAU;
}

/* Of a leak, the others' too. */
static double rate_of_all(const struct audit_facts *facts,
			  const struct audit_decision *decision)
{
	double rate = decision->rate_bytes_per_s;

	for (size_t i = 0; decision->verdict == AUDIT_LEAK && i < facts->functions_count;
	     i++)
		if (facts->functions[i].grows && &facts->functions[i] != decision->grown)
			rate += facts->functions[i].shape.rate;
	return rate;
}

static int decide(struct audit_facts *facts, struct audit_decision *ret)
{
	bool found = false;
	int r;

	audit_churn_find(facts, &ret->churn);
	if (is_thread_leak(facts, ret) || is_leak(facts, ret) ||
	    is_fragmentation(facts, ret))
		return 0;
	r = look_for_teeth(facts, ret, &found);
	if (r < 0)
		return r;
	if (!found && !is_warming(facts, ret) && !is_storm(facts, ret))
		is_steady(facts, ret);
	if (ret->verdict != AUDIT_STORM)
		doubt_what_is_not_seen(facts, ret);
	return 0;
}

int audit_decide(struct audit_facts *facts, struct audit_decision *ret)
{
	int r = audit_callers_find(facts);

	memset(ret, 0, sizeof(*ret));
	ret->held_bytes = -1;
	ret->stack = AUDIT_NO_STACK;
	if (r == 0)
		r = decide(facts, ret);
	ret->all_bytes_per_s = rate_of_all(facts, ret);
	return r;
}
