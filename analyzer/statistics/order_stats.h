/*
 * order_stats - medians and ranks of plain arrays
 *
 * Contract
 *   - NaN and infinities are the caller's to keep out (series.h does);
 *   - the functions that say so reorder the array they are given.
 */
#ifndef ANALYZER_STATISTICS_ORDER_STATS_H
#define ANALYZER_STATISTICS_ORDER_STATS_H

#include <stddef.h>

void order_stats_sort(double *values, size_t count);

/* Linear between neighbours; 0 when empty. part: 0 the least .. 1 the greatest. */
double order_stats_quantile_sorted(const double *sorted, size_t count, double part);

/* Reorders. 0 when empty. */
double order_stats_median(double *values, size_t count);

/* Mid-ranks from 1: equal values share the mean of their ranks. 0 or -ENOMEM. */
int order_stats_ranks(const double *values, size_t count, double *ret_ranks);

#endif
