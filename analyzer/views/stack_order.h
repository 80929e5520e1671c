/*
 * stack_order - the stacks of a set, largest first
 *
 * Contract
 *   - ordered by the size of the sample whatever its sign; equal ones in the
 *     order of the set;
 *   - limit cuts the list, -1 does not; skip_empty leaves out zeros.
 */
#ifndef ANALYZER_VIEWS_STACK_ORDER_H
#define ANALYZER_VIEWS_STACK_ORDER_H

#include "analyzer/views/stack_set.h"

struct stack_order {
	const struct stack_entry **entries;
	size_t count;
};

int stack_order_load(const struct stack_set *set, enum profile_sample sample,
		     bool skip_empty, long limit, struct stack_order *ret_order,
		     struct fault *fault);
void stack_order_done(struct stack_order *order);

#endif
