/*
 * audit_pauses - the live bytes of a function that allocates so seldom that it has pauses
 *
 * Between two slices a straight line is the best guess, but not across a pause: a slice
 * ends with the first event after its time, so all but that one lie at its start. A
 * container that is the only thing a program allocates stands still in between.
 *
 * Contract
 *   - only of a history with few slices for its time; of others count is 0;
 *   - points are in the order of time; where a container is copied, its new room counts
 *     from when the old one is gone;
 *   - the last point is the end of the run, without its tear-down.
 */
#ifndef ANALYZER_AUDIT_AUDIT_PAUSES_H
#define ANALYZER_AUDIT_AUDIT_PAUSES_H

#include "analyzer/audit/audit_facts.h"

#define AUDIT_PAUSES_MAX 64u

struct audit_pauses {
	size_t count;
	double at[2 * AUDIT_PAUSES_MAX + 2], value[2 * AUDIT_PAUSES_MAX + 2];
};

void audit_pauses_find(const struct audit_facts *facts,
		       const struct audit_function *function, struct audit_pauses *ret);

#endif
