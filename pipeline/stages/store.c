/*
 * store - the sink thread: retire batches in poll order, then say they are done
 *
 * Order of events for every batch: its rows are stored in one transaction, then dead
 * letters are sent and the watermarks move; a commit never runs ahead of the sink.
 * Under a backlog up to GROUP_MAX batches that are ready share a transaction: what a
 * commit costs by itself is shared too. What a batch cannot finish at once is deferred:
 * the watermark waits at its offset, the batch leaves.
 *   - poison: a dead letter; its offset is done when the broker has the letter;
 *   - refused: copied into the retry queue (retry.h), later stored or a dead letter;
 *   - trouble (-EAGAIN): the batch itself is tried again with growing waits for as long
 *     as it takes: the belt fills and the poller stops;
 *   - busy (-EBUSY): others write into the sink: the same, but that is a slow sink and
 *     not reported as one that is down.
 *
 * This thread alone uses the sink, the retry queue and the dead letter producer,
 * so none of them has a lock.
 */
#include "pipeline/stages/store.h"

#include <errno.h>
#include <time.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/say.h"
#include "pipeline/base/units.h"
#include "pipeline/stages/letters.h"

#define IDLE_US 20000
#define COMMIT_NS UINT64_C(200000000)
#define AHEAD 8
#define GROUP_MAX 8
#define WARM_BATCHES 20

int store_init(struct store *s, struct run *run)
{
	struct dlq_conf conf = {
		.brokers = run->brokers,
		.topic = run->dlq_topic,
		.source = run->options->topic,
		.messages = run->limits.dlq_messages,
		.kbytes = run->limits.dlq_kbytes,
		.settled = letters_settled,
		.with = s,
	};

	*s = (struct store){ .run = run, .seed = (unsigned)units_now_ns() };
	s->group = run->limits.slots / 2 < GROUP_MAX ? run->limits.slots / 2 : GROUP_MAX;
	if (run->fault != NULL)
		s->group = 1; /* an anti-pattern is shown as it is */
	s->retry = retry_new(run->limits.retries, run->limits.retry_bytes);
	s->dlq = dlq_new(&conf);
	return s->retry != NULL && s->dlq != NULL ? 0 : -ENOMEM;
}

void store_done(struct store *s)
{
	retry_free(s->retry);
	dlq_free(s->dlq);
}

static void publish(struct store *s)
{
	struct stats *stats = &s->run->stats;

	stats_set(&stats->retry_waiting, retry_count(s->retry));
	stats_set(&stats->retry_bytes, retry_bytes(s->retry));
	stats_set(&stats->dead_waiting, dlq_waiting(s->dlq));
	stats_set(&stats->duplicates, s->run->sink->duplicates);
	memory_publish();
}

static void commit(struct store *s, uint64_t now)
{
	rd_kafka_topic_partition_list_t *offsets;

	if (now - s->committed_ns < COMMIT_NS)
		return;
	s->committed_ns = now;
	offsets = partitions_offsets(s->run->partitions, NULL);
	if (offsets == NULL)
		return;
	rd_kafka_commit(s->run->consumer, offsets, 1 /* do not wait */);
	rd_kafka_topic_partition_list_destroy(offsets);
}

static void trouble(struct store *s, bool is_down)
{
	if (is_down && !s->down)
		say_note("sink: %s; trying again until it works",
			 sink_error(s->run->sink));
	if (!is_down && s->down)
		say_note("sink: works again");
	s->down = is_down;
	atomic_store_explicit(&s->run->stats.sink_down, is_down, memory_order_relaxed);
}

static void back_off(struct store *s, unsigned attempt)
{
	uint64_t until = units_now_ns() + retry_backoff_ns(attempt, &s->seed) / 2;

	while (units_now_ns() < until && !run_given_up(s->run)) {
		struct timespec pause = { 0, 10000000 };

		letters_serve(s, 0);
		nanosleep(&pause, NULL);
	}
}

/* Nothing can be stored there any more. */
static int sink_is_over(struct store *s, int r)
{
	if (r == -EEXIST)
		say_error("sink %s: topic %s was made anew since; give another file or "
			  "table, and another --group",
			  sink_error(s->run->sink), s->run->options->topic);
	else
		say_error("sink %s; what is not acknowledged comes again at the next "
			  "start",
			  sink_error(s->run->sink));
	s->failed = true;
	run_fail(s->run, EXIT_INPUT);
	return -ECANCELED;
}

/* Stores what is good in rows. 0 stored; -EBADMSG some were refused;
 * -ECANCELED the drain time is over or the run cannot go on. */
