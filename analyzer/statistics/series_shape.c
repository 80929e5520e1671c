/*
 * series_shape - what kind of curve a row of figures is
 *
 * The lower envelope decides whether something grows: the minimum of each of up to
 * ten parts of the window. A leak lifts it; teeth, bursts and noise do not, whatever
 * their size. A random walk lifts it by chance too, but then it also falls on the
 * way, so the falls of the envelope must stay below a quarter of its rise.
 *
 * Parts are at least one and a half teeth wide, or each would hold another piece of
 * a tooth.
 */
#include "analyzer/statistics/series_shape.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/statistics/order_stats.h"

#define THIN_MAX 96u
#define PARTS_MAX 10u
#define PARTS_MIN 4u
#define STARTUP_PARTS 10u /* the first tenth */
#define UNEVEN_MAX 0.25   /* falls of the envelope over its rise */
#define P_MAX 0.02
#define LEVEL_MODEL 0.55  /* end slope of the fitted curve over the mean slope */
#define LEVEL_END 0.65    /* last quarter's rise over a quarter of all */
#define STANDS_PART 0.3   /* of the window, at its end */
#define STANDS_SHARE 0.25 /* of a line's rise there, at most */
#define STANDS_POINTS 5u
#define TAIL_MIN 0.01      /* rise behind a corner, of what was reached there */
#define CORNER_SURE 0.99   /* weight of the law with a corner */
#define CORNER_POINTS 6.0  /* after it */
#define GAP_DIP 0.02       /* of the rise, that the series may dip at its end */
#define LEVEL_ERRORS 4.0   /* of the curve, that the last quarter's rise may be off */
#define CONSTANT_MAX 0.001 /* weight of the constant law, where there is a rise */
#define QUALITY_MIN 0.45   /* certainty without what too few points take from it */
#define TOOTH_DEPTH 0.25
#define TOOTH_SMOOTH 0.3
#define TOOTH_REGULAR 0.4
#define TOOTH_CHANCE 1.0  /* of two falls, over the root of the points: noise has that */
#define TEETH_FEW 3u      /* their valleys tell no trend */
#define TEETH_DRIFT 0.1   /* of their height, that these may rise */
#define TOOTH_DEEP 0.5    /* deep enough without being regular */
#define TOOTH_EVEN 0.7    /* of TEETH_FEW or more that are narrow */
#define POINTS_SCALE 10.0 /* of series_shape_certainty_of() */

struct window {
	const double *at, *value;
	size_t count;
};

static double least(const double *value, size_t from, size_t to)
{
	double low = value[from];

	for (size_t i = from + 1; i < to; i++)
		low = fmin(low, value[i]);
	return low;
}

/* Medians of neighbours, so that no test sees more than THIN_MAX points. */
static size_t thin(const struct window *w, double *at, double *value)
{
	size_t group = (w->count + THIN_MAX - 1) / THIN_MAX, made = 0;
	double pick[64];

	for (size_t i = 0; i < w->count; i += group, made++) {
		size_t n = w->count - i < group ? w->count - i : group;
		size_t take = n < 64 ? n : 64;

		memcpy(pick, w->value + i, take * sizeof(*pick));
		value[made] = order_stats_median(pick, take);
		at[made] = w->at[i + n / 2];
	}
	return made;
}

static size_t parts_of(const struct window *w, const struct teeth *teeth)
{
	size_t parts = w->count / 4;

	if (teeth->count >= 2 && teeth->period > 0) {
		double most = (double)w->count / (1.5 * teeth->period);

		parts = most < (double)parts ? (size_t)most : parts;
	}
	return parts > PARTS_MAX ? PARTS_MAX : parts < PARTS_MIN ? PARTS_MIN : parts;
}

static void look_at_envelope(const struct window *w, struct series_shape *shape)
{
	size_t parts = parts_of(w, &shape->teeth);
	double before = 0, first = 0, falls = 0, low = 0;

	for (size_t k = 0; k < parts; k++) {
		low = least(w->value, k * w->count / parts, (k + 1) * w->count / parts);
		if (k == 0)
			first = low;
		else
			falls += fmax(0, before - low);
		before = low;
	}
	shape->net = (low - first) * (double)parts / (double)(parts - 1);
	shape->unevenness = shape->net > 0 ? falls / shape->net : 1;
}

/* The value at a share of the window, smoothed over a twelfth of it. */
static double around(const double *value, size_t count, double share)
{
	size_t half = count / 24, middle = (size_t)llround(share * (double)(count - 1));
	size_t from = middle > half ? middle - half : 0;
	size_t to = middle + half + 1 < count ? middle + half + 1 : count;
	double pick[THIN_MAX];

	memcpy(pick, value + from, (to - from) * sizeof(*pick));
	return order_stats_median(pick, to - from);
}

