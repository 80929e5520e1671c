/*
 * stack_order - the stacks of a set, largest first
 */
#include "analyzer/views/stack_order.h"

#include <errno.h>
#include <stdlib.h>

#include "analyzer/profile/profile_figures.h"

static int compare(const void *a, const void *b, void *arg)
{
	const struct stack_entry *x = *(const struct stack_entry *const *)a;
	const struct stack_entry *y = *(const struct stack_entry *const *)b;
	enum profile_sample s = *(const enum profile_sample *)arg;
	int order = figures_larger_first(x->value[s], y->value[s]);

	return order != 0 ? order : (x > y) - (x < y);
}

int stack_order_load(const struct stack_set *set, enum profile_sample sample,
		     bool skip_empty, long limit, struct stack_order *ret_order,
		     struct fault *fault)
{
	struct stack_order order = { calloc(set->count + 1, sizeof(*order.entries)), 0 };

	if (!order.entries)
		return fault_set(fault, FAULT_INPUT, -ENOMEM,
				 "out of memory for the stacks");
	for (size_t i = 0; i < set->count; i++)
		if (!skip_empty || set->entries[i].value[sample] != 0)
			order.entries[order.count++] = &set->entries[i];
	qsort_r(order.entries, order.count, sizeof(*order.entries), compare, &sample);
	if (limit >= 0 && (size_t)limit < order.count)
		order.count = (size_t)limit;
	*ret_order = order;
	return 0;
}

void stack_order_done(struct stack_order *order)
{
	free(order->entries);
	order->entries = NULL;
	order->count = 0;
}
