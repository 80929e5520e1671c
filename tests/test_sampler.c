/*
 * test_sampler - the estimator of docs/sampling.md against known truth
 *
 * Equation numbers are those of docs/sampling.md. The runs are seeded, so the
 * outcome is the same every time; the bounds are the issue's: bias below 0.5 %,
 * the truth inside the 95 % interval in 93 to 97 % of 1,000 runs.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>

#include <heapring/segment.h>

#include "preload/count/sampler.h"

/* One stack with mixed sizes, as the hot path would sample it. */
struct estimate {
	double bytes;
	double objects;
	double bytes_var;
	double objects_var;
};

static void add(struct estimate *e, uint64_t size, uint64_t rate, double sign)
{
	struct sampler_weight w = sampler_weigh(size, rate);

	e->bytes += sign * (double)w.bytes;
	e->objects += sign * (double)w.objects / HR_OBJECT_UNIT;
	e->bytes_var += sign * w.bytes_var;
	e->objects_var += sign * w.objects_var;
}

struct sampler {
	uint64_t state;
	uint64_t rate;
	int64_t until;
};

static void begin(struct sampler *s, uint64_t seed, uint64_t rate)
{
	s->state = seed * 0x9e3779b97f4a7c15ull + 1;
	s->rate = rate;
	for (int i = 0; i < 8; i++)
		s->until = sampler_gap(&s->state, rate);
}

static int sampled(struct sampler *s, uint64_t size)
{
	s->until -= (int64_t)size + 1;
	if (s->until >= 0)
		return 0;
	s->until = sampler_gap(&s->state, s->rate);
	return 1;
}

/* Sizes from 1 B up, spread over so many powers of two, the same for every run. */
static uint64_t size_at(unsigned i, unsigned powers)
{
	return (1ull << (i * 7919u % powers)) + i % 13u;
}

#define OBJECTS 3000u
#define RUNS 1000u

struct outcome {
	double bias;
	unsigned covered;
};

/* freed: how many of each ten blocks are freed again; change: rate of the second half. */
static struct outcome experiment_with(unsigned powers, uint64_t rate, uint64_t change,
				      unsigned freed)
{
	struct outcome o = { 0 };
	double truth = 0, sum = 0;

	for (unsigned i = 0; i < OBJECTS; i++)
		if (i % 10 >= freed)
			truth += (double)size_at(i, powers);
	for (unsigned run = 0; run < RUNS; run++) {
		struct estimate e = { 0 };
		struct sampler s;

		begin(&s, run + 1, rate);
		for (unsigned i = 0; i < OBJECTS; i++) {
			if (i == OBJECTS / 2 && change != 0) {
				s.rate = change;
				s.until = sampler_gap(&s.state, change);
			}
			if (!sampled(&s, size_at(i, powers)))
				continue;
			add(&e, size_at(i, powers), s.rate, 1);
			if (i % 10 < freed)
				add(&e, size_at(i, powers), s.rate, -1);
		}
		sum += e.bytes;
		o.covered += fabs(e.bytes - truth) <= 1.96 * sqrt(e.bytes_var);
	}
	o.bias = (sum / RUNS - truth) / truth;
	return o;
}

/* Up to 1 MiB: few are so large that they are seen every time. */
static struct outcome experiment(uint64_t rate, uint64_t change, unsigned freed)
{
	return experiment_with(21, rate, change, freed);
}

static void expect_good(struct outcome o)
{
	cr_expect(fabs(o.bias) < 0.005, "bias %g", o.bias);
	cr_expect(o.covered >= 930 && o.covered <= 970, "covered %u of 1000", o.covered);
}

Test(sampler, logarithm_is_precise)
{
	for (double x = 1e-300; x < 1e300; x *= 3.7)
		cr_expect(fabs(sampler_log(x) - log(x)) <= 1e-12 * fabs(log(x)) + 1e-15,
			  "ln %g", x);
}

Test(sampler, one_minus_exp_is_precise_where_x_is_tiny_and_large)
{
	for (double x = 1e-18; x < 100; x *= 1.3)
		cr_expect(fabs(sampler_one_minus_exp(x) + expm1(-x)) <=
				  1e-12 * -expm1(-x),
			  "x %g: %.17g, not %.17g", x, sampler_one_minus_exp(x),
			  -expm1(-x));
}

Test(sampler, the_weight_is_one_over_the_probability) /* (1) */
{
	for (uint64_t size = 1; size <= 1ull << 30; size *= 4) {
		double w = 1 / -expm1(-((double)size + 1) / 524288.0);
		struct sampler_weight got = sampler_weigh(size, 524288);

		cr_expect(fabs((double)got.objects / HR_OBJECT_UNIT - w) < 1e-4 * w);
		cr_expect(fabs((double)got.bytes - w * (double)size) <= 0.5 + 1e-9 * w);
	}
}

Test(sampler, gaps_have_the_mean_asked_for)
{
	uint64_t state = 7;
	double sum = 0;

	for (int i = 0; i < 1000000; i++)
		sum += (double)sampler_gap(&state, 4096);
	cr_expect(fabs(sum / 1e6 + 0.5 - 4096) < 4096 * 0.004, "mean %g", sum / 1e6);
}

Test(sampler, a_request_is_sampled_with_its_probability)
{
	struct sampler s;
	unsigned hits = 0;
	double p = -expm1(-101.0 / 4096);

	begin(&s, 3, 4096);
	for (unsigned i = 0; i < 4000000; i++)
		hits += (unsigned)sampled(&s, 100);
	cr_expect(fabs(hits / 4e6 - p) < 0.01 * p, "%g, not %g", hits / 4e6, p);
}

Test(sampler, sums_are_unbiased_and_intervals_cover, .timeout = 120) /* (2), (3) */
{
	expect_good(experiment(65536, 0, 0));
}

/* A block of 1 GiB is known to the byte, and hides no error of those below the rate. */
Test(sampler, sums_are_unbiased_up_to_a_gibibyte, .timeout = 120)
{
	expect_good(experiment_with(31, 524288, 0, 0));
	expect_good(experiment_with(31, 65536, 524288, 3));
}

Test(sampler, frees_subtract_what_was_added, .timeout = 120) /* (4) */
{
	expect_good(experiment(65536, 0, 4));
}

Test(sampler, a_change_of_rate_leaves_no_bias, .timeout = 120) /* (5) */
{
	expect_good(experiment(65536, 16384, 0));
	expect_good(experiment(32768, 131072, 3));
}