/* When the series is first above the level for three points on end; 0 .. 1. */
static double first_above(const double *value, size_t count, double level)
{
	for (size_t i = 0; i + 2 < count; i++)
		if (value[i] >= level && value[i + 1] >= level && value[i + 2] >= level)
			return (double)i / (double)(count - 1);
	return 1;
}

static void look_at_end(const double *value, size_t count, struct series_shape *shape)
{
	double first = around(value, count, 0), last = around(value, count, 1);
	double rise = last - first, before = around(value, count, 0.75);
	double third = before - around(value, count, 0.5);

	shape->end_ratio = rise > 0 ? (last - before) / (rise / 4) : 0;
	shape->bend = third > 0 ? (last - before) / third : 0;
	shape->rise_lasts = 0;
	if (rise > 0)
		shape->rise_lasts = first_above(value, count, first + 0.9 * rise) -
				    first_above(value, count, first + 0.1 * rise);
}

static void count_increases(const struct window *w, struct series_shape *shape)
{
	double top = w->value[0];
	size_t tenth = w->count / 10 ? w->count / 10 : 1;
	double pick[64];

	for (size_t i = 1; i < w->count; i++) {
		shape->increases += w->value[i] > top;
		top = fmax(top, w->value[i]);
		shape->drawdown = fmax(shape->drawdown, top - w->value[i]);
	}
	tenth = tenth < 64 ? tenth : 64;
	memcpy(pick, w->value + w->count - tenth, tenth * sizeof(*pick));
	shape->level = order_stats_median(pick, tenth);
	shape->highest = top;
}

/* A curve that bends has neighbours alike, which the rank test takes for no evidence. */
static bool is_rising(const struct series_shape *shape)
{
	double p_max = shape->points < 6 ? 0.1 : P_MAX;

	return shape->net > 0 && shape->unevenness <= UNEVEN_MAX &&
	       shape->trend.tau > 0 &&
	       (shape->trend.p < p_max ||
		shape->model.weight[GROWTH_CONSTANT] < CONSTANT_MAX);
}

/*
 * In a staircase a gap at the end no longer than those before is no end of the rise. It
 * began when the series came up to where it ends, whatever little dips it had since.
 */
static bool ends_in_a_gap(const struct window *w, const struct series_shape *shape)
{
	double gap = (double)w->count / (double)(shape->increases + 1);
	double end = w->value[w->count - 1] - GAP_DIP * shape->net;
	size_t since = 0, changes = 0;

	for (size_t i = 1; i < w->count; i++)
		changes += w->value[i] != w->value[i - 1];
	while (since + 1 < w->count && w->value[w->count - 2 - since] >= end)
		since++;
	return changes < w->count / 2 && (double)since < 3 * gap;
}

/* A corner that no other curve has, and enough points behind it: it stands, however late
 * that began. */
static bool stands_since_corner(const struct series_shape *shape)
{
	const struct growth_model *model = &shape->model;

	return model->law == GROWTH_RISE_THEN_FLAT &&
	       model->weight[GROWTH_RISE_THEN_FLAT] >= CORNER_SURE &&
	       (1 - model->turn) * (double)shape->points >= CORNER_POINTS;
}

/*
 * Hardly rose in its last part, by more than what it goes up and down there. How well a
 * curve fits what was before has no part in that: of two rises, each to a level, none
 * does.
 */
static bool stands_at_end(const struct window *w, const struct series_shape *shape)
{
	size_t last = (size_t)(STANDS_PART * (double)w->count), width = last / 4 + 1;
	const double *end = w->value + w->count - last;
	double middle, rise, noise = 0;
	double pick[THIN_MAX];

	if (last < STANDS_POINTS || last > THIN_MAX)
		return false;
	memcpy(pick, end, last * sizeof(*pick));
	middle = order_stats_median(pick, last);
	for (size_t i = 0; i < last; i++)
		noise += fabs(end[i] - middle) / (double)last;
	memcpy(pick, end, width * sizeof(*pick));
	rise = -order_stats_median(pick, width);
	memcpy(pick, end + last - width, width * sizeof(*pick));
	rise += order_stats_median(pick, width);
	return fabs(rise) + LEVEL_ERRORS * noise <
	       STANDS_SHARE * STANDS_PART * shape->net;
}

