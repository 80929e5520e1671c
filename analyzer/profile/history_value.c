/*
 * history_value - a series between its points
 */
#include "analyzer/profile/history.h"

/* The last point that is not after at_s; 0 when all are. */
static size_t point_before(const struct history *history, double at_s)
{
	size_t low = 0, high = history->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (history->at[middle] <= at_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? low - 1 : 0;
}

double history_value(const struct history *history, const uint64_t *value, double at_s)
{
	size_t i = point_before(history, at_s);
	double span, part;

	if (i + 1 == history->count || at_s <= history->at[i])
		return (double)value[i];
	span = history->at[i + 1] - history->at[i];
	part = span > 0 ? (at_s - history->at[i]) / span : 0;
	return (double)value[i] * (1 - part) + (double)value[i + 1] * part;
}

void history_resample(const struct history *history, const uint64_t *value, double from_s,
		      double to_s, size_t n, double *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = history_value(history, value,
				       from_s + (to_s - from_s) * (double)i /
							(double)(n - 1));
}

size_t history_nearest(const struct history *history, double at_s)
{
	size_t i = point_before(history, at_s);

	if (i + 1 < history->count && history->at[i + 1] - at_s < at_s - history->at[i])
		return i + 1;
	return i;
}