static int write_rows(struct store *s, struct row *rows, unsigned n)
{
	uint64_t start = units_now_ns();
	unsigned attempt = 0;
	int r;

	while ((r = sink_write(s->run->sink, rows, n)) == -EAGAIN || r == -EBUSY) {
		if (r == -EAGAIN) {
			stats_add(&s->run->stats.sink_errors, 1);
			trouble(s, true);
			attempt++;
		}
		back_off(s, attempt);
		if (run_given_up(s->run) || s->failed)
			return -ECANCELED;
	}
	if (r == -EEXIST || r == -ESTALE)
		return sink_is_over(s, r);
	trouble(s, false);
	stats_add(&s->run->stats.sink_ns, units_now_ns() - start);
	return r;
}

/* One entry of the retry queue that is due: decode its copy and store it alone. */
static void retry_one(struct store *s, struct retry_entry *entry)
{
	struct row row = { .payload = entry->payload,
			   .len = entry->len,
			   .offset = entry->offset,
			   .partition = entry->partition,
			   .state = ROW_GOOD };
	struct arena arena;
	int r = -ENOMEM;

	if (!partitions_current(s->run->partitions, entry->generation,
				entry->partition)) {
		retry_drop(s->retry, entry); /* its new owner gets it from Kafka */
		return;
	}
	if (arena_init(&arena, LIMITS_ARENA_PER_MESSAGE) == 0) {
		arena_allow(&arena, row.len + EVENT_ARENA_MAX);
		r = s->run->decode(row.payload, row.len, &arena, &row.event, &row.why);
		if (r == 0)
			r = write_rows(s, &row, 1);
		decode_release(&row.event);
		arena_done(&arena);
	}
	stats_add(&s->run->stats.retried, 1);
	if (r == 0) {
		partitions_settle(s->run->partitions, entry->generation, entry->partition,
				  entry->offset);
		stats_add(&s->run->stats.processed, 1);
		retry_drop(s->retry, entry);
	} else if (r == -EBADMSG && (entry->attempts + 1 >= s->run->options->attempts ||
				     units_now_ns() - entry->first_ns >
					     s->run->options->retry_ttl_us * 1000)) {
		entry->attempts++;
		entry->why = row.why;
		letters_bury_entry(s, entry);
		retry_drop(s->retry, entry);
	} else {
		retry_again(s->retry, entry);
	}
}

static void retry_due(struct store *s)
{
	struct retry_entry *entry;

	while (!run_given_up(s->run) &&
	       (entry = retry_take(s->retry, units_now_ns())) != NULL)
		retry_one(s, entry);
}

/* Settles deferred work until there is room again. -ECANCELED at the end. */
static int make_room(struct store *s)
{
	struct timespec pause = { 0, 1000000 };

	if (run_given_up(s->run) || s->failed)
		return -ECANCELED;
	letters_serve(s, 1);
	retry_due(s);
	nanosleep(&pause, NULL);
	return 0;
}

static int defer_row(struct store *s, struct slot *slot, struct row *row)
{
	int r;

	while ((r = partitions_defer(s->run->partitions, slot->generation, row->partition,
				     row->offset)) == -EAGAIN)
		if (make_room(s) != 0)
			return -ECANCELED;
	if (r != 0)
		return r;
	if (row->state == ROW_POISON)
		return letters_bury_row(s, slot, row);
	while ((r = retry_add(s->retry, row, slot->generation)) == -EAGAIN)
		if (make_room(s) != 0)
			return -ECANCELED;
	return r;
}

/* [from, to) of the slot are good rows of one partition in rising order. */
static int mark_run(struct store *s, struct slot *slot, unsigned from, unsigned to)
{
	int r;

	if (from == to)
		return 0;
	while ((r = partitions_done(s->run->partitions, slot->generation,
				    slot->rows[from].partition, slot->rows[from].offset,
				    slot->rows[to - 1].offset + 1)) == -EAGAIN)
		if (make_room(s) != 0)
			return -ECANCELED;
	stats_add(&s->run->stats.processed, to - from);
	return 0;
}

/* Moves the watermarks over the slot, in order; defers what is not done. */
static int mark_slot(struct store *s, struct slot *slot)
{
	unsigned start = 0, i;
	int r = 0;

	for (i = 0; i < slot->n && r == 0; i++) {
		struct row *row = &slot->rows[i];
		bool good = row->state == ROW_GOOD;

		if (good &&
		    (i == start || (row->partition == slot->rows[i - 1].partition &&
				    row->offset > slot->rows[i - 1].offset)))
			continue;
		r = mark_run(s, slot, start, i);
		start = good ? i : i + 1;
		if (r == 0 && !good)
			r = defer_row(s, slot, row);
	}
	return r == 0 ? mark_run(s, slot, start, slot->n) : r;
}

/* An offset that could not be deferred would be passed over by the next batch's. */
static int settle_slot(struct store *s, struct slot *slot)
{
	int r = mark_slot(s, slot);

	if (r == 0 || run_given_up(s->run) || s->failed)
		return r;
	say_error("out of memory while messages were put aside; they stay "
		  "unacknowledged");
	s->failed = true;
	run_fail(s->run, EXIT_FAILED);
	return r;
}

/* Nothing but poison from the start on means a wrong encoding, not bad messages:
 * stop before a single one is buried. */