static bool is_levelling(const struct window *w, const struct series_shape *shape)
{
	const struct growth_model *model = &shape->model;
	bool curve_says = (model->law == GROWTH_SATURATING ||
			   model->law == GROWTH_RISE_THEN_FLAT) &&
			  model->end_slope < LEVEL_MODEL;
	double error = curve_says ? 0 : LEVEL_ERRORS * model->error / shape->net;

	return (shape->end_ratio + error < LEVEL_END || stands_since_corner(shape) ||
		stands_at_end(w, shape)) &&
	       !ends_in_a_gap(w, shape);
}

static bool has_teeth(const struct teeth *teeth, size_t points)
{
	if (teeth->count < 2 || teeth->depth < TOOTH_DEPTH)
		return false;
	return teeth->regularity >=
		       TOOTH_REGULAR + (teeth->count < TEETH_FEW
						? TOOTH_CHANCE / sqrt((double)points)
						: 0) ||
	       (teeth->count >= TEETH_FEW && teeth->evenness >= TOOTH_EVEN) ||
	       (teeth->depth >= TOOTH_DEEP && teeth->smoothness >= TOOTH_SMOOTH);
}

double series_shape_certainty_of(size_t points)
{
	return 1 - exp(-((double)points - 3) / POINTS_SCALE);
}

static double clamp(double value, double low, double high)
{
	return fmin(high, fmax(low, value));
}

/* Falls that the envelope does not see; a leak below regular teeth has those too. */
static double calmness_of(const struct series_shape *shape)
{
	const struct teeth *teeth = &shape->teeth;

	if (teeth->count >= 4 && teeth->tau_of_valleys > 0.75)
		return 1;
	return clamp(1.3 - shape->drawdown / shape->net, 0.3, 1);
}

static double certainty_of(const struct series_shape *shape)
{
	double base = series_shape_certainty_of(shape->points);
	double many = 1 - exp(-((double)shape->increases - 2) / 4);
	const struct teeth *teeth = &shape->teeth;

	switch (shape->kind) {
	case SHAPE_RISING:
		return base * clamp(1 - 2 * shape->unevenness, 0.5, 1) *
		       calmness_of(shape) *
		       clamp((shape->end_ratio - 0.3) / 0.4,
			     shape->drawdown < 0.02 * shape->net ? 0.6 : 0.35, 1) *
		       clamp(many, 0, 1);
	case SHAPE_LEVELLING:
		return base * clamp((0.85 - shape->end_ratio) / 0.45, 0.4, 1);
	case SHAPE_TEETH:
		return base * clamp(1 - exp(-(double)teeth->count / 1.5), 0, 1) *
		       clamp(0.5 + fmax(teeth->regularity, teeth->smoothness), 0.6, 1);
	case SHAPE_FLAT:
	case SHAPE_FALLING:
		return base * clamp(0.6 + shape->trend.p, 0.75, 1);
	default:
		return 0;
	}
}

/*
 * The start lies below the valleys of what has two or three teeth (a table that is
 * filled, and halved when it is full), and lifts the envelope. The valleys do not rise.
 */
static bool falls_back_to_one_level(const struct teeth *teeth)
{
	return teeth->count >= 2 && teeth->count <= TEETH_FEW &&
	       teeth->depth >= TOOTH_DEPTH && teeth->smoothness >= TOOTH_SMOOTH &&
	       teeth->drift <= TEETH_DRIFT;
}

/*
 * The same of what stands on something that stays, and after a start that is higher than
 * its teeth: neither has a part in them. Without its first third the series has teeth,
 * and their valleys do not rise.
 */
static int look_behind_start(const struct window *w, struct series_shape *shape)
{
	size_t start = w->count / 3;
	struct teeth later;
	int r = teeth_find(w->value + start, w->count - start, &later);

	shape->falls_back = r == 0 && later.count >= 2 && later.count <= TEETH_FEW &&
			    later.smoothness >= TOOTH_SMOOTH &&
			    later.drift <= TEETH_DRIFT;
	return r;
}

static enum shape_kind rising_kind(const struct window *w, struct series_shape *shape)
{
	if (!is_rising(shape) || shape->falls_back ||
	    falls_back_to_one_level(&shape->teeth))
		return SHAPE_FLAT;
	if (is_levelling(w, shape))
		return SHAPE_LEVELLING;
	shape->kind = SHAPE_RISING;
	return certainty_of(shape) >=
			       QUALITY_MIN * series_shape_certainty_of(shape->points)
		       ? SHAPE_RISING
		       : SHAPE_FLAT;
}

/* What is added a second now, not on average; so for the interval, too. */
static void take_end_slope(struct series_shape *shape)
{
	double more = fmax(1, shape->model.end_slope);

	shape->rate *= more;
	shape->trend.low *= more;
	shape->trend.high *= more;
}

