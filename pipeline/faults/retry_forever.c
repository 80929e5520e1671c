/*
 * retry-forever - what fails is kept and tried again, without an end
 *
 * One message in a hundred cannot succeed. Each is kept with a copy, tried at
 * every batch and never given up: memory and work both grow.
 */
#include <string.h>

#include "pipeline/base/memory.h"
#include "pipeline/faults/fault.h"
#include "pipeline/faults/slow_sink.h"

struct failed {
	struct failed *next;
	unsigned tries;
	uint32_t len;
	uint8_t payload[];
};

static struct failed *failures; /* the sink thread's alone */

static void keep(const struct row *row)
{
	struct failed *entry = memory_alloc(sizeof(*entry) + row->len);

	if (entry == NULL)
		return;
	entry->tries = 1;
	entry->len = row->len;
	memcpy(entry->payload, row->payload, row->len);
	entry->next = failures;
	failures = entry;
}

static void stored(const struct slot *slot)
{
	unsigned budget = 1000;

	for (unsigned i = 0; i < slot->n; i++)
		if (slot->rows[i].offset % 100 == 0)
			keep(&slot->rows[i]);
	for (struct failed *entry = failures; entry != NULL && budget-- > 0;
	     entry = entry->next)
		entry->tries++; /* fails again */
}

const struct fault fault_retry_forever = {
	.name = "retry-forever",
	.what = "1 % of the messages fails for good and is kept for another try, always",
	.expect = "live bytes of keep() grow in a straight line: rate x 1 % x payload",
	.tune = calm_rate,
	.stored = stored,
};
