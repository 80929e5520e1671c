/*
 * audit_curves - random series whose truth is known
 */
#include "tests/audit_curves.h"

#include <math.h>

const char *const curve_family_names[CURVE_FAMILIES] = {
	"steady",      "startup",       "churn",         "bursty queue", "leak",
	"leak, noisy", "leak in steps", "leak, startup", "leak, teeth",  "exponential",
	"warming",     "warming, full", "sawtooth",      "restarts",
};

/* splitmix64 */
static uint64_t next(struct curve_random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static double uniform(struct curve_random *random)
{
	return (double)(next(random) >> 11) * 0x1p-53;
}

double curve_normal(struct curve_random *random)
{
	double u = uniform(random) + 0x1p-54;

	return sqrt(-2 * log(u)) * cos(2 * M_PI * uniform(random));
}

static double between(struct curve_random *random, double low, double high)
{
	return low + (high - low) * uniform(random);
}

/* Adds a wander of the given deviation that forgets in so many points. */
static void add_wander(struct curve_random *random, size_t count, double deviation,
		       double memory, double *value)
{
	double keep = memory > 0 ? exp(-1 / memory) : 0, x = curve_normal(random);

	for (size_t i = 0; i < count; i++) {
		value[i] += deviation * x;
		x = keep * x + sqrt(1 - keep * keep) * curve_normal(random);
	}
}

static void add_line(size_t count, double rise, double *value)
{
	for (size_t i = 0; i < count; i++)
		value[i] += rise * (double)i / (double)(count - 1);
}

static void add_level(size_t count, double level, double *value)
{
	for (size_t i = 0; i < count; i++)
		value[i] += level;
}

static void add_startup(struct curve_random *random, size_t count, double level,
			double *value)
{
	double ends = between(random, 0.005, 0.07) * (double)count;

	for (size_t i = 0; i < count; i++)
		value[i] += level * fmin(1, (double)i / ends);
}

static void add_saturating(struct curve_random *random, size_t count, double level,
			   double *value)
{
	double k = between(random, 2, 6);

	for (size_t i = 0; i < count; i++)
		value[i] += level * -expm1(-k * (double)i / (double)(count - 1));
}

static void add_until_full(struct curve_random *random, size_t count, double level,
			   double *value)
{
	double full = between(random, 0.25, 0.85) * (double)count;

	for (size_t i = 0; i < count; i++)
		value[i] += level * fmin(1, (double)i / full);
}

static void add_exponential(struct curve_random *random, size_t count, double top,
			    double *value)
{
	double k = between(random, 3, 9);

	for (size_t i = 0; i < count; i++)
		value[i] += top * expm1(k * (double)i / (double)(count - 1)) / expm1(k);
}

static void add_steps(struct curve_random *random, size_t count, double size,
		      double *value)
{
	double steps = between(random, 8, 40), sum = 0;

	for (size_t i = 0; i < count; i++) {
		sum += uniform(random) < steps / (double)count ? size : 0;
		value[i] += sum;
	}
}

/* kept: what each flush leaves, as a share of the tooth. */
static void add_teeth(struct curve_random *random, size_t count, double height,
		      double period, double kept, double *value)
{
	double phase = uniform(random), floor = 0, length = period;

	for (size_t i = 0; i < count; i++) {
		value[i] += floor + height * phase;
		phase += 1 / length;
		if (phase < 1)
			continue;
		phase -= 1;
		floor += kept * height;
		length = period * between(random, 0.85, 1.15);
	}
}

static void add_queue(struct curve_random *random, size_t count, double bound,
		      double *value)
{
	double length = 0, push = between(random, 0.1, 0.5), drain = push / 2;

	for (size_t i = 0; i < count; i++) {
		length += uniform(random) < 0.45 ? push * uniform(random) : 0;
		length = fmin(1, fmax(0, length - drain * uniform(random)));
		value[i] += bound * length;
	}
}

static void draw_growth(enum curve_family family, struct curve_random *random,
			size_t count, double level, double *value)
{
	double n = (double)count;

	switch (family) {
	case CURVE_LEAK:
		add_line(count, level * between(random, 0.05, 3), value);
		add_wander(random, count, level * 0.002, 1, value);
		break;
	case CURVE_LEAK_NOISY:
		add_line(count, level * between(random, 0.3, 1.5), value);
		add_wander(random, count, level * between(random, 0.01, 0.06),
			   between(random, 0, n / 40), value);
		break;
	case CURVE_LEAK_STEPS:
		add_steps(random, count, level * between(random, 0.05, 1), value);
		break;
	case CURVE_LEAK_STARTUP:
		add_startup(random, count, level * between(random, 1, 10), value);
		add_line(count, level * between(random, 0.2, 1), value);
		break;
	case CURVE_LEAK_TEETH:
		add_teeth(random, count, level, between(random, 5, fmax(6, n / 8)),
			  between(random, 0.15, 0.4), value);
		break;
	case CURVE_EXPONENTIAL:
		add_exponential(random, count, level * between(random, 1, 30), value);
		break;
	default:
		break;
	}
}

static void draw_bounded(enum curve_family family, struct curve_random *random,
			 size_t count, double level, double *value)
{
	double n = (double)count, noise = level * between(random, 0.001, 0.02);

	switch (family) {
	case CURVE_STEADY:
		add_wander(random, count, level * between(random, 0.005, 0.1),
			   between(random, 0, n / 12), value);
		break;
	case CURVE_STARTUP:
		add_startup(random, count, level * between(random, 1, 20), value);
		add_wander(random, count, level * 0.03, between(random, 0, 3), value);
		break;
	case CURVE_CHURN:
		add_wander(random, count, level * between(random, 0.01, 0.3), 0, value);
		break;
	case CURVE_BURSTY_QUEUE:
		add_queue(random, count, level * between(random, 1, 10), value);
		break;
	case CURVE_WARMING:
		add_saturating(random, count, level * between(random, 1, 10), value);
		add_wander(random, count, noise, between(random, 0, 3), value);
		break;
	case CURVE_WARMING_FULL:
		add_until_full(random, count, level * between(random, 1, 10), value);
		add_wander(random, count, noise, between(random, 0, 3), value);
		break;
	case CURVE_SAWTOOTH:
		add_teeth(random, count, level * between(random, 1, 8),
			  between(random, 4, fmax(5, n / 4)), 0, value);
		break;
	case CURVE_RESTARTS:
		add_teeth(random, count, level * between(random, 1, 8),
			  between(random, n / 3.5, n / 2.4), 0, value);
		break;
	default:
		break;
	}
}

void curve_draw(enum curve_family family, struct curve_random *random, size_t count,
		double *at, double *value)
{
	double level = pow(10, between(random, 4, 9));

	for (size_t i = 0; i < count; i++) {
		at[i] = (double)i;
		value[i] = 0;
	}
	add_level(count, level, value);
	draw_growth(family, random, count, level, value);
	draw_bounded(family, random, count, level, value);
	for (size_t i = 0; i < count; i++)
		value[i] = fmax(0, value[i]);
}