static void set_kind(const struct window *w, struct series_shape *shape)
{
	shape->rate = shape->trend.slope;
	shape->kind = rising_kind(w, shape);
	if (shape->kind != SHAPE_FLAT) {
		if (!(shape->rate > 0))
			shape->rate =
				shape->net / fmax(1e-9, w->at[w->count - 1] - w->at[0]);
		if (shape->kind == SHAPE_RISING && shape->model.law == GROWTH_EXPONENTIAL)
			take_end_slope(shape);
	} else if (has_teeth(&shape->teeth, shape->points) ||
		   teeth_find_one(w->value, w->count, &shape->teeth)) {
		shape->kind = SHAPE_TEETH;
	} else {
		shape->kind = shape->trend.tau < -0.5 && shape->trend.p < P_MAX
				      ? SHAPE_FALLING
				      : SHAPE_FLAT;
	}
	shape->certainty = clamp(certainty_of(shape), 0, 1);
}

static int look(const struct window *w, struct series_shape *shape)
{
	double at[THIN_MAX + 1], value[THIN_MAX + 1];
	size_t count;
	int r;

	memset(shape, 0, sizeof(*shape));
	shape->points = w->count;
	shape->since = w->at[0];
	count = thin(w, at, value);
	r = trend_test(at, value, count, &shape->trend);
	if (r == 0)
		r = growth_model_fit(at, value, count, &shape->model);
	if (r == 0)
		r = teeth_find(w->value, w->count, &shape->teeth);
	if (r == 0)
		r = look_behind_start(w, shape);
	if (r < 0)
		return r;
	look_at_envelope(w, shape);
	look_at_end(value, count, shape);
	count_increases(w, shape);
	set_kind(w, shape);
	return 0;
}

/* Of a rise that began late, the slope is that of the rise. */
static int slope_after_corner(const struct window *w, struct series_shape *shape)
{
	const struct growth_model *model = &shape->model;
	size_t skip = (size_t)(model->turn * (double)w->count), count;
	struct window rest = { w->at + skip, w->value + skip, w->count - skip };
	double at[THIN_MAX + 1], value[THIN_MAX + 1];
	struct trend tail;
	int r;

	if (shape->kind != SHAPE_RISING || model->law != GROWTH_FLAT_THEN_RISE ||
	    rest.count < 2 * SHAPE_POINTS_MIN)
		return 0;
	count = thin(&rest, at, value);
	r = trend_test(at, value, count, &tail);
	if (r == 0 && tail.slope > shape->rate) {
		shape->rate = tail.slope;
		shape->trend.low = tail.low;
		shape->trend.high = tail.high;
		shape->since = rest.at[0];
	}
	return r;
}

/*
 * A steep start and then a slow rise is no levelling: what comes after the corner is
 * looked at alone. Only for a sharp corner: each later part of a curve that bends
 * smoothly looks straighter than the whole.
 */
static int look_past_corner(const struct window *w, struct series_shape *shape)
{
	const struct growth_model *model = &shape->model;
	size_t skip = (size_t)((model->turn + 0.04) * (double)w->count);
	struct window rest = { w->at + skip, w->value + skip, w->count - skip };
	struct series_shape tail;
	int r;

	if (shape->kind != SHAPE_LEVELLING || model->law != GROWTH_RISE_THEN_FLAT ||
	    model->turn > 0.6 || rest.count < 3 * SHAPE_POINTS_MIN)
		return 0;
	r = look(&rest, &tail);
	if (r == 0 && tail.kind == SHAPE_RISING && tail.increases >= rest.count / 4 &&
	    tail.end_ratio > LEVEL_END && tail.net > TAIL_MIN * tail.level)
		r = slope_after_corner(&rest, &tail);
	else
		return r;
	*shape = tail;
	return r;
}

int series_shape_find(const double *at, const double *value, size_t count,
		      struct series_shape *ret)
{
	size_t skip = count >= 8 ? (count + STARTUP_PARTS - 1) / STARTUP_PARTS : 0;
	struct window w = { at + skip, value + skip, count - skip };
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->trend.p = 1;
	if (count > 0)
		ret->since = at[0];
	if (count > 0)
		ret->level = ret->highest = value[count - 1];
	if (w.count < SHAPE_POINTS_MIN)
		return 0;
	r = look(&w, ret);
	if (r == 0)
		r = ret->kind == SHAPE_LEVELLING ? look_past_corner(&w, ret)
						 : slope_after_corner(&w, ret);
	return r;
}
