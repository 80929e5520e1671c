#include "preload/count/sampler.h"

#include <string.h>

#include <heapring/segment.h>

#define LN2 0.6931471805599453094
#define SQRT2 1.4142135623730950488

/* x = m * 2^e with m near 1; ln m = 2 atanh((m-1)/(m+1)), a fast series. */
double sampler_log(double x)
{
	uint64_t bits;
	double m, s, s2, term, sum;
	int e;

	memcpy(&bits, &x, sizeof bits);
	e = (int)(bits >> 52 & 0x7ff) - 1023;
	bits = (bits & 0x000fffffffffffffull) | 0x3ff0000000000000ull;
	memcpy(&m, &bits, sizeof m);
	if (m > SQRT2) {
		m /= 2;
		e++;
	}
	s = (m - 1) / (m + 1);
	s2 = s * s;
	term = s;
	sum = 0;
	for (int k = 1; k < 26; k += 2, term *= s2)
		sum += term / k;
	return 2 * sum + e * LN2;
}

/* The series of 1 - exp(-x), for x below 0.7. */
static double one_minus_exp_small(double x)
{
	double term = x, sum = 0;

	for (int k = 2; k < 18; k++) {
		sum += term;
		term *= -x / k;
	}
	return sum;
}

double sampler_one_minus_exp(double x)
{
	double left = 1;

	if (x < 0.7)
		return one_minus_exp_small(x);
	if (x > 40)
		return 1;
	/* exp(-x) = exp(-x/2^k)^(2^k), with the rest in the series' range */
	for (int halvings = 0; halvings < 7; halvings++, x /= 2) {
		if (x >= 0.7)
			continue;
		left = 1 - one_minus_exp_small(x);
		for (; halvings > 0; halvings--)
			left *= left;
		break;
	}
	return 1 - left;
}

/* xorshift64*: small, and its high bits are good. */
static double uniform(uint64_t *state)
{
	uint64_t x = *state != 0 ? *state : 0x9e3779b97f4a7c15ull;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	/* in (0, 1]: the logarithm of 0 does not exist */
	return (double)((x * 0x2545f4914f6cdd1dull >> 11) + 1) / 9007199254740992.0;
}

int64_t sampler_gap(uint64_t *state, uint64_t rate)
{
	return (int64_t)(-sampler_log(uniform(state)) * (double)rate);
}

struct sampler_weight sampler_weigh(uint64_t size, uint64_t rate)
{
	double z = (double)size;
	double w = 1 / sampler_one_minus_exp((z + 1) / (double)rate);

	return (struct sampler_weight){
		.objects = (uint64_t)(w * HR_OBJECT_UNIT + 0.5),
		.bytes = (uint64_t)(w * z + 0.5),
		.objects_var = w * (w - 1),
		.bytes_var = w * (w - 1) * z * z,
	};
}
