/*
 * producer - make order events and send them, at a pace and never too far ahead
 *
 * The embedded broker keeps 5 MiB and 100,000 batches a partition and drops the
 * oldest without a word, and it answers a fetch with one batch a partition. So
 *   - the messages that were sent but not consumed are bounded in each partition by
 *     what it can hold; a partition that is full is passed over;
 *   - messages go to one partition for a while (RUN_LENGTH, or a linger time when
 *     paced) before the next has its turn: batches of hundreds, not of dozens. A
 *     backlog for a real broker is of full batches, so a turn ends with one.
 *
 * Its own queue (librdkafka's)
 *   owner  librdkafka from produce to acknowledgement;  bound QUEUE_MESSAGES and
 *   QUEUE_KBYTES;  full: wait for acknowledgements;  end: flushed.
 */
#include "pipeline/kafka/producer.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/say.h"
#include "pipeline/base/units.h"
#include "pipeline/kafka/no_log.h"
#include "pipeline/kafka/order.h"
#include "pipeline/kafka/reach.h"
#include "pipeline/kafka/topic.h"

#define QUEUE_MESSAGES 10000
#define QUEUE_KBYTES 4096
#define RUN_LENGTH 500
#define BATCH_HEAD 61  /* bytes of a batch before its first record */
#define RECORD_HEAD 36 /* the most that a record has beside its payload */
#define LINGER_MS 5
#define TICK_US 1000
#define FLUSH_NS UINT64_C(60000000000)
#define UNASKED_NS                                                                       \
	UINT64_C(10000000000) /* for a topic that the question may have made             \
			       */
#define MOCK_KEEPS (4u << 20) /* of 5 MiB: batch headers and the batch on its way */

struct producer {
	struct producer_conf conf;
	rd_kafka_t *rk;
	rd_kafka_topic_t *topic;
	struct reach reach; /* of a real broker */
	struct order_set *orders;
	uint8_t *payloads;         /* RUN_LENGTH of them */
	rd_kafka_message_t *batch; /* the same number, payloads set */
	char brokers[128];
	uint64_t sent, errors, window, begun_ns;
	rd_kafka_resp_err_t first_error;
	uint64_t *sent_to; /* of each partition */
	int32_t partition;
	unsigned turn, in_run; /* messages that a partition gets, and has got */
	uint64_t run_ns;
	_Atomic bool stop;
};

static void count_error(struct producer *p, rd_kafka_resp_err_t err)
{
	if (p->errors++ == 0)
		p->first_error = err;
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct producer *p = opaque;

	(void)rk;
	if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		count_error(p, message->err);
}

/* The embedded broker answers a fetch with one batch a partition, so a batch of
 * RUN_LENGTH costs a fifth less on all sides; where memory is short it is smaller. Who
 * sends at a pace does so for a consumer that keeps up. A backlog of a real broker is in
 * the usual 16 KiB: it cuts its answers anywhere, and what is cut is fetched again. */
static unsigned batch_bytes(const struct producer_conf *c)
{
	if (c->brokers == NULL)
		return c->thrifty ? 65536 : 262144;
	return c->rate != 0 ? 65536 : 16384;
}

static bool fills_batches(const struct producer_conf *c)
{
	return c->brokers != NULL && c->rate == 0;
}

/* So many surely fit, so it is their number that ends a batch. */
static unsigned batch_messages(const struct producer_conf *c)
{
	unsigned fit = (batch_bytes(c) - BATCH_HEAD) / (c->payload + RECORD_HEAD);

	if (!fills_batches(c) || fit > RUN_LENGTH)
		return RUN_LENGTH;
	return fit > 0 ? fit : 1;
}

