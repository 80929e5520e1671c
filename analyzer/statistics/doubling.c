/*
 * doubling - what fills a container whose room is multiplied when it is full
 *
 * While it is copied, the old room and the new one live both: a slice may catch that.
 * So the series is looked at from the end, as the least of what is still to come.
 */
#include "analyzer/statistics/doubling.h"

#include <math.h>
#include <string.h>

#define STEPS_KEPT 6u /* the last ones; earlier ones are the start-up's */
#define STEP_MIN 0.02 /* of the range: what is less is no step */
#define FACTOR_MIN 1.2
#define FACTOR_SPREAD 1.15 /* from one step to the next */
#define SPEED_SPREAD 1.6
#define STEPS_SHARE 0.9 /* of the rise from the first step on is in steps */
#define OVERDUE 1.3     /* of the time that the line says */
#define RESTLESS                                                                         \
	0.25 /* of a step: a point so far above the envelope does not stand still */
#define RESTLESS_SHARE 0.25 /* of the points */
#define STEPS_SCALE 2.0     /* certainty = 1 - exp(-(steps - 1) / scale) */
#define ENTRIES_MIN 8.0     /* between two steps */
#define ENTRIES_SPREAD 1.3  /* of their growth from one step to the next */
#define STAND_SHARE 0.5     /* of what should have come since */
#define STAND_LASTS 0.25    /* of the time between the last two steps */

struct steps {
	size_t count;
	double at[STEPS_KEPT], height[STEPS_KEPT]; /* the latest first */
	double begin; /* of the last one found, while it may have a rest */
};

static void add_step(struct steps *steps, double from, double to, double height)
{
	steps->at[steps->count] = (from + to) / 2;
	steps->height[steps->count++] = height;
	steps->begin = from;
}

/* A step that lies between two points of the grid is two falls side by side. */
static bool add_rest(struct steps *steps, double to, double height)
{
	if (steps->count == 0 || steps->begin != to || !(height > 0))
		return false;
	steps->at[steps->count - 1] = to;
	steps->height[steps->count - 1] += height;
	steps->begin = INFINITY;
	return true;
}

/* From the end towards the start: the value can only fall. */
static void find_steps(const double *at, const double *value, size_t count,
		       struct steps *steps, double *ret_level)
{
	double low = value[0], high = value[0], level = value[count - 1];

	for (size_t i = 1; i < count; i++) {
		low = fmin(low, value[i]);
		high = fmax(high, value[i]);
	}
	for (size_t i = count - 1; i > 0 && steps->count < STEPS_KEPT; i--) {
		double before = fmin(level, value[i - 1]);

		if (!add_rest(steps, at[i], level - before) &&
		    level - before > STEP_MIN * (high - low))
			add_step(steps, at[i - 1], at[i], level - before);
		level = before;
	}
	*ret_level = level;
}

static bool are_alike(double a, double b, double spread)
{
	return a > 0 && b > 0 && a < spread * b && b < spread * a;
}

/* What was put in between a step and the next, by time. */
static double speed(const struct steps *steps, size_t i)
{
	return steps->height[i + 1] / (steps->at[i] - steps->at[i + 1]);
}

/* How many of the latest steps grow by one factor, at times that lie on a line. */
static size_t count_on_line(const struct steps *steps)
{
	double factor = steps->height[0] / steps->height[1];
	size_t n = 2;

	if (!(factor >= FACTOR_MIN))
		return 0;
	while (n < steps->count &&
	       are_alike(steps->height[n - 1] / steps->height[n], factor,
			 FACTOR_SPREAD) &&
	       are_alike(speed(steps, n - 1), speed(steps, 0), SPEED_SPREAD))
		n++;
	return n;
}

static double sum_of_heights(const struct steps *steps, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += steps->height[i];
	return sum;
}

/* Do the values since the oldest of n steps stand still but for a few, where old room and
 * new were both there? Those of many blocks that come and go do not. */
static bool stands_still(const double *at, const double *value, size_t count,
			 const struct steps *steps, size_t n)
{
	double level = value[count - 1];
	size_t points = 0, restless = 0;

	for (size_t i = count; i-- > 0 && at[i] >= steps->at[n - 1]; points++) {
		level = fmin(level, value[i]);
		restless += value[i] - level > RESTLESS * steps->height[n - 1];
	}
	return (double)restless <= RESTLESS_SHARE * (double)points;
}

bool doubling_find(const double *at, const double *value, size_t count,
		   struct doubling *ret)
{
	struct steps steps = { 0 };
	double level, rise, filled;
	size_t n;

	memset(ret, 0, sizeof(*ret));
	find_steps(at, value, count, &steps, &level);
	if (steps.count < DOUBLING_STEPS_MIN)
		return false;
	n = count_on_line(&steps);
	rise = value[count - 1] - level;
	if (n < DOUBLING_STEPS_MIN ||
	    sum_of_heights(&steps, steps.count) < STEPS_SHARE * rise ||
	    !stands_still(at, value, count, &steps, n))
		return false;
	filled = (speed(&steps, 0) + speed(&steps, 1)) / 2;
	if ((at[count - 1] - steps.at[0]) * filled > OVERDUE * steps.height[0])
		return false;
	*ret = (struct doubling){
		.steps = n,
		.factor = steps.height[0] / steps.height[1],
		.rate = filled,
		.next_due = steps.at[0] + steps.height[0] / filled,
		.certainty = 1 - exp(-((double)n - 1) / STEPS_SCALE),
	};
	memcpy(ret->last, steps.at, sizeof(ret->last));
	return true;
}

static double number_at(const double *at, const double *number, size_t count, double when)
{
	size_t i = 0;

	while (i + 1 < count && at[i + 1] <= when)
		i++;
	return number[i];
}

bool doubling_entries_stand(const struct doubling *doubling, const double *at,
			    const double *number, size_t count)
{
	const double *last = doubling->last;
	double now = number_at(at, number, count, last[0]);
	double before = number_at(at, number, count, last[1]);
	double came = now - before, gap = last[0] - last[1];
	double first = before - number_at(at, number, count, last[2]);
	double since = at[count - 1] - last[0];

	return came >= ENTRIES_MIN && first > 0 &&
	       are_alike(came / first, doubling->factor, ENTRIES_SPREAD) &&
	       since >= STAND_LASTS * gap &&
	       number[count - 1] - now < STAND_SHARE * came * since / gap;
}
