/*
 * source - the poller: from Kafka's partition queues onto the belt
 *
 * One thread polls, because librdkafka allows one. It takes from the partitions'
 * queues in turn (turns.h) into the slot that is being filled, and dispatches the slot
 * when it is full or when its oldest message has waited --batch-wait.
 *
 * The queue in front of it (librdkafka's, one a partition)
 *   owner  librdkafka until a message is taken; then the row;
 *   bound  prefetch_kbytes of payload for each partition plus one answer on its way;
 *   full   librdkafka stops fetching that partition; the backlog stays in Kafka;
 *   end    at the end of the run what was not taken is dropped, uncommitted.
 *
 * Back-pressure is not polling: no free slot, no poll. pause() would throw away
 * what was prefetched and fetch it again. Not polling the partition queues does
 * not cost the membership: the consumer's common queue is served all the time, and
 * that is what max.poll.interval.ms looks at.
 */
#include "pipeline/stages/source.h"

#include <poll.h>
#include <unistd.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/say.h"
#include "pipeline/base/units.h"
#include "pipeline/belt/turns.h"
#include "pipeline/kafka/nudge.h"
#include "pipeline/stages/breaker.h"

#define SERVE_NS 10000000u /* how often events are served while messages flow */
#define IDLE_MS 20
#define POLL_MAX 1024

struct poller {
	struct run *run;
	struct slot *slot;                      /* being filled, NULL: none */
	unsigned cursor;                        /* partition whose turn it is */
	uint64_t served_ns, taken, bytes, kept; /* kept: by a fault, to be given back */
	struct nudge nudge;
	struct turns turns;
	struct slot overflow; /* for a fault that polls without a free slot */
	struct row spare;     /* its row */
	struct breaker breaker;
	rd_kafka_message_t *messages[POLL_MAX];
};

static struct poller poller; /* one poller a process; the thread's own */

void source_flush(struct run *run)
{
	struct slot *slot = poller.slot;

	poller.slot = NULL;
	if (slot == NULL || slot->n == 0)
		return;
	slot->generation = partitions_generation(run->partitions);
	belt_dispatch(run->belt, slot);
	memory_publish();
}

static void note_error(struct run *run, const rd_kafka_message_t *message)
{
	stats_add(&run->stats.broker_errors, 1);
	if (message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
	    message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
		say_error("topic %s: %s; create it or check the rights",
			  run->options->topic, rd_kafka_message_errstr(message));
		run->stuck = true; /* librdkafka 2.0.2 would wait for its partitions */
		run_fail(run, EXIT_INPUT);
	}
}

/* Rebalances, commit answers, errors. Never returns a message: those have their
 * own queues. May dispatch the current slot. */
static void serve_events(struct run *run)
{
	rd_kafka_message_t *message;

	poller.served_ns = units_now_ns();
	while ((message = rd_kafka_consumer_poll(run->consumer, 0)) != NULL) {
		note_error(run, message);
		rd_kafka_message_destroy(message);
	}
}

/* A gap in the offsets is a loss only when the broker no longer has them; compaction
 * and transactions leave gaps too, after each commit one. Where the log begins was told
 * with the messages, unless the broker is very old. */
static void look_at_gap(struct run *run, int32_t id, int64_t expected, int64_t offset)
{
	int64_t low = 0, high = 0;

	if (rd_kafka_get_watermark_offsets(run->consumer, run->options->topic, id, &low,
					   &high) != RD_KAFKA_RESP_ERR_NO_ERROR ||
	    low < 0)
		rd_kafka_query_watermark_offsets(run->consumer, run->options->topic, id,
						 &low, &high, 1000);
	if (low > offset)
		low = offset;
	if (low <= expected)
		return;
	stats_add(&run->stats.lost, (uint64_t)(low - expected));
	say_note("partition %d: offsets %lld to %lld are gone: retention was faster than "
		 "this pipeline",
		 id, (long long)expected, (long long)low - 1);
}

/* Keys of its rows may be in the sink already, and they would count as duplicates. */
static void topic_went_back(struct run *run, int32_t id, int64_t first, int64_t offset)
{
	say_error("partition %d of %s: begins again at offset %lld, with the group at "
		  "%lld: the topic was made anew or lost its end; give another --group "
		  "and another file or table",
		  id, run->options->topic, (long long)offset, (long long)first);
	run_fail(run, EXIT_INPUT);
}

/* Where the group stands: nothing before it may come under this assignment. */
static int64_t settled(const struct partition *p)
{
	int64_t first = atomic_load_explicit(&p->first, memory_order_relaxed);
	int64_t committed = atomic_load_explicit(&p->committed, memory_order_relaxed);

	return committed > first ? committed : first;
}

