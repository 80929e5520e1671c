/*
 * series_shape - what kind of curve a row of figures is
 *
 * The judgement that the verdicts stand on, for one series: the live bytes of the
 * process or of one function. Thresholds and their reasons: docs/audit.md.
 *
 * Contract
 *   - times rise; values are finite and not negative;
 *   - SHAPE_SHORT below SHAPE_POINTS_MIN points;
 *   - a start-up (the first tenth) never decides the kind;
 *   - does not depend on the units of time and value; never NaN.
 */
#ifndef ANALYZER_STATISTICS_SERIES_SHAPE_H
#define ANALYZER_STATISTICS_SERIES_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "analyzer/statistics/growth_model.h"
#include "analyzer/statistics/teeth.h"
#include "analyzer/statistics/trend_test.h"

#define SHAPE_POINTS_MIN 4u

enum shape_kind {
	SHAPE_SHORT,
	SHAPE_FLAT,      /* goes up and down, or not at all */
	SHAPE_RISING,    /* and goes on rising at the end */
	SHAPE_LEVELLING, /* rose, and rises less and less or no more */
	SHAPE_TEETH,     /* rises and falls back, again and again */
	SHAPE_FALLING,
};

struct series_shape {
	enum shape_kind kind;
	double since;      /* the time at which the curve begins that was looked at */
	double certainty;  /* 0 .. 1: how far from the thresholds; not yet calibrated */
	size_t points;     /* that were looked at */
	double net;        /* rise of the lower envelope over the window */
	double rate;       /* of a rising series: value per unit of time, at the end */
	double unevenness; /* falls of the envelope over its net rise */
	double end_ratio;  /* rise in the last quarter over a quarter of the rise */
	double bend;       /* the last quarter's rise over that of the third */
	double drawdown;   /* greatest fall below an earlier point */
	size_t increases;  /* points above all before them */
	double level;      /* median of the last tenth */
	double highest;
	double rise_lasts; /* share of the window from a tenth to nine tenths of the rise
			    */
	bool falls_back; /* behind the start it has teeth, and valleys that do not rise */
	struct trend trend;
	struct growth_model model;
	struct teeth teeth;
};

/* 0 or -ENOMEM. */
int series_shape_find(const double *at, const double *value, size_t count,
		      struct series_shape *ret);

/* What so many points leave of a certainty: 1 - exp(-(points - 3) / 10). */
double series_shape_certainty_of(size_t points);

#endif
