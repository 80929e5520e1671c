/*
 * poll-without-backpressure - the poller goes on when the belt is full
 *
 * Messages wait in a list of chunks until somebody has time. They are not even
 * copied: each keeps its whole fetch buffer alive.
 */
#include "pipeline/base/memory.h"
#include "pipeline/faults/fault.h"
#include "pipeline/faults/slow_sink.h"

#define CHUNK 256

struct chunk {
	struct chunk *next;
	unsigned from, to;
	struct row rows[CHUNK];
};

static struct chunk *head, *last; /* the poller's alone */

static bool polled(const struct row *row)
{
	if (last == NULL || last->to == CHUNK) {
		struct chunk *chunk = memory_alloc(sizeof(*chunk));

		if (chunk == NULL)
			return false;
		chunk->next = NULL;
		chunk->from = chunk->to = 0;
		if (last == NULL)
			head = chunk;
		else
			last->next = chunk;
		last = chunk;
	}
	last->rows[last->to++] = *row;
	return true;
}

static bool give(struct row *row)
{
	struct chunk *chunk = head;

	if (chunk == NULL || chunk->from == chunk->to)
		return false;
	*row = chunk->rows[chunk->from++];
	if (chunk->from == CHUNK) {
		head = chunk->next;
		if (head == NULL)
			last = NULL;
		free(chunk);
	}
	return true;
}

const struct fault fault_poll_without_backpressure = {
	.name = "poll-without-backpressure",
	.what = "polling goes on while the stages behind are full",
	.expect = "librdkafka's message and buffer allocations stay live, in a straight "
		  "line",
	.tune = slow_sink,
	.takes_all = true,
	.polled = polled,
	.give = give,
};
