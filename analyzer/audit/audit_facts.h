/*
 * audit_facts - what the verdict is drawn from: the process, and each function's part
 *
 * Private to audit_*.c. Stacks are added up by the function to blame, so that a leak
 * that is reached in a hundred ways is one thing.
 *
 * Contract
 *   - series are on the window's grid; those of a function that never changed are NULL;
 *   - the figures of a function are those of the window, live figures of its end;
 *   - without a history the window has two points: the start and now.
 */
#ifndef ANALYZER_AUDIT_AUDIT_FACTS_H
#define ANALYZER_AUDIT_AUDIT_FACTS_H

#include "analyzer/audit/audit_series.h"
#include "analyzer/audit/audit_surroundings.h"
#include "analyzer/statistics/doubling.h"
#include "analyzer/statistics/lows.h"
#include "analyzer/statistics/series_shape.h"
#include "analyzer/statistics/survival.h"
#include "analyzer/views/culprit.h"

/* Of a part's growth, that must show in the whole's: else it takes over from others. */
#define AUDIT_TAKEN_OVER 0.5
/* Deviations of the whole from its curve, that may hide it. */
#define AUDIT_NOISE 3.0

/* One stack's figures in the window. */
struct audit_stack {
	uint32_t function; /* in functions[] */
	double live_bytes, live_objects, growth_bytes;
	double allocs, alloc_bytes, frees;
	double young;      /* of its frees, those within the first class of age */
	double mean_live;  /* objects */
	bool is_temporary; /* nearly all its blocks die at once */
};

struct audit_function {
	const struct symbol *symbol;
	bool is_direct, is_thread_create;
	size_t stacks, largest_stack; /* largest: by growth, else by allocations */
	double largest_weight;
	double live_bytes, live_objects, growth_bytes;
	double allocs, alloc_bytes, frees;
	double temporary_allocs, temporary_bytes;
	double created; /* objects since the start, before the window too */
	uint64_t freed_at_age[HR_LIFETIMES];
	double (*series)[AUDIT_GRID_MAX]; /* by sample; NULL: never changed */
	struct series_shape shape;        /* of live bytes; SHAPE_SHORT: not looked at */
	bool grows;                       /* decided in audit_growth.c */
	double growth_certainty;
	struct doubling doubling; /* 0 steps: that is not why it grows */
	struct lows lows;         /* 0 of them: neither is that */
	bool ebbs;                /* it grows with a load that becomes less */
	size_t growth_stack;      /* the stack that grows, where the whole does not */
};

struct audit_facts {
	const struct profile *profile;
	const struct symbols *symbols;
	const struct audit_surroundings *around; /* never NULL */
	const struct history *history;           /* NULL: none */
	struct audit_window window;
	struct audit_series total;
	struct series_shape shape;  /* of the process's live bytes */
	struct audit_stack *stacks; /* by stack of the profile */
	struct audit_function *functions;
	size_t functions_count;
	uint64_t *scratch[PROFILE_SAMPLES]; /* history->count each */
	struct culprits *culprits;          /* NULL: functions are what they are */
};

/* Needs audit_facts_done() always. 0 or -ENOMEM. */
int audit_facts_gather(const struct profile *profile, const struct symbols *symbols,
		       const struct audit_surroundings *around,
		       struct audit_facts *facts);
void audit_facts_done(struct audit_facts *facts);

/* Into functions once more, after the culprits were told to pass one over; what was
 * found of functions is forgotten. 0 or -ENOMEM. */
int audit_facts_sort_again(struct audit_facts *facts);

/* Seconds of the window, never 0. */
double audit_facts_seconds(const struct audit_facts *facts);

/* The series of one stack, once more. */
void audit_facts_stack_series(const struct audit_facts *facts, size_t stack,
			      struct audit_series *ret);

/* Of a function: how long its blocks live, those that still do counted as such. */
void audit_facts_survival(const struct audit_facts *facts,
			  const struct audit_function *function, struct survival *ret);

#endif
