/*
 * nudger - wake librdkafka's broker threads when the poller is hungry
 *
 * librdkafka 2.0.2 puts a broker thread to sleep for up to a second when the
 * queues it fills are at their limit, and nothing that empties them wakes it: with
 * small queues that is 10,000 messages a second. A watermark query does wake it,
 * because its request goes through that thread; so when a partition's queue has
 * become short the poller says so (nudger_call), and one query goes to each leader of
 * partitions that are behind, through one of them in turn. The answers are the ends of
 * the logs, from which the lag is known for free. A query waits behind a fetch that is
 * on its way, so there are never many: about one a fetch.
 *
 * When nothing seems behind there is little to fetch, and one look every QUIET_NS is
 * enough. Every REST_NS all ends are asked for, so that the lag is fresh; a librdkafka
 * that has fetch.queue.backoff.ms needs no waking and gets only those.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "pipeline/run.h"
#include "pipeline/units.h"

#define PERIOD_NS UINT64_C(2000000) /* the longest that a hungry poller is left alone */
#define QUIET_NS UINT64_C(10000000) /* between queries while nothing seems behind */
#define REST_NS UINT64_C(200000000) /* between looks at every end */
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

void nudger_call(struct run *run)
{
	int waiting;

	/* one call is enough, however often it is made before the nudger wakes */
	if (sem_getvalue(&run->nudge, &waiting) == 0 && waiting <= 0)
		sem_post(&run->nudge);
}

/* False when a period is over and nobody called. */
static bool called(struct run *run)
{
	uint64_t until = units_now_ns() + PERIOD_NS;
	struct timespec deadline = { (time_t)(until / 1000000000u),
				     (long)(until % 1000000000u) };
	int r;

	while ((r = sem_clockwait(&run->nudge, CLOCK_MONOTONIC, &deadline)) != 0 &&
	       errno == EINTR)
		;
	return r == 0;
}

void *nudger_thread(void *with)
{
	struct run *run = with;
	uint64_t asked_ns = units_now_ns(), looked_ns = asked_ns;
	unsigned cursor = 0, end = 0;

	while (!run_stopping(run)) {
		bool wanted = called(run), old;
		uint64_t now = units_now_ns();

		if (now - asked_ns >= REST_NS) {
			asked_ns = now;
			ask_ends(run, &end);
		}
		wanted |= atomic_load_explicit(&run->hungry, memory_order_relaxed);
		if (!run->needs_nudge || !wanted)
			continue;
		/* no partition known to be behind: what is known may be old */
		old = now - looked_ns >= QUIET_NS;
		if (old)
			looked_ns = now;
		wake_leaders(run, &cursor, old);
	}
	return NULL;
}
