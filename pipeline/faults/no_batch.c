/*
 * no-batch - one message, one transaction
 *
 * The belt carries batches of one. Throughput falls by a factor of ten or more
 * and every fixed cost of a batch becomes a cost of a message.
 */
#include "pipeline/faults/fault.h"
#include "pipeline/limits/options.h"

static void tune(struct options *o)
{
	o->batch = 1;
	if (o->queue > 64)
		o->queue = 64;
}

const struct fault fault_no_batch = {
	.name = "no-batch",
	.what = "each message is a batch and a transaction of its own",
	.expect = "no growth; SQLite's work per transaction leads alloc_objects, "
		  "messages a second collapse",
	.tune = tune,
};
