/*
 * trend_test - does a series rise or fall, and how fast
 *
 * Mann-Kendall's test with the corrections for ties (Kendall 1975) and for
 * autocorrelation (Hamed and Rao 1998), and the slope of Theil (1950) and
 * Sen (1968) with its confidence interval from the same variance. Neither assumes a
 * distribution; up to 29 % of the points may be arbitrarily wrong. Derivation:
 * docs/audit.md.
 *
 * Contract
 *   - times rise; values are finite; with fewer than 3 points or one value only,
 *     p is 1 and the slope 0;
 *   - never NaN, whatever finite values come;
 *   - time and memory are quadratic: thin long series first.
 */
#ifndef ANALYZER_STATISTICS_TREND_TEST_H
#define ANALYZER_STATISTICS_TREND_TEST_H

#include <stddef.h>

struct trend {
	double tau;       /* Kendall's: -1 always falls .. 1 always rises */
	double p;         /* two-sided: chance of a tau like that without a trend */
	double slope;     /* value per unit of time */
	double low, high; /* 95 % interval of the slope */
	double middle;    /* value of the line at time 0 */
	double stretch;   /* the variance is so many times that of independent points */
};

/* 0 or -ENOMEM. */
int trend_test(const double *at, const double *value, size_t count, struct trend *ret);

#endif
