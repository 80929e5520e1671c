/*
 * sampler - which allocations are recorded when sampling, and what each stands for
 *
 * Byte-weighted Poisson sampling: sample points lie on the line of all bytes
 * that a thread allocates, with exponential gaps of mean R bytes. A request of Z
 * bytes covers Z + 1 of them, so that requests for nothing can be seen too. It
 * is recorded when a point falls on it: with probability p = 1 - exp(-(Z+1)/R).
 * Then it stands for w = 1/p objects of Z bytes (Horvitz and Thompson), which
 * makes every sum of weights unbiased; the variance of the sum is estimated
 * without bias by the sum of w (w - 1) Z^2. Derivation: docs/sampling.md.
 *
 * The weight depends on Z and R only, so the free of a block subtracts exactly
 * what its allocation added: the block's site knows R.
 *
 * No libm: the shim must not bring a library into the process.
 */
#ifndef PRELOAD_SAMPLER_H
#define PRELOAD_SAMPLER_H

#include <stdint.h>

/* ln(x), x > 0 and normal; relative error below 1e-12. */
double sampler_log(double x);

/* 1 - exp(-x), x >= 0; relative error below 1e-12 also where x is tiny. */
double sampler_one_minus_exp(double x);

/*
 * Whole bytes before the next sample point: an exponential of mean rate, rounded
 * down. Count it down by Z + 1 a request: the request that takes it below 0 is
 * the one that the point falls on. state is the thread's own generator.
 */
int64_t sampler_gap(uint64_t *state, uint64_t rate);

struct sampler_weight {
	uint64_t objects;   /* in units of 1/HR_OBJECT_UNIT */
	uint64_t bytes;     /* rounded */
	double objects_var; /* w (w - 1) */
	double bytes_var;   /* w (w - 1) Z^2 */
};

struct sampler_weight sampler_weigh(uint64_t size, uint64_t rate);

#endif