static bool wrong_schema(struct store *s, const struct slot *slot)
{
	unsigned poison = 0;

	if (s->seen_good || s->run->options->first_poison == 0)
		return false;
	for (unsigned i = 0; i < slot->n; i++) {
		if (slot->rows[i].state == ROW_GOOD) {
			s->seen_good = true;
			return false;
		}
		poison++;
	}
	if (poison < s->run->options->first_poison)
		return false;
	say_error("topic %s: the first %u messages are all refused (%s); is --encoding "
		  "right? None of them was acknowledged; if they really are bad, give "
		  "--first-poison 0",
		  s->run->options->topic, poison, slot->rows[0].why);
	run_fail(s->run, EXIT_INPUT);
	s->failed = true;
	return true;
}

static void measure(struct store *s, const struct slot *slot)
{
	struct stats *stats = &s->run->stats;
	uint64_t now = units_now_ns(), now_ms = units_unix_ms();
	unsigned i = 0, same;

	for (; i < slot->n; i += same) {
		for (same = 1; i + same < slot->n &&
			       slot->rows[i + same].polled_ns == slot->rows[i].polled_ns;)
			same++;
		histogram_record(&stats->latency, (now - slot->rows[i].polled_ns) / 1000,
				 same);
	}
	for (i = 0; i < slot->n; i += 8) {
		rd_kafka_timestamp_type_t type;
		int64_t at = slot->rows[i].message == NULL
				     ? -1
				     : rd_kafka_message_timestamp(slot->rows[i].message,
								  &type);

		if (at > 0)
			histogram_record(
				&stats->end_to_end,
				(int64_t)now_ms > at ? (now_ms - (uint64_t)at) * 1000 : 0,
				slot->n - i < 8 ? slot->n - i : 8);
	}
	histogram_record(&stats->batch_size, slot->n, 1);
	stats_set(&stats->last_ns, now);
	stats_add(&stats->batches, 1);
}

static void mark_warm(struct store *s)
{
	struct memory_count count;

	if (stats_read(&s->run->stats.batches) != WARM_BATCHES)
		return;
	count = memory_total();
	stats_set(&s->run->stats.warm_calls, count.calls);
	stats_set(&s->run->stats.warm_bytes, count.bytes);
	stats_set(&s->run->stats.warm_decoded, stats_read(&s->run->stats.decoded));
}

/* Messages were last written by another thread: fetch their lines ahead. */
static void release(struct slot *slot)
{
	for (unsigned i = 0; i < slot->n; i++) {
		struct row *row = &slot->rows[i];

		if (i + AHEAD < slot->n)
			__builtin_prefetch(row[AHEAD].message);
		decode_release(&row->event);
		if (row->message != NULL)
			rd_kafka_message_destroy(row->message);
		free(row->copy);
	}
}

static unsigned rows_in(const struct slot *slots, unsigned n)
{
	unsigned rows = 0;

	for (unsigned i = 0; i < n; i++)
		rows += slots[i].n;
	return rows;
}

/* All good rows of the slots, which lie in one piece, in one transaction. */
static bool store_rows(struct store *s, struct slot *slots, unsigned n)
{
	int r;

	if (s->failed || run_given_up(s->run) || wrong_schema(s, slots))
		return false;
	/* refused rows change state, so the second write has them no more */
	while ((r = write_rows(s, slots->rows, rows_in(slots, n))) == -EBADMSG)
		;
	return r == 0;
}

static void retire(struct store *s, struct slot *slots, unsigned n)
{
	bool stored = store_rows(s, slots, n);

	for (struct slot *slot = slots; slot < slots + n; slot++) {
		stored = stored && settle_slot(s, slot) == 0;
		if (stored) {
			measure(s, slot);
			mark_warm(s);
			if (s->run->fault != NULL && s->run->fault->stored != NULL)
				s->run->fault->stored(slot);
		}
		release(slot);
		belt_retire(s->run->belt, slot);
	}
}

/* After the last batch: what was deferred, within the drain time. */
static void finish(struct store *s)
{
	while ((retry_count(s->retry) > 0 || dlq_waiting(s->dlq) > 0) &&
	       make_room(s) == 0)
		;
	if (retry_count(s->retry) > 0 || dlq_waiting(s->dlq) > 0)
		say_note("%u refused rows and %u dead letters did not finish in time; "
			 "they stay unacknowledged and come again",
			 retry_count(s->retry), dlq_waiting(s->dlq));
}

void *store_thread(void *with)
{
	struct store *s = with;
	struct slot *slot;
	int r;

	while ((r = belt_next(s->run->belt, IDLE_US, &slot)) != -ESHUTDOWN) {
		if (r == 0)
			retire(s, slot, belt_ready(s->run->belt, s->group));
		retry_due(s);
		letters_serve(s, 0);
		commit(s, units_now_ns());
		publish(s);
	}
	finish(s);
	publish(s);
	return NULL;
}
