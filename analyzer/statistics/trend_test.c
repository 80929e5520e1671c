/*
 * trend_test - does a series rise or fall, and how fast
 *
 * S counts pairs that rise minus pairs that fall. Its variance without ties is
 * n(n-1)(2n+5)/18. Neighbouring points of a heap's size are alike, which makes S
 * vary more: Hamed and Rao's factor 1 + 2/(n(n-1)(n-2)) sum (n-i)(n-i-1)(n-i-2) r(i)
 * over the autocorrelations r(i) of the detrended ranks that are significant.
 * Only positive ones are used: an alternating series is not better evidence.
 */
#include "analyzer/statistics/trend_test.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/statistics/order_stats.h"

#define Z_95 1.959964

/* Also the slopes of all pairs of different times; returns how many. */
static size_t count_pairs(const double *at, const double *value, size_t count,
			  double *slopes, double *ret_s)
{
	size_t made = 0;

	*ret_s = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1; k < count; k++) {
			double rise = value[k] - value[i], run = at[k] - at[i];

			*ret_s += (rise > 0) - (rise < 0);
			if (run > 0)
				slopes[made++] = rise / run;
		}
	return made;
}

static double tie_term(double n)
{
	return n * (n - 1) * (2 * n + 5);
}

/* sorted: the values in order. */
static double variance_of_s(const double *sorted, size_t count)
{
	double sum = tie_term((double)count);
	size_t n;

	for (size_t i = 0; i < count; i += n) {
		for (n = 1; i + n < count && sorted[i + n] == sorted[i];)
			n++;
		sum -= n > 1 ? tie_term((double)n) : 0;
	}
	return sum / 18;
}

/* Hamed and Rao's factor, at least 1. ranks: of the detrended values. */
static double stretch_of(const double *ranks, size_t count)
{
	double n = (double)count, mean = (n + 1) / 2, c0 = 0, sum = 0;

	for (size_t i = 0; i < count; i++)
		c0 += (ranks[i] - mean) * (ranks[i] - mean);
	if (c0 <= 0 || count < 4)
		return 1;
	for (size_t lag = 1; lag + 2 < count; lag++) {
		double c = 0, k = (double)lag;

		for (size_t i = 0; i + lag < count; i++)
			c += (ranks[i] - mean) * (ranks[i + lag] - mean);
		if (c / c0 > Z_95 / sqrt(n))
			sum += (n - k) * (n - k - 1) * (n - k - 2) * c / c0;
	}
	return 1 + 2 * sum / (n * (n - 1) * (n - 2));
}

/* scratch: 2 * count. */
static int find_stretch(const double *at, const double *value, size_t count,
			double *scratch, struct trend *trend)
{
	double scale = 0;
	int r;

	for (size_t i = 0; i < count; i++) {
		scratch[i] = value[i] - trend->slope * at[i];
		scale = fmax(scale, fabs(value[i]));
	}
	/* what is left of a straight line is rounding: it has no autocorrelation */
	for (size_t i = 0; i < count; i++)
		scratch[i] = scale > 0 ? round(scratch[i] / scale * 1e9) : 0;
	r = order_stats_ranks(scratch, count, scratch + count);
	if (r == 0)
		trend->stretch = stretch_of(scratch + count, count);
	return r;
}

static void fill_in(struct trend *trend, const double *slopes, size_t pairs, double s,
		    double variance)
{
	double z = s == 0 ? 0 : (fabs(s) - 1) / sqrt(variance);
	double reach = Z_95 * sqrt(variance), all = (double)pairs;

	trend->p = erfc(z / M_SQRT2);
	trend->low = order_stats_quantile_sorted(slopes, pairs,
						 (all - reach) / 2 / fmax(1, all - 1));
	trend->high = order_stats_quantile_sorted(
		slopes, pairs, ((all + reach) / 2 + 1) / fmax(1, all - 1));
}

int trend_test(const double *at, const double *value, size_t count, struct trend *ret)
{
	struct trend trend = { .p = 1, .stretch = 1 };
	double *slopes, *scratch, s, variance;
	size_t pairs;
	int r = -ENOMEM;

	*ret = trend;
	if (count < 3)
		return 0;
	slopes = malloc(count * (count - 1) / 2 * sizeof(*slopes));
	scratch = malloc(2 * count * sizeof(*scratch));
	if (slopes && scratch) {
		pairs = count_pairs(at, value, count, slopes, &s);
		trend.slope = order_stats_median(slopes, pairs);
		r = find_stretch(at, value, count, scratch, &trend);
		memcpy(scratch, value, count * sizeof(*scratch));
		order_stats_sort(scratch, count);
		variance = variance_of_s(scratch, count) * trend.stretch;
		trend.tau = s / ((double)count * (double)(count - 1) / 2);
		if (variance > 0)
			fill_in(&trend, slopes, pairs, s, variance);
		for (size_t i = 0; i < count; i++)
			scratch[i] = value[i] - trend.slope * at[i];
		trend.middle = order_stats_median(scratch, count);
	}
	free(slopes);
	free(scratch);
	if (r == 0)
		*ret = trend;
	return r;
}
