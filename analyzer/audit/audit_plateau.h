/*
 * audit_plateau - is a rise that levels off one that ends?
 *
 * Contract
 *   - only of a shape that levels off; it becomes one that rises in a straight line, with
 *     less certainty, where the number of its blocks does;
 *   - any other shape stays as it is.
 */
#ifndef ANALYZER_AUDIT_AUDIT_PLATEAU_H
#define ANALYZER_AUDIT_AUDIT_PLATEAU_H

#include "analyzer/audit/audit_facts.h"

/* 0 or -ENOMEM. */
int audit_plateau_look(const struct audit_facts *facts, double (*series)[AUDIT_GRID_MAX],
		       struct series_shape *shape);

#endif
