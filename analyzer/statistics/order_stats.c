/*
 * order_stats - medians and ranks of plain arrays
 */
#include "analyzer/statistics/order_stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void order_stats_sort(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), ascending);
}

double order_stats_quantile_sorted(const double *sorted, size_t count, double part)
{
	double at, low;
	size_t i;

	if (count == 0)
		return 0;
	at = fmin(1, fmax(0, part)) * (double)(count - 1);
	low = floor(at);
	i = (size_t)low;
	if (i + 1 >= count)
		return sorted[count - 1];
	return sorted[i] + (at - low) * (sorted[i + 1] - sorted[i]);
}

double order_stats_median(double *values, size_t count)
{
	order_stats_sort(values, count);
	return order_stats_quantile_sorted(values, count, 0.5);
}

struct ranked {
	double value;
	size_t index;
};

static int by_value(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

int order_stats_ranks(const double *values, size_t count, double *ret_ranks)
{
	struct ranked *ranked = malloc((count + 1) * sizeof(*ranked));
	size_t n;

	if (!ranked)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		ranked[i] = (struct ranked){ values[i], i };
	qsort(ranked, count, sizeof(*ranked), by_value);
	for (size_t i = 0; i < count; i += n) {
		for (n = 1; i + n < count && ranked[i + n].value == ranked[i].value;)
			n++;
		for (size_t k = i; k < i + n; k++)
			ret_ranks[ranked[k].index] = (double)i + ((double)n + 1) / 2;
	}
	free(ranked);
	return 0;
}
