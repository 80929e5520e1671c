/*
 * audit_growth - which functions' live bytes grow without an end
 *
 * Contract
 *   - sets shape, grows, growth_certainty and growth_stack of the functions;
 *   - a function that only takes over what others give up does not grow;
 *   - what sampling alone may have made does not grow.
 */
#ifndef ANALYZER_AUDIT_AUDIT_GROWTH_H
#define ANALYZER_AUDIT_AUDIT_GROWTH_H

#include "analyzer/audit/audit_facts.h"

/* 0 or -ENOMEM. */
int audit_growth_find(struct audit_facts *facts);

/* Of a part of the function's stacks, by its series. 0 or -ENOMEM. */
int audit_growth_of(const struct audit_facts *facts,
		    const struct audit_function *function,
		    double (*series)[AUDIT_GRID_MAX], double variance,
		    struct series_shape *ret_shape, bool *ret_grows);

/*
 * The one that grows most of all that do; NULL: none. threads: of the blocks that
 * belong to threads, else of all others.
 */
struct audit_function *audit_growth_worst(const struct audit_facts *facts, bool threads);

/* Whose live bytes rose most, whether it goes on or not; NULL: none did. */
struct audit_function *audit_growth_largest(const struct audit_facts *facts);

#endif
