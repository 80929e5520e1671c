/*
 * worker - decode and check one batch at a time
 *
 * A worker owns the slot between belt_take() and belt_decoded() and touches
 * nothing else, so any number of them can run. A message that cannot be decoded
 * is marked, not thrown away: the sink thread sends it to the dead letters in its
 * turn, so that order and commits stay right.
 */
#include <errno.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/units.h"
#include "pipeline/stages/run.h"

#define AHEAD 3 /* messages: about the time that memory takes to answer */
#define AHEAD_BYTES 1024
#define LINE 64

static void decode_row(struct run *run, struct slot *slot, struct row *row)
{
	int r;

	arena_allow(&slot->arena, row->len + EVENT_ARENA_MAX);
	r = run->decode(row->payload, row->len, &slot->arena, &row->event, &row->why);
	row->state = r == 0 ? ROW_GOOD : ROW_POISON;
	if (r == -ENOMEM)
		row->why = "too large to decode";
}

/* Payloads were last written by librdkafka's thread: fetch their lines ahead. */
static void fetch_ahead(const struct slot *slot, unsigned i)
{
	const struct row *row = &slot->rows[i];
	unsigned len;

	if (i >= slot->n)
		return;
	len = row->len < AHEAD_BYTES ? row->len : AHEAD_BYTES;
	for (unsigned at = 0; at < len; at += LINE)
		__builtin_prefetch(row->payload + at);
}

static unsigned decode_slot(struct run *run, struct slot *slot)
{
	unsigned poisoned = 0;

	for (unsigned i = 0; i < slot->n; i++) {
		struct row *row = &slot->rows[i];

		fetch_ahead(slot, i + AHEAD);
		decode_row(run, slot, row);
		poisoned += row->state == ROW_POISON;
		if (run->fault != NULL && run->fault->decoded != NULL &&
		    row->state == ROW_GOOD)
			run->fault->decoded(row);
	}
	return poisoned;
}

void *worker_thread(void *with)
{
	struct run *run = with;
	struct slot *slot;

	while ((slot = belt_take(run->belt)) != NULL) {
		uint64_t start = units_now_ns();
		unsigned n = slot->n, poisoned = decode_slot(run, slot);

		belt_decoded(run->belt, slot);
		stats_add(&run->stats.decoded, n);
		stats_add(&run->stats.poisoned, poisoned);
		stats_add(&run->stats.decode_ns, units_now_ns() - start);
		memory_publish();
	}
	return NULL;
}
