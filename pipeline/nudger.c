/*
 * nudger - wake librdkafka's broker threads when the poller is hungry
 *
 * librdkafka 2.0.2 puts a broker thread to sleep for up to a second when the
 * queues it fills are at their limit, and nothing that empties them wakes it: with
 * small queues that is 10,000 messages a second. A watermark query does wake it,
 * because its request goes through that thread; so while the poller finds too
 * little, one query every PERIOD goes to each leader, through one of its
 * partitions in turn. The answers are the ends of the logs, from which the lag
 * is known for free.
 *
 * When nothing seems behind there is little to fetch, and one period in QUIET is
 * enough. Every REST periods all ends are asked for, so that the lag is fresh; a
 * librdkafka that has fetch.queue.backoff.ms needs no waking and gets only those.
 */
#include <string.h>
#include <unistd.h>

#include "pipeline/run.h"
#include "pipeline/units.h"

#define PERIOD_US 2000
#define REST 100 /* periods between looks at every end */
#define QUIET 5  /* periods between queries while nothing seems behind */
#define LEADERS 32

static void ask(struct run *run, int32_t id)
{
	struct partition *p = partitions_at(run->partitions, id);
	int64_t low, high;

	if (rd_kafka_query_watermark_offsets(run->consumer, run->options->topic, id, &low,
					     &high, 1000) == RD_KAFKA_RESP_ERR_NO_ERROR)
		atomic_store_explicit(&p->high, high, memory_order_relaxed);
}

static bool behind(struct run *run, int32_t id)
{
	struct partition *p = partitions_at(run->partitions, id);
	int64_t high = atomic_load_explicit(&p->high, memory_order_relaxed);
	int64_t at = atomic_load_explicit(&p->position, memory_order_relaxed);

	return at >= 0 && (high < 0 || at < high);
}

/* The ends of up to LEADERS partitions, beginning at *cursor. */
static void ask_ends(struct run *run, unsigned *cursor)
{
	unsigned n = partitions_count(run->partitions);

	for (unsigned i = 0; i < n && i < LEADERS && !run_stopping(run); i++) {
		ask(run, (int32_t)*cursor);
		*cursor = (*cursor + 1) % n;
	}
}

/* One partition of each leader, beginning at *cursor; those behind go first by
 * being the only ones asked while there are any. */
static void wake_leaders(struct run *run, unsigned *cursor, bool all)
{
	unsigned n = partitions_count(run->partitions), n_asked = 0;
	int32_t asked[LEADERS];

	for (unsigned i = 0; i < n && n_asked < LEADERS && !run_stopping(run); i++) {
		int32_t id = (int32_t)((*cursor + i) % n);
		int32_t leader =
			atomic_load_explicit(&partitions_at(run->partitions, id)->leader,
					     memory_order_relaxed);
		bool known = !all && !behind(run, id);

		for (unsigned k = 0; k < n_asked; k++)
			known |= asked[k] == leader;
		if (known)
			continue;
		asked[n_asked++] = leader;
		ask(run, id);
	}
	*cursor = (*cursor + 1) % n;
}

void *nudger_thread(void *with)
{
	struct run *run = with;
	unsigned cursor = 0, turn = 0, end = 0;

	while (!run_stopping(run)) {
		usleep(PERIOD_US);
		turn++;
		if (turn % REST == 0)
			ask_ends(run, &end);
		if (!run->needs_nudge ||
		    !atomic_load_explicit(&run->hungry, memory_order_relaxed))
			continue;
		/* no partition known to be behind: what is known may be old */
		wake_leaders(run, &cursor, turn % QUIET == 0);
	}
	return NULL;
}