/* False: the message must not be taken. */
static bool check_order(struct run *run, struct partition *p, int32_t id, int64_t offset)
{
	if (offset < settled(p)) {
		if (!run_stopping(run))
			topic_went_back(run, id, settled(p), offset);
		return false;
	}
	if (p->expected < 0) {
		partitions_begin(p, offset);
	} else if (offset > p->expected) {
		look_at_gap(run, id, p->expected, offset);
	} else if (offset < p->expected) {
		stats_add(&run->stats.redelivered, 1);
		return true;
	}
	p->expected = offset + 1;
	return true;
}

/* All but the event, which is the worker's to write: its cache lines stay there. */
static struct row *next_row(rd_kafka_message_t *message, uint64_t now)
{
	struct row *row = poller.slot == &poller.overflow
				  ? &poller.spare
				  : &poller.slot->rows[poller.slot->n];

	row->payload = message->payload;
	row->why = NULL;
	row->message = message;
	row->copy = NULL;
	row->offset = message->offset;
	row->len = (uint32_t)message->len;
	row->partition = message->partition;
	row->polled_ns = now;
	row->state = ROW_RAW;
	return row;
}

static void take_message(struct run *run, struct partition *p,
			 rd_kafka_message_t *message, uint64_t now)
{
	struct row *row;

	if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		note_error(run, message);
		rd_kafka_message_destroy(message);
		return;
	}
	if (message->offset == p->expected) {
		p->expected++;
	} else if (!check_order(run, p, message->partition, message->offset)) {
		rd_kafka_message_destroy(message);
		return;
	}
	row = next_row(message, now);
	poller.taken++;
	poller.bytes += row->len;
	if (run->fault != NULL && run->fault->polled != NULL && run->fault->polled(row)) {
		poller.kept++;
		return;
	}
	if (poller.slot == &poller.overflow) {
		rd_kafka_message_destroy(message); /* the fault is out of memory */
		return;
	}
	poller.slot->n++;
	poller.slot->bytes += row->len + message->key_len;
}

static unsigned room(const struct run *run)
{
	uint64_t target = atomic_load_explicit(&run->target, memory_order_relaxed);
	unsigned room = run->limits.batch - poller.slot->n;

	if (room > POLL_MAX)
		room = POLL_MAX;
	return target - poller.taken < room ? (unsigned)(target - poller.taken) : room;
}

static unsigned take_from(struct run *run, int32_t id)
{
	struct partition *p = partitions_at(run->partitions, id);
	uint64_t now, bytes = poller.bytes;
	ssize_t n;

	if (!p->owned)
		return 0;
	n = rd_kafka_consume_batch_queue(p->queue, 0, poller.messages, room(run));
	if (n <= 0)
		return 0;
	now = units_now_ns();
	if (poller.slot->n == 0)
		poller.slot->opened_ns = now;
	for (ssize_t i = 0; i < n; i++)
		take_message(run, p, poller.messages[i], now);
	atomic_store_explicit(&p->position, p->expected, memory_order_relaxed);
	turns_took(p, (unsigned)n, now);
	if (run->needs_nudge)
		nudge_took(&poller.nudge, id, (unsigned)n, poller.bytes - bytes);
	stats_add(&run->stats.consumed, (uint64_t)n);
	stats_set(&run->stats.consumed_bytes, poller.bytes);
	return (unsigned)n;
}

/* Once over the partitions, starting where the last pass stopped. */
static unsigned take_pass(struct run *run, bool from_all)
{
	unsigned n = partitions_count(run->partitions), got = 0;

	for (unsigned i = 0; i < n && room(run) > 0; i++) {
		int32_t id = (int32_t)poller.cursor;

		poller.cursor = (poller.cursor + 1) % n;
		if (from_all ||
		    turns_may(&poller.turns, partitions_at(run->partitions, id)))
			got += take_from(run, id);
	}
	return got;
}

static unsigned take_round(struct run *run)
{
	unsigned got;

	turns_begin(&poller.turns, run->partitions, units_now_ns());
	got = take_pass(run, false);
	if (got == 0)
		got = take_pass(run, true);
	if (run->needs_nudge)
		nudge_round(&poller.nudge, units_now_ns());
	return got;
}

/* What a fault took away comes back as rows. */
static unsigned take_given(struct run *run)
{
	struct slot *slot = poller.slot;
	unsigned before = slot->n;
	struct row row;

	while (slot->n < run->limits.batch && run->fault->give(&row)) {
		if (slot->n == 0)
			slot->opened_ns = units_now_ns();
		slot->rows[slot->n++] = row;
		slot->bytes += row.len;
		poller.kept--;
	}
	return slot->n - before;
}

static void wait_for_messages(uint64_t wait_us)
{
	struct pollfd fd = { .fd = source_wake_fd(), .events = POLLIN };
	int ms = (int)((wait_us + 999) / 1000);
	uint64_t count;
	ssize_t unused;

	if (poll(&fd, 1, ms < IDLE_MS ? ms : IDLE_MS) > 0) {
		unused = read(fd.fd, &count, sizeof(count));
		(void)unused;
	}
}

