/*
 * survival - how long blocks live, those that still live counted too
 *
 * S(i) = prod over j <= i of (1 - d_j / r_j). d_j died in class j. At risk r_j are those
 * that reached it; of those censored in the class itself half are counted, as if
 * they had left in its middle (the actuarial estimate).
 */
#include "analyzer/statistics/survival.h"

#include <math.h>
#include <string.h>

static double lower_s(unsigned i)
{
	return i == 0 ? 0 : (double)HR_LIFETIME_MS(i - 1) / 1000;
}

static double upper_s(unsigned i)
{
	return (double)HR_LIFETIME_MS(i) / 1000;
}

/* Where the curve crosses a half, by a straight line in the logarithm of age. */
static double median_of(const double *surviving)
{
	double before = 1;

	for (unsigned i = 0; i < HR_LIFETIMES; i++) {
		double from = fmax(lower_s(i), 0.001), share;

		if (surviving[i] > 0.5) {
			before = surviving[i];
			continue;
		}
		share = before > surviving[i] ? (before - 0.5) / (before - surviving[i])
					      : 1;
		return from * pow(upper_s(i) / from, share);
	}
	return -1;
}

void survival_estimate(const uint64_t *freed, const uint64_t *living,
		       struct survival *ret)
{
	double all = 0, dead = 0, left, now = 1;

	memset(ret, 0, sizeof(*ret));
	for (unsigned i = 0; i < HR_LIFETIMES; i++) {
		all += (double)freed[i] + (double)living[i];
		dead += (double)freed[i];
	}
	left = all;
	for (unsigned i = 0; i < HR_LIFETIMES; i++) {
		double risk = left - (double)living[i] / 2;

		if (risk > 0)
			now *= fmax(0, 1 - (double)freed[i] / risk);
		ret->surviving[i] = now;
		left -= (double)freed[i] + (double)living[i];
	}
	ret->freed = all > 0 ? dead / all : 0;
	ret->temporary = all > 0 ? (double)freed[0] / all : 0;
	ret->median_s = all > 0 ? median_of(ret->surviving) : -1;
}

static unsigned class_of(double age_s)
{
	unsigned i = 0;

	while (i + 1 < HR_LIFETIMES && age_s >= upper_s(i))
		i++;
	return i;
}

void survival_living_ages(const double *at, const double *allocated, unsigned long count,
			  double live, uint64_t *ret_living)
{
	double left = live;

	memset(ret_living, 0, HR_LIFETIMES * sizeof(*ret_living));
	for (unsigned long i = count; i-- > 1 && left > 0;) {
		double born = fmin(left, fmax(0, allocated[i] - allocated[i - 1]));
		double age = at[count - 1] - (at[i] + at[i - 1]) / 2;

		ret_living[class_of(age)] += (uint64_t)llround(fmin(born, 9e18));
		left -= born;
	}
	if (left > 0 && count > 0)
		ret_living[class_of(at[count - 1] - at[0])] +=
			(uint64_t)llround(fmin(left, 9e18));
}