static int set_conf(rd_kafka_conf_t *conf, const struct producer_conf *c)
{
	char messages[16], kbytes[16], batch[16], most[16], why[256];
	const char *const pairs[][2] = {
		{ "queue.buffering.max.messages", messages },
		{ "queue.buffering.max.kbytes", kbytes },
		{ "batch.num.messages", most },
		{ "batch.size", batch },
		{ "linger.ms", fills_batches(c) ? "50" : "5" },
		{ "delivery.report.only.error", "true" },
		{ "message.max.bytes", "10000000" },
		{ "sticky.partitioning.linger.ms", "0" },
		{ c->brokers == NULL ? "test.mock.num.brokers" : "bootstrap.servers",
		  c->brokers == NULL ? "1" : c->brokers },
		{ "enable.idempotence", c->brokers == NULL ? "false" : "true" },
	};

	snprintf(messages, sizeof(messages), "%d", QUEUE_MESSAGES);
	snprintf(kbytes, sizeof(kbytes), "%d", QUEUE_KBYTES);
	snprintf(batch, sizeof(batch), "%u", batch_bytes(c));
	snprintf(most, sizeof(most), "%u", batch_messages(c));
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (rd_kafka_conf_set(conf, pairs[i][0], pairs[i][1], why, sizeof(why)) !=
		    RD_KAFKA_CONF_OK) {
			say_error("producer: %s", why);
			return -1;
		}
	return 0;
}

static int open_handle(struct producer *p)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];

	rd_kafka_conf_set_opaque(conf, p);
	rd_kafka_conf_set_dr_msg_cb(conf, on_report);
	rd_kafka_conf_set_log_cb(conf, no_log);
	if (set_conf(conf, &p->conf) != 0) {
		rd_kafka_conf_destroy(conf);
		return -1;
	}
	if (p->conf.brokers != NULL)
		reach_watch(&p->reach, conf, p->conf.brokers, NULL);
	p->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (p->rk != NULL)
		return 0;
	say_error("producer: %s", why);
	rd_kafka_conf_destroy(conf);
	return -1;
}

static int start_mock(struct producer *p)
{
	rd_kafka_mock_cluster_t *cluster = rd_kafka_handle_mock_cluster(p->rk);

	snprintf(p->brokers, sizeof(p->brokers), "%s",
		 rd_kafka_mock_cluster_bootstraps(cluster));
	if (rd_kafka_mock_topic_create(cluster, p->conf.topic, (int)p->conf.partitions,
				       1) != RD_KAFKA_RESP_ERR_NO_ERROR ||
	    rd_kafka_mock_topic_create(cluster, p->conf.dlq_topic, 1, 1) !=
		    RD_KAFKA_RESP_ERR_NO_ERROR) {
		say_error("embedded broker: topic %s cannot be made", p->conf.topic);
		return -1;
	}
	p->window = MOCK_KEEPS / (p->conf.payload + 40);
	return 0;
}

/* NULL after a line, when the broker does not answer. */
static const struct rd_kafka_metadata *ask(struct producer *p)
{
	const struct rd_kafka_metadata *meta;
	rd_kafka_resp_err_t err = reach_metadata(&p->reach, p->rk, p->topic, &meta);

	if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
		return meta;
	say_error("broker %s: %s; is it running?", p->conf.brokers,
		  rd_kafka_err2str(err));
	return NULL;
}

/* One that was just made, now or by the question, is not known to every node yet, and one
 * without a leader will have one in a moment. */