static uint64_t wait_left_us(const struct run *run)
{
	uint64_t waited;

	if (poller.slot->n == 0)
		return IDLE_MS * 1000;
	waited = (units_now_ns() - poller.slot->opened_ns) / 1000;
	return waited < run->options->batch_wait_us ? run->options->batch_wait_us - waited
						    : 0;
}

static bool finished(struct run *run)
{
	if (run_stopping(run))
		return true;
	return (poller.kept == 0 || run_given_up(run)) &&
	       stats_read(&run->stats.consumed) + stats_read(&run->stats.lost) >=
		       atomic_load_explicit(&run->target, memory_order_relaxed);
}

/* Fills the slot until it is full, has waited long enough, or is gone because a
 * rebalance dispatched it. */
static void fill(struct run *run)
{
	size_t bytes_max = run->limits.inflight_bytes / run->limits.slots;

	while (poller.slot != NULL && !finished(run)) {
		unsigned got = run->fault != NULL && run->fault->give != NULL
				       ? take_given(run)
				       : 0;

		got += room(run) > 0 ? take_round(run) : 0;
		if (poller.slot->n >= run->limits.batch ||
		    poller.slot->bytes >= bytes_max ||
		    (poller.slot->n > 0 && wait_left_us(run) == 0))
			return;
		if (got == 0 && run->needs_nudge)
			nudge_idle(&poller.nudge, units_now_ns());
		if (got == 0)
			wait_for_messages(wait_left_us(run));
		if (units_now_ns() - poller.served_ns > SERVE_NS)
			serve_events(run);
	}
}

/* A fault without back-pressure: there is no slot, and it polls all the same. */
static void take_overflow(struct run *run)
{
	poller.slot = &poller.overflow;
	take_round(run);
	poller.slot = NULL;
}

/* Waits for a free slot; meanwhile only events are served. A fault that knows no
 * back-pressure keeps taking messages all the same. */
static bool reserve(struct run *run)
{
	uint64_t start, now;

	poller.slot = belt_reserve(run->belt, 0);
	if (poller.slot != NULL)
		return true;
	stats_add(&run->stats.pauses, 1);
	start = units_now_ns();
	while (poller.slot == NULL && !run_stopping(run)) {
		serve_events(run);
		if (run->fault != NULL && run->fault->takes_all)
			take_overflow(run);
		poller.slot = belt_reserve(run->belt, 10000);
	}
	now = units_now_ns();
	stats_add(&run->stats.paused_ns, now - start);
	return poller.slot != NULL;
}

static void wait_for_breaker(struct run *run)
{
	uint64_t start = units_now_ns();

	if (!breaker_check(&poller.breaker, run))
		return;
	stats_add(&run->stats.pauses, 1);
	while (breaker_check(&poller.breaker, run) && !run_stopping(run)) {
		serve_events(run);
		belt_drained(run->belt, 20000);
		usleep(5000);
	}
	stats_add(&run->stats.paused_ns, units_now_ns() - start);
}

static size_t queue_length(void *with, int32_t id)
{
	const struct run *run = with;
	const struct partition *p = partitions_at(run->partitions, id);

	return p->queue != NULL ? rd_kafka_queue_length(p->queue) : 0;
}

/* Names no user and no password: there is no login here. What the call does besides is
 * what it is called for: every broker thread wakes and looks at its queues. */
static void wake_brokers(void *with)
{
	const struct run *run = with;

	rd_kafka_error_destroy(rd_kafka_sasl_set_credentials(run->consumer, "", ""));
}

static struct nudge_target nudge_target_of(struct run *run)
{
	return (struct nudge_target){ wake_brokers, queue_length, run };
}

void *source_thread(void *with)
{
	struct run *run = with;

	poller = (struct poller){ .run = run };
	nudge_init(&poller.nudge, nudge_target_of(run),
		   run->limits.prefetch_kbytes * 1024, run->limits.prefetch_messages);
	poller.turns.ahead = run->limits.answer_bytes / run->options->payload;
	breaker_init(&poller.breaker, run);
	while (!finished(run)) {
		serve_events(run);
		wait_for_breaker(run);
		if (!reserve(run))
			continue;
		fill(run);
		if (poller.slot != NULL && stats_read(&run->stats.first_ns) == 0 &&
		    poller.slot->n > 0)
			stats_set(&run->stats.first_ns, poller.slot->opened_ns);
		source_flush(run);
	}
	source_flush(run);
	belt_close(run->belt);
	/* the sink still works: keep the membership and hear commit answers */
	while (!belt_drained(run->belt, 20000) && !run_given_up(run))
		serve_events(run);
	return NULL;
}
