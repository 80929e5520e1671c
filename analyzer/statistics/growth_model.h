/*
 * growth_model - which law a rising series follows
 *
 * Six curves y = a + c x(t) with c >= 0 are fitted by least absolute deviations and
 * compared by Akaike's criterion with the correction for few points (AICc), whose
 * number of points is lowered by what neighbours have in common.
 *
 * Contract
 *   - times rise and values are finite; with fewer than GROWTH_POINTS_MIN points the
 *     answer is GROWTH_CONSTANT with weight 0;
 *   - weights of the six add up to 1; the answer's is the greatest;
 *   - never NaN; the answer does not depend on the units of time and value.
 */
#ifndef ANALYZER_STATISTICS_GROWTH_MODEL_H
#define ANALYZER_STATISTICS_GROWTH_MODEL_H

#include <stddef.h>

#define GROWTH_POINTS_MIN 6u

enum growth_law {
	GROWTH_CONSTANT,
	GROWTH_LINEAR,
	GROWTH_EXPONENTIAL,    /* the rate itself grows */
	GROWTH_SATURATING,     /* slower and slower, towards a level */
	GROWTH_RISE_THEN_FLAT, /* full at some moment */
	GROWTH_FLAT_THEN_RISE, /* begins at some moment */
	GROWTH_LAWS
};

struct growth_model {
	enum growth_law law;
	double weight[GROWTH_LAWS];
	double turn; /* RISE_THEN_FLAT, FLAT_THEN_RISE: when, 0 first point .. 1 last */
	double doubling;  /* EXPONENTIAL: time to double the rate, in the unit of `at` */
	double plateau;   /* SATURATING, RISE_THEN_FLAT: the level */
	double end_slope; /* slope at the last point over the mean slope; 1 linear */
	double error;     /* mean absolute deviation from the curve */
};

/* 0 or -ENOMEM. */
int growth_model_fit(const double *at, const double *value, size_t count,
		     struct growth_model *ret);

#endif
