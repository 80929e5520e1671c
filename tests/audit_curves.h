/*
 * audit_curves - random series whose truth is known
 *
 * Each family is one behaviour with random speed, size, noise and length, drawn from
 * a generator with a seed: the same series on every machine.
 */
#ifndef TESTS_AUDIT_CURVES_H
#define TESTS_AUDIT_CURVES_H

#include <stddef.h>
#include <stdint.h>

enum curve_family {
	CURVE_STEADY,       /* a correlated wander around a level */
	CURVE_STARTUP,      /* a quick rise, then that */
	CURVE_CHURN,        /* white noise */
	CURVE_BURSTY_QUEUE, /* bounded, fills and drains at random */
	CURVE_LEAK,         /* a straight line, hardly any noise */
	CURVE_LEAK_NOISY,   /* the same below traffic */
	CURVE_LEAK_STEPS,   /* now and then a large block */
	CURVE_LEAK_STARTUP, /* after a large start */
	CURVE_LEAK_TEETH,   /* each flush leaves something */
	CURVE_EXPONENTIAL,
	CURVE_WARMING,      /* towards a level, exponentially */
	CURVE_WARMING_FULL, /* in a straight line until it is full, then turnover */
	CURVE_SAWTOOTH,
	CURVE_RESTARTS, /* grows, is dropped as a whole, grows: few teeth */
	CURVE_FAMILIES
};

extern const char *const curve_family_names[CURVE_FAMILIES];

#define CURVE_POINTS_MAX 240u

struct curve_random {
	uint64_t state;
};

double curve_normal(struct curve_random *random);

/* at[]: 0, 1, 2, ...; value[]: bytes, 0 or more. */
void curve_draw(enum curve_family family, struct curve_random *random, size_t count,
		double *at, double *value);

#endif
