/*
 * event - the rules that a decoded order must meet
 *
 * Cheap on purpose: lengths, one known word and one sum. A message that fails
 * here can never succeed later, so it goes to the dead letters at once instead
 * of the retry queue.
 */
#include "pipeline/decode/event.h"

#include <stddef.h>

static bool status_known(struct view status)
{
	return view_is(status, "paid", 4) || view_is(status, "new", 3) ||
	       view_is(status, "shipped", 7) || view_is(status, "refunded", 8);
}

/* False: more than a number can say, which is the sum of nothing. */
static bool add_item(uint64_t *sum, const struct event_item *item)
{
	uint64_t cents;

	return !__builtin_mul_overflow(item->price_cents, item->quantity, &cents) &&
	       !__builtin_add_overflow(*sum, cents, sum);
}

const char *event_check(const struct event *e)
{
	uint64_t sum = 0;

	if (e->id == 0)
		return "id is missing";
	if (e->customer.len == 0)
		return "customer is missing";
	if (e->country.len != 2 || e->currency.len != 3)
		return "country or currency is not a code";
	if (!status_known(e->status))
		return "status is not known";
	for (unsigned i = 0; i < e->n_items; i++)
		if (!add_item(&sum, &e->items[i]))
			return "amount is not the sum of the items";
	if (sum != e->amount_cents)
		return "amount is not the sum of the items";
	return NULL;
}
