/*
 * call_edges - which place calls which, and what the callee accounts for
 *
 * Contract
 *   - a stack counts once for each (caller, callee), however often it recurs;
 *   - callees may be grouped: group[place] is what stands for the place.
 */
#ifndef ANALYZER_VIEWS_CALL_EDGES_H
#define ANALYZER_VIEWS_CALL_EDGES_H

#include "analyzer/views/stack_set.h"

struct call_edge {
	uint32_t caller, callee;
	size_t last_stack; /* that was counted, plus 1 */
	int64_t value[PROFILE_SAMPLES];
};

struct call_edges {
	struct call_edge *edges;
	uint32_t count, room;
};

/* Ordered by caller and callee. group NULL: every place stands for itself. */
int call_edges_load(const struct stack_set *set, const uint32_t *group,
		    struct call_edges *ret_edges, struct fault *fault);
void call_edges_done(struct call_edges *edges);

#endif
