/*
 * grow-queue-on-lag - a ring that doubles whenever it is full
 *
 * The lag is cured by a larger queue, again and again: the memory goes up in
 * steps, each twice the last, and the lag is still there.
 */
#include "pipeline/base/memory.h"
#include "pipeline/faults/fault.h"
#include "pipeline/faults/slow_sink.h"

static struct row *ring; /* the poller's alone */
static size_t size, from, used;

static bool grow(void)
{
	size_t bigger = size == 0 ? 1024 : size * 2;
	struct row *next = memory_alloc(bigger * sizeof(*next));

	if (next == NULL)
		return false;
	for (size_t i = 0; i < used; i++)
		next[i] = ring[(from + i) % size];
	free(ring);
	ring = next;
	size = bigger;
	from = 0;
	return true;
}

static bool polled(const struct row *row)
{
	if (used == size && !grow())
		return false;
	ring[(from + used++) % size] = *row;
	return true;
}

static bool give(struct row *row)
{
	if (used == 0)
		return false;
	*row = ring[from];
	from = (from + 1) % size;
	used--;
	return true;
}

const struct fault fault_grow_queue_on_lag = {
	.name = "grow-queue-on-lag",
	.what = "the queue doubles whenever it is full",
	.expect = "live bytes of grow() double in steps; messages stay live behind it",
	.tune = slow_sink,
	.takes_all = true,
	.polled = polled,
	.give = give,
};
