/*
 * growth_model - which law a rising series follows
 *
 * Time is scaled to 0 .. 1. For a fixed shape (rate k of an exponential, corner b of
 * a hinge) the curve is linear in a and c, so the shapes are scanned and each is
 * fitted by iteratively reweighted least squares, which ends at least absolute
 * deviations: a tooth or a burst must not bend the curve.
 *
 * AICc for errors of Laplace's distribution: 2 n ln(mean |r|) + 2p + 2p(p+1)/(n-p-1).
 * n is not the number of points but n (1-r)/(1+r) with r the lag 1 autocorrelation
 * of the best curve's residuals (docs/audit.md). Residuals below 0.3 % of the range
 * are taken for 0.3 %: a smaller bend is nobody's business.
 */
#include "analyzer/statistics/growth_model.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 8
#define REFINE_ROUNDS 3
#define ERROR_FLOOR 0.003
#define WORTH_MIN 10    /* points, and share of the points, that are always counted: */
#define WORTH_SHARE 0.2 /* a curve that fits badly has correlated residuals too */

static const double rates[] = { 1.2, 1.7, 2.3, 3, 4, 5, 6.5, 8, 10, 13, 17 };
static const double corners[] = { 0.04, 0.08, 0.14, 0.2,  0.27, 0.35, 0.43,
				  0.5,  0.57, 0.65, 0.73, 0.8,  0.86, 0.92 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct curve {
	double a, c, shape, error;
	bool valid;
};

struct fit {
	const double *y;
	size_t count;
	double *t, *x, *residual;
	double range;
	struct curve best[GROWTH_LAWS];
};

static double basis(enum growth_law law, double shape, double t)
{
	switch (law) {
	case GROWTH_LINEAR:
		return t;
	case GROWTH_EXPONENTIAL:
		return expm1(shape * t) / expm1(shape);
	case GROWTH_SATURATING:
		return expm1(-shape * t) / expm1(-shape);
	case GROWTH_RISE_THEN_FLAT:
		return fmin(t, shape);
	case GROWTH_FLAT_THEN_RISE:
		return fmax(0, t - shape);
	default:
		return 0;
	}
}

/* One weighted least squares step; weights are 1/|residual|. */
static void reweigh(const struct fit *fit, double floor, double *a, double *c)
{
	double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0, det;

	for (size_t i = 0; i < fit->count; i++) {
		double x = fit->x[i], y = fit->y[i];
		double weight = 1 / fmax(floor, fabs(y - *a - *c * x));

		w += weight;
		wx += weight * x;
		wy += weight * y;
		wxx += weight * x * x;
		wxy += weight * x * y;
	}
	det = w * wxx - wx * wx;
	*c = det > 1e-12 * w * w ? fmax(0, (w * wxy - wx * wy) / det) : 0;
	*a = (wy - *c * wx) / w;
}

static double mean_error(const struct fit *fit, double a, double c)
{
	double sum = 0;

	for (size_t i = 0; i < fit->count; i++)
		sum += fabs(fit->y[i] - a - c * fit->x[i]);
	return fmax(sum / (double)fit->count, ERROR_FLOOR * fit->range);
}

static void try_shape(struct fit *fit, enum growth_law law, double shape)
{
	struct curve curve = { .shape = shape, .valid = true };
	double floor = 1e12 * fit->range; /* the first round is unweighted */

	for (size_t i = 0; i < fit->count; i++)
		fit->x[i] = basis(law, shape, fit->t[i]);
	for (int round = 0; round < ROUNDS; round++) {
		reweigh(fit, floor, &curve.a, &curve.c);
		floor = 1e-3 * fit->range;
	}
	curve.error = mean_error(fit, curve.a, curve.c);
	if (!fit->best[law].valid || curve.error < fit->best[law].error)
		fit->best[law] = curve;
}

/* Between the best of the scan and its neighbours: a corner that lies between two of the
 * scan's would leave residuals that a smooth curve has not. */
static void refine(struct fit *fit, enum growth_law law, const double *shapes,
		   size_t count)
{
	double best = fit->best[law].shape, below, above;
	size_t i = 0;

	while (i + 1 < count && shapes[i] < best)
		i++;
	below = i > 0 ? best - shapes[i - 1] : 0;
	above = i + 1 < count ? shapes[i + 1] - best : 0;
	for (int round = 0; round < REFINE_ROUNDS; round++) {
		below /= 2;
		above /= 2;
		best = fit->best[law].shape;
		try_shape(fit, law, best - below);
		try_shape(fit, law, best + above);
	}
}

static void scan(struct fit *fit, enum growth_law law, const double *shapes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		try_shape(fit, law, shapes[i]);
	refine(fit, law, shapes, count);
}

static void try_all(struct fit *fit)
{
	try_shape(fit, GROWTH_CONSTANT, 0);
	try_shape(fit, GROWTH_LINEAR, 0);
	scan(fit, GROWTH_EXPONENTIAL, rates, COUNT(rates));
	scan(fit, GROWTH_SATURATING, rates, COUNT(rates));
	scan(fit, GROWTH_RISE_THEN_FLAT, corners, COUNT(corners));
	scan(fit, GROWTH_FLAT_THEN_RISE, corners, COUNT(corners));
}

/* Points that would say as much if they were independent. */
static double points_worth(struct fit *fit, enum growth_law law)
{
	const struct curve *curve = &fit->best[law];
	double c0 = 0, c1 = 0, mean = 0, r, n = (double)fit->count;

	for (size_t i = 0; i < fit->count; i++) {
		fit->residual[i] = fit->y[i] - curve->a -
				   curve->c * basis(law, curve->shape, fit->t[i]);
		mean += fit->residual[i] / n;
	}
	for (size_t i = 0; i < fit->count; i++) {
		double here = fit->residual[i] - mean;

		c0 += here * here;
		c1 += i > 0 ? here * (fit->residual[i - 1] - mean) : 0;
	}
	r = c0 > n * pow(ERROR_FLOOR * fit->range, 2) ? fmax(0, fmin(0.95, c1 / c0)) : 0;
	return fmax(fmin(n, WORTH_MIN), n * fmax(WORTH_SHARE, (1 - r) / (1 + r)));
}

static double criterion(const struct curve *curve, enum growth_law law, double n)
{
	double p = law == GROWTH_CONSTANT ? 2 : law == GROWTH_LINEAR ? 3 : 4;

	return 2 * n * log(curve->error) + 2 * p + 2 * p * (p + 1) / fmax(1, n - p - 1);
}

static void weigh(struct fit *fit, struct growth_model *model)
{
	double worth, least = INFINITY, sum = 0, value[GROWTH_LAWS];
	enum growth_law closest = GROWTH_CONSTANT;

	for (int law = 0; law < GROWTH_LAWS; law++)
		if (fit->best[law].error < fit->best[closest].error)
			closest = (enum growth_law)law;
	worth = points_worth(fit, closest);
	for (int law = 0; law < GROWTH_LAWS; law++) {
		value[law] = criterion(&fit->best[law], (enum growth_law)law, worth);
		if (value[law] < least) {
			least = value[law];
			model->law = (enum growth_law)law;
		}
	}
	for (int law = 0; law < GROWTH_LAWS; law++)
		sum += model->weight[law] = exp((least - value[law]) / 2);
	for (int law = 0; law < GROWTH_LAWS; law++)
		model->weight[law] /= sum;
}

static void describe(const struct fit *fit, double span, struct growth_model *model)
{
	const struct curve *curve = &fit->best[model->law];
	double k = curve->shape;

	model->error = curve->error;
	model->end_slope = model->law == GROWTH_CONSTANT ? 0 : 1;
	switch (model->law) {
	case GROWTH_EXPONENTIAL:
		model->doubling = span * M_LN2 / k;
		model->end_slope = k * exp(k) / expm1(k);
		break;
	case GROWTH_SATURATING:
		model->plateau = curve->a - curve->c / expm1(-k);
		model->end_slope = k * exp(-k) / -expm1(-k);
		break;
	case GROWTH_RISE_THEN_FLAT:
		model->plateau = curve->a + curve->c * k;
		model->turn = k;
		model->end_slope = 0;
		break;
	case GROWTH_FLAT_THEN_RISE:
		model->turn = k;
		model->end_slope = 1 / (1 - k);
		break;
	default:
		break;
	}
}

int growth_model_fit(const double *at, const double *value, size_t count,
		     struct growth_model *ret)
{
	struct growth_model model = { .law = GROWTH_CONSTANT };
	struct fit fit = { .y = value, .count = count };
	double span = count ? at[count - 1] - at[0] : 0, low = INFINITY, high = -INFINITY;
	double *room;

	*ret = model;
	for (size_t i = 0; i < count; i++) {
		low = fmin(low, value[i]);
		high = fmax(high, value[i]);
	}
	if (count < GROWTH_POINTS_MIN || !(span > 0))
		return 0;
	model.weight[GROWTH_CONSTANT] = 1;
	fit.range = high - low;
	if (fit.range > 0 && isfinite(fit.range)) {
		room = malloc(3 * count * sizeof(*room));
		if (!room)
			return -ENOMEM;
		fit.t = room;
		fit.x = room + count;
		fit.residual = room + 2 * count;
		for (size_t i = 0; i < count; i++)
			fit.t[i] = (at[i] - at[0]) / span;
		try_all(&fit);
		weigh(&fit, &model);
		describe(&fit, span, &model);
		free(room);
	}
	*ret = model;
	return 0;
}
