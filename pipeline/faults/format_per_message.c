/*
 * format-per-message - a log line is formatted for every message
 *
 * The level is off and the line is thrown away, after it was built.
 */
#include <stdio.h>

#include "pipeline/base/memory.h"
#include "pipeline/faults/fault.h"

static void decoded(const struct row *row)
{
	const struct event *e = &row->event;
	char *line = NULL;
	int n = asprintf(&line,
			 "order %llu of %.*s in %.*s: %llu cents, %u items, partition %d "
			 "offset %lld",
			 (unsigned long long)e->id, (int)e->customer.len, e->customer.at,
			 (int)e->country.len, e->country.at,
			 (unsigned long long)e->amount_cents, e->n_items, row->partition,
			 (long long)row->offset);

	if (n < 0)
		return;
	memory_here.calls++;
	memory_here.bytes += (size_t)n + 1;
	free(line);
}

const struct fault fault_format_per_message = {
	.name = "format-per-message",
	.what = "a log line is formatted for each message and thrown away",
	.expect = "asprintf leads alloc_objects, nothing stays live",
	.decoded = decoded,
};