static bool comes_soon(rd_kafka_resp_err_t err)
{
	return err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
	       err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

/* How many partitions a topic of a real broker has. */
static int ask_partitions(struct producer *p)
{
	uint64_t patience = p->conf.make_topic ? REACH_NS : UNASKED_NS, until = 0;
	rd_kafka_resp_err_t err;

	snprintf(p->brokers, sizeof(p->brokers), "%s", p->conf.brokers);
	do {
		const struct rd_kafka_metadata *meta = ask(p);

		if (meta == NULL)
			return -1;
		if (until == 0)
			until = units_now_ns() + patience;
		err = meta->topics[0].err;
		if (err == RD_KAFKA_RESP_ERR_NO_ERROR &&
		    meta->topics[0].partition_cnt > 0)
			p->conf.partitions = (unsigned)meta->topics[0].partition_cnt;
		rd_kafka_metadata_destroy(meta);
		if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
			return 0;
	} while (comes_soon(err) && reach_again(&p->reach, until));
	say_error("topic %s on %s: %s; create it first", p->conf.topic, p->conf.brokers,
		  rd_kafka_err2str(err));
	return -1;
}

/* Made before its handle: that one asks for it, and a broker that makes topics by
 * itself would make it with a number of partitions of its own. */
static int make_topic(struct producer *p)
{
	const struct rd_kafka_metadata *meta = ask(p);

	if (meta == NULL)
		return -1;
	rd_kafka_metadata_destroy(meta);
	return topic_make(p->rk, p->conf.topic, p->conf.partitions) == 0 ? 0 : -1;
}

static int reach_topic(struct producer *p)
{
	const struct producer_conf *c = &p->conf;
	unsigned wanted = c->partitions;

	if (c->brokers != NULL && c->make_topic && make_topic(p) != 0)
		return -1;
	p->topic = rd_kafka_topic_new(p->rk, c->topic, NULL);
	if (c->brokers == NULL)
		return 0;
	if (ask_partitions(p) != 0)
		return -1;
	if (c->make_topic && c->partitions != wanted)
		say_note("topic %s is there already, with %u partitions", c->topic,
			 c->partitions);
	return 0;
}

static int make_batch(struct producer *p)
{
	p->payloads = memory_alloc((size_t)RUN_LENGTH * p->conf.payload);
	p->batch = memory_zero(RUN_LENGTH, sizeof(p->batch[0]));
	if (p->payloads == NULL || p->batch == NULL)
		return -1;
	for (unsigned i = 0; i < RUN_LENGTH; i++) {
		p->batch[i].payload = p->payloads + (size_t)i * p->conf.payload;
		p->batch[i].len = p->conf.payload;
	}
	return 0;
}

struct producer *producer_open(const struct producer_conf *conf)
{
	struct producer *p = memory_zero(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->conf = *conf;
	p->window = UINT64_MAX;
	p->turn = RUN_LENGTH / batch_messages(conf) * batch_messages(conf);
	p->orders = order_set_new(conf->encoding, conf->payload);
	if (p->orders == NULL || make_batch(p) != 0 || open_handle(p) != 0 ||
	    (conf->brokers == NULL && start_mock(p) != 0)) {
		producer_close(p);
		return NULL;
	}
	if (reach_topic(p) == 0)
		p->sent_to = memory_zero(p->conf.partitions, sizeof(p->sent_to[0]));
	if (p->sent_to == NULL) {
		producer_close(p);
		return NULL;
	}
	return p;
}

const char *producer_brokers(const struct producer *p)
{
	return p->brokers;
}

const char *producer_error(const struct producer *p)
{
	if (p->errors == 0)
		return "no answer in time";
	return rd_kafka_err2str(p->first_error);
}

void producer_stop(struct producer *p)
{
	atomic_store_explicit(&p->stop, true, memory_order_relaxed);
}

static bool stopped(const struct producer *p)
{
	return atomic_load_explicit(&p->stop, memory_order_relaxed) ||
	       (p->conf.stop != NULL && p->conf.stop());
}

static bool over(const struct producer *p)
{
	if (stopped(p))
		return true;
	if (p->conf.messages != 0 && p->sent >= p->conf.messages)
		return true;
	return p->conf.duration_us != 0 &&
	       units_now_ns() - p->begun_ns > p->conf.duration_us * 1000;
}

/* How many more messages the current partition can hold. */
static uint64_t room(const struct producer *p)
{
	uint64_t ahead, drained;

	if (p->conf.drained == NULL || p->window == UINT64_MAX)
		return UINT64_MAX;
	drained = p->conf.drained(p->conf.with, p->partition);
	ahead = p->sent_to[p->partition] - drained;
	return ahead < p->window ? p->window - ahead : 0;
}

/* The next partition's turn, or that of the first one that has room. */
static void next_partition(struct producer *p, uint64_t now_ns)
{
	bool rested = now_ns - p->run_ns > LINGER_MS * UINT64_C(1000000);

	if (p->in_run < p->turn && !rested && room(p) > 0)
		return;
	p->in_run = 0;
	p->run_ns = now_ns;
	for (unsigned i = 0; i < p->conf.partitions; i++) {
		p->partition = (p->partition + 1) % (int32_t)p->conf.partitions;
		if (room(p) > 0)
			return;
	}
}

static bool spoiled(const struct producer *p, uint64_t id)
{
	uint64_t hash = id * UINT64_C(0x9e3779b97f4a7c15);

	return (double)(hash >> 40) / (double)(1 << 24) < p->conf.poison;
}

/* What librdkafka's queue has room for: only this thread fills it. */
static unsigned queue_room(const struct producer *p)
{
	uint64_t most = QUEUE_KBYTES * UINT64_C(1024) / p->conf.payload;
	uint64_t held = (uint64_t)rd_kafka_outq_len(p->rk);

	if (most > QUEUE_MESSAGES)
		most = QUEUE_MESSAGES;
	if (most <= held)
		return held == 0; /* a message larger than the queue: let it say so */
	return most - held < RUN_LENGTH ? (unsigned)(most - held) : RUN_LENGTH;
}

/* At most RUN_LENGTH messages with one call, which looks at clock and partition once. */
static void send_batch(struct producer *p, unsigned n, uint64_t now_ms)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t id = p->sent + 1 + i;

		order_write(p->orders, id, now_ms, p->batch[i].payload);
		if (p->conf.poison > 0 && spoiled(p, id))
			order_spoil(p->orders, p->batch[i].payload);
	}
	if (rd_kafka_produce_batch(p->topic, p->partition, RD_KAFKA_MSG_F_COPY, p->batch,
				   (int)n) != (int)n)
		for (unsigned i = 0; i < n; i++)
			if (p->batch[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
				count_error(p, p->batch[i].err);
	p->sent += n;
	p->sent_to[p->partition] += n;
	p->in_run += n;
}

static void send_all(struct producer *p, uint64_t n, uint64_t now_ms)
{
	while (n > 0 && !stopped(p)) {
		unsigned some = queue_room(p);

		if (some == 0) {
			rd_kafka_poll(p->rk, 1);
			continue;
		}
		if (some > n)
			some = (unsigned)n;
		send_batch(p, some, now_ms);
		n -= some;
	}
}

/* How many may be sent now: pace, end and window together. */
static uint64_t allowance(const struct producer *p, uint64_t now_ns)
{
	uint64_t n = p->turn, space = room(p);

	if (p->conf.rate != 0) {
		double due = (double)(now_ns - p->begun_ns) / 1e9 * (double)p->conf.rate;

		n = due > (double)p->sent ? (uint64_t)due - p->sent : 0;
	}
	if (n > p->turn)
		n = p->turn;
	if (p->conf.messages != 0 && p->conf.messages - p->sent < n)
		n = p->conf.messages - p->sent;
	return n < space ? n : space;
}

/* As long as there are some, within FLUSH_NS of each other. */
static void wait_for_answers(struct producer *p)
{
	uint64_t moved_ns = units_now_ns();
	int left = rd_kafka_outq_len(p->rk);

	while (left > 0 && units_now_ns() - moved_ns < FLUSH_NS) {
		int before = left;

		rd_kafka_flush(p->rk, 100);
		left = rd_kafka_outq_len(p->rk);
		if (left < before)
			moved_ns = units_now_ns();
	}
}

uint64_t producer_run(struct producer *p)
{
	p->begun_ns = p->run_ns = units_now_ns();
	while (!over(p)) {
		uint64_t now = units_now_ns(), n = allowance(p, now),
			 ms = units_unix_ms();

		next_partition(p, now);
		send_all(p, n, ms);
		rd_kafka_poll(p->rk, 0);
		if (p->conf.sent != NULL)
			atomic_store_explicit(p->conf.sent, p->sent,
					      memory_order_relaxed);
		if (n < p->turn)
			usleep(TICK_US);
	}
	wait_for_answers(p);
	return p->sent - p->errors - (uint64_t)rd_kafka_outq_len(p->rk);
}

void producer_close(struct producer *p)
{
	if (p == NULL)
		return;
	if (p->topic != NULL)
		rd_kafka_topic_destroy(p->topic);
	if (p->rk != NULL)
		rd_kafka_destroy(p->rk);
	order_set_free(p->orders);
	free(p->payloads);
	free(p->batch);
	free(p->sent_to);
	free(p);
}
