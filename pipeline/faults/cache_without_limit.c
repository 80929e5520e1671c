/*
 * cache-without-limit - every order is remembered, none is forgotten
 *
 * A cache without a size and without an age is a leak with a look-up.
 */
#include <string.h>
#include <uthash.h>

#include "pipeline/base/memory.h"
#include "pipeline/faults/fault.h"
#include "pipeline/faults/slow_sink.h"

#undef uthash_malloc
#define uthash_malloc(size) memory_alloc(size)

struct cached {
	uint64_t id;
	uint64_t amount_cents;
	char customer[16];
	UT_hash_handle hh;
};

static struct cached *cache; /* the sink thread's alone */

static void remember(const struct event *e)
{
	struct cached *entry;

	HASH_FIND(hh, cache, &e->id, sizeof(e->id), entry);
	if (entry != NULL)
		return;
	entry = memory_zero(1, sizeof(*entry));
	if (entry == NULL)
		return;
	entry->id = e->id;
	entry->amount_cents = e->amount_cents;
	memcpy(entry->customer, e->customer.at,
	       e->customer.len < 15 ? e->customer.len : 15);
	HASH_ADD(hh, cache, id, sizeof(entry->id), entry);
}

static void stored(const struct slot *slot)
{
	for (unsigned i = 0; i < slot->n; i++)
		if (slot->rows[i].state == ROW_GOOD)
			remember(&slot->rows[i].event);
}

const struct fault fault_cache_without_limit = {
	.name = "cache-without-limit",
	.what = "every order goes into a cache that forgets nothing",
	.expect = "live bytes of remember() grow in a straight line with the messages",
	.tune = calm_rate,
	.stored = stored,
};
