/*
 * audit_plateau - is a rise that levels off one that ends?
 *
 * Bytes level off while the number of blocks rises in a straight line: the last ones
 * happened to be small. A plateau is one of both. Where the later blocks bring hardly any
 * bytes they are something else: the marks that a full cache keeps of what it dropped.
 */
#include "analyzer/audit/audit_plateau.h"

#include <math.h>

#define STRAIGHT 0.8   /* end ratio of a number of blocks that does not level off */
#define BRINGS 0.1     /* of the mean size, by each block more */
#define BYTES_BEND 0.6 /* certainty left where only the bytes level off */

static bool is_straight(const struct series_shape *shape)
{
	return shape->kind == SHAPE_RISING && shape->model.law == GROWTH_LINEAR &&
	       shape->end_ratio >= STRAIGHT;
}

/* What more blocks bring in the later half, of what blocks of the mean size would. */
static bool brings_bytes(const struct audit_facts *facts,
			 double (*series)[AUDIT_GRID_MAX],
			 const struct series_shape *shape,
			 const struct series_shape *number)
{
	size_t count = facts->window.count;
	double size = shape->level / fmax(1, number->level);

	return audit_late_growth(series[PROFILE_INUSE_SPACE], count) >=
	       BRINGS * size * audit_late_growth(series[PROFILE_INUSE_OBJECTS], count);
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
	if (r == 0 && is_straight(&number) && brings_bytes(facts, series, shape, &number))
		become_line(shape, &number);
	return r;
}
