/*
 * hold-fetch-buffers - one message in a thousand is kept as it is
 *
 * Kept "for later" without a copy. Each is small, and each pins the whole fetch
 * answer that it came in. The list ends at HELD_MAX.
 */
#include "pipeline/faults/fault.h"
#include "pipeline/faults/slow_sink.h"

#define HELD_MAX 20000

static rd_kafka_message_t *held[HELD_MAX]; /* the poller's alone */
static unsigned n_held;
static struct row again; /* the copy that goes on */
static bool have_again;

static bool polled(const struct row *row)
{
	if (row->offset % 1000 != 0 || n_held == HELD_MAX || have_again)
		return false;
	held[n_held++] = row->message;
	again = *row;
	again.message = NULL; /* the pipeline must not destroy it */
	have_again = true;
	return true;
}

static bool give(struct row *row)
{
	if (!have_again)
		return false;
	*row = again;
	have_again = false;
	return true;
}

const struct fault fault_hold_fetch_buffers = {
	.name = "hold-fetch-buffers",
	.what = "one message in a thousand is kept without a copy",
	.expect =
		"few live objects, but librdkafka's fetch buffers stay: a thousand times "
		"the bytes that were kept",
	.tune = calm_rate,
	.polled = polled,
	.give = give,
};
