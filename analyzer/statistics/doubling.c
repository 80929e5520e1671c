/*
 * doubling - what fills a container whose room is multiplied when it is full
 *
 * While it is copied, the old room and the new one live both: a slice may catch that.
 * So the series is looked at from the end, as the least of what is still to come.
 *
 * Containers that are filled at one rate (a row's columns, a sensor's samples each) are
 * full one shortly after the other. Steps that lie much closer together than the steps
 * before them are one: the sum of them lies on the sum of their lines.
 */
#include "analyzer/statistics/doubling.h"

#include <math.h>
#include <string.h>

#define STEPS_LOOKED_AT 6u /* the last ones; earlier ones are the start-up's */
#define STEPS_SEEN 48u     /* before those that belong together are one */
#define TOGETHER 0.4       /* of the widest gap before, between two that do */
#define STEP_MIN 0.02      /* of the range: what is less is no step */
#define STEP_PART 0.004    /* ... and no part of one */
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
	double at[STEPS_SEEN], height[STEPS_SEEN]; /* the latest first */
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

/* Takes the step into the one made last, at the middle of both by their heights. */
static void join(struct steps *steps, size_t made, double at, double height)
{
	double all = steps->height[made - 1] + height;

	steps->at[made - 1] += (at - steps->at[made - 1]) * height / all;
	steps->height[made - 1] = all;
}

/* Those that lie close together become one; what is still none then is left out. */
static void join_neighbours(struct steps *steps, double least)
{
	double widest[STEPS_SEEN + 1] = { 0 }; /* gap, from this one back to the first */
	size_t made = 0, kept = 0;
	double later = INFINITY;

	for (size_t i = steps->count; i-- > 1;)
		widest[i] = fmax(widest[i + 1], steps->at[i - 1] - steps->at[i]);
	for (size_t i = 0; i < steps->count; i++) {
		double at = steps->at[i], height = steps->height[i];

		if (i > 0 && later - at < TOGETHER * widest[i]) {
			join(steps, made, at, height);
		} else {
			steps->at[made] = at;
			steps->height[made++] = height;
		}
		later = at;
	}
	for (size_t i = 0; i < made; i++)
		if (steps->height[i] > least) {
			steps->at[kept] = steps->at[i];
			steps->height[kept++] = steps->height[i];
		}
	steps->count = kept;
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
	for (size_t i = count - 1; i > 0 && steps->count < STEPS_SEEN; i--) {
		double before = fmin(level, value[i - 1]);

		if (!add_rest(steps, at[i], level - before) &&
		    level - before > STEP_PART * (high - low))
			add_step(steps, at[i - 1], at[i], level - before);
		level = before;
	}
	join_neighbours(steps, STEP_MIN * (high - low));
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
	while (n < steps->count && n < STEPS_LOOKED_AT &&
	       are_alike(steps->height[n - 1] / steps->height[n], factor,
			 FACTOR_SPREAD) &&
	       are_alike(speed(steps, n - 1), speed(steps, 0), SPEED_SPREAD))
		n++;
	return n;
}

/* One of several containers was full a moment ago; the others will be at once. */
static void leave_out_the_latest(struct steps *steps)
{
	steps->count--;
	memmove(steps->at, steps->at + 1, steps->count * sizeof(*steps->at));
	memmove(steps->height, steps->height + 1, steps->count * sizeof(*steps->height));
}

/* As many of them as lie on a line, which may leave out one that is under way. */
static size_t find_line(struct steps *steps, double end)
{
	size_t n = steps->count >= DOUBLING_STEPS_MIN ? count_on_line(steps) : 0;

	if (n >= DOUBLING_STEPS_MIN || steps->count <= DOUBLING_STEPS_MIN ||
	    end - steps->at[0] >= TOGETHER * (steps->at[0] - steps->at[1]))
		return n;
	leave_out_the_latest(steps);
	return count_on_line(steps);
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
	double level, rise, in_steps, filled;
	size_t n;

	memset(ret, 0, sizeof(*ret));
	find_steps(at, value, count, &steps, &level);
	rise = value[count - 1] - level;
	in_steps = sum_of_heights(&steps, steps.count);
	n = find_line(&steps, at[count - 1]);
	if (n < DOUBLING_STEPS_MIN || in_steps < STEPS_SHARE * rise ||
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
