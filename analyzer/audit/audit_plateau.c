/*
 * audit_plateau - is a rise that levels off one that ends?
 *
 * Bytes level off while the number of blocks rises in a straight line: the last ones
 * happened to be small. A plateau is one of both.
 */
#include "analyzer/audit/audit_plateau.h"

#include <math.h>

#define STRAIGHT 0.8   /* end ratio of a number of blocks that does not level off */
#define BYTES_BEND 0.6 /* certainty left where only the bytes level off */

static bool is_straight(const struct series_shape *shape)
{
	return shape->kind == SHAPE_RISING && shape->model.law == GROWTH_LINEAR &&
	       shape->end_ratio >= STRAIGHT;
}

static void become_line(struct series_shape *shape, const struct series_shape *number)
{
	double size = shape->level / fmax(1, number->level);

	shape->kind = SHAPE_RISING;
	shape->rate = number->rate * size;
	shape->trend = number->trend;
	shape->trend.slope *= size;
	shape->trend.low *= size;
	shape->trend.high *= size;
	shape->certainty = BYTES_BEND * number->certainty;
	shape->model.law = GROWTH_LINEAR;
}

int audit_plateau_look(const struct audit_facts *facts, double (*series)[AUDIT_GRID_MAX],
		       struct series_shape *shape)
{
	struct series_shape number;
	int r;

	if (shape->kind != SHAPE_LEVELLING)
		return 0;
	r = series_shape_find(facts->window.at, series[PROFILE_INUSE_OBJECTS],
			      facts->window.count, &number);
	if (r == 0 && is_straight(&number))
		become_line(shape, &number);
	return r;
}
