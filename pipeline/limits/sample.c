/*
 * sample - what the batches of a topic look like, before any limit is made
 *
 * A broker that is asked for one byte of a partition answers with one whole batch, since
 * a consumer could not go on otherwise (KIP-74). So each answer's size is that of a batch
 * and a few fields, and an interceptor tells it. Only one partition at a time: the others
 * of an answer would add a byte each. The last batch of a log is left out: it is as long
 * as it was when its producer had no more.
 *
 * The interceptor runs in a broker's thread, which sample_topic() has joined, by
 * destroying the client, before it reads what was written.
 */
#include "pipeline/limits/sample.h"

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/base/units.h"
#include "pipeline/kafka/no_log.h"

#define TAIL_MESSAGES 10000
#define PARTITIONS_TRIED 8u
#define PARTITIONS_READ 4u
#define BATCHES_EACH (SAMPLE_BATCHES / PARTITIONS_READ)
#define LONGEST_NS UINT64_C(1000000000)
#define POLL_MS 50
#define FETCH_KEY 1      /* of the protocol */
#define FIELDS 66        /* of an answer with one partition, without the topic's name */
#define ANSWER_COST 1024 /* bytes that one answer more is worth, in work */
#define LOG_LENGTH 256u  /* batches for which cuts are counted, the sample's in a row */
#define LONG_BATCH (32u * 1024) /* 100 orders; shorter ones make too many requests */
#define LONG_WASTE 1000         /* 100,000ths; what one an answer never throws away */
#define NEAR_PACE (32u * 1024 * 1024) /* 100,000 orders a second, from far away */
#define MARGIN_BYTES 64               /* batches of equal messages differ by some bytes */
#define MARGIN_SHARE 512
#define SMALL_SHARE 256

/* What the interceptor writes. n is counted up after the size is there: release, and
 * acquire where it is read while the client lives. sent orders nothing: relaxed. */
struct looking {
	size_t fields;
	uint64_t first_ns, last_ns; /* answers; read after the client's end */
	size_t first;               /* size of that one, which nothing was waited for */
	_Atomic uint64_t sent;
	_Atomic unsigned n;
	uint32_t batch[SAMPLE_BATCHES];
};

static rd_kafka_resp_err_t on_answer(rd_kafka_t *rk, int fd, const char *broker,
				     int32_t broker_id, int16_t key, int16_t version,
				     int32_t id, size_t size, int64_t rtt,
				     rd_kafka_resp_err_t err, void *with)
{
	struct looking *look = with;
	unsigned n = atomic_load_explicit(&look->n, memory_order_relaxed);

	(void)rk, (void)fd, (void)broker, (void)broker_id, (void)version, (void)id;
	(void)rtt;
	if (key != FETCH_KEY || err != RD_KAFKA_RESP_ERR_NO_ERROR || size <= look->fields)
		return RD_KAFKA_RESP_ERR_NO_ERROR;
	look->last_ns = units_now_ns();
	if (look->first_ns == 0) {
		look->first_ns = look->last_ns;
		look->first = size - look->fields;
	}
	atomic_fetch_add_explicit(&look->sent, size - look->fields, memory_order_relaxed);
	if (n < SAMPLE_BATCHES) {
		look->batch[n] = (uint32_t)(size - look->fields);
		atomic_store_explicit(&look->n, n + 1, memory_order_release);
	}
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *with,
				  char *why, size_t size)
{
	(void)conf, (void)why, (void)size;
	return rd_kafka_interceptor_add_on_response_received(rk, "sample", on_answer,
							     with);
}

static rd_kafka_t *open_reader(const char *brokers, struct looking *look)
{
	static const char *const pairs[][2] = {
		{ "group.id", "heapring-sample" }, /* asked for, never joined */
		{ "enable.auto.commit", "false" },
		{ "enable.auto.offset.store", "false" },
		{ "auto.offset.reset", "earliest" },
		{ "enable.partition.eof", "true" },
		{ "fetch.message.max.bytes", "1" },
		{ "fetch.wait.max.ms", "10" },
		{ "client.id", "heapring-pipeline" },
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[128];
	rd_kafka_t *rk = NULL;
	int r = rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof(why));

	for (size_t i = 0; r == RD_KAFKA_CONF_OK && i < sizeof(pairs) / sizeof(pairs[0]);
	     i++)
		r = rd_kafka_conf_set(conf, pairs[i][0], pairs[i][1], why, sizeof(why));
	rd_kafka_conf_set_log_cb(conf, no_log);
	rd_kafka_conf_interceptor_add_on_new(conf, "sample", on_new, look);
	if (r == RD_KAFKA_CONF_OK)
		rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	if (rk == NULL)
		rd_kafka_conf_destroy(conf);
	return rk;
}

static void give_partition(rd_kafka_t *rk, const char *topic, int32_t id)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, topic, id)->offset =
		RD_KAFKA_OFFSET_TAIL(TAIL_MESSAGES);
	rd_kafka_assign(rk, list);
	rd_kafka_topic_partition_list_destroy(list);
}

static unsigned seen(const struct looking *look)
{
	return atomic_load_explicit(&look->n, memory_order_acquire);
}

/* False at an error, of which the partition's end is one. */
static bool take_message(rd_kafka_t *rk, int wait_ms, struct sample *s)
{
	rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, wait_ms);
	bool fine = message == NULL || message->err == RD_KAFKA_RESP_ERR_NO_ERROR;

	if (message != NULL && fine) {
		s->messages++;
		s->bytes += message->len + message->key_len;
	}
	if (message != NULL)
		rd_kafka_message_destroy(message);
	return fine;
}

/* BATCHES_EACH of one partition, or what there is. */
static void read_partition(rd_kafka_t *rk, const char *topic, int32_t id, uint64_t until,
			   struct looking *look, struct sample *s)
{
	unsigned before = seen(look), enough = before + BATCHES_EACH;
	bool more = true;

	if (enough > SAMPLE_BATCHES)
		enough = SAMPLE_BATCHES; /* those before had more than was asked for */
	give_partition(rk, topic, id);
	while (more && seen(look) < enough && units_now_ns() < until)
		more = take_message(rk, POLL_MS, s);
	if (!more && seen(look) > before + 1)
		look->batch[seen(look) - 1] = 0;
}

/* Messages are counted in the first partition that has any, to the last that came. */
static void end_count(rd_kafka_t *rk, const struct looking *look, struct sample *s)
{
	for (uint64_t had = 0; had != s->messages;) {
		had = s->messages;
		take_message(rk, 0, s);
	}
	if (s->messages > 0)
		s->sent = atomic_load_explicit(&look->sent, memory_order_relaxed);
}

static void read_batches(rd_kafka_t *rk, const char *topic, unsigned partitions,
			 struct looking *look, struct sample *s)
{
	uint64_t until = units_now_ns() + LONGEST_NS;
	struct sample uncounted = { 0 }; /* of all but the first only sizes are wanted */
	unsigned read = 0;

	if (partitions > PARTITIONS_TRIED)
		partitions = PARTITIONS_TRIED;
	for (int32_t id = 0;
	     id < (int32_t)partitions && read < PARTITIONS_READ && units_now_ns() < until;
	     id++) {
		bool first = s->sent == 0;

		read_partition(rk, topic, id, until, look, first ? s : &uncounted);
		if (first)
			end_count(rk, look, s);
		read += s->sent > 0;
	}
}

static uint64_t pace_of(const struct looking *look)
{
	uint64_t bytes = atomic_load_explicit(&look->sent, memory_order_relaxed);
	uint64_t us = (look->last_ns - look->first_ns) / 1000;

	return us == 0 ? 0 : (bytes - look->first) * 1000000 / us;
}

static void keep_sizes(struct sample *s, const struct looking *look)
{
	unsigned n = s->sent > 0 ? seen(look) : 0;

	for (unsigned i = 0; i < n; i++)
		if (look->batch[i] != 0)
			s->batch[s->n++] = look->batch[i];
}

void sample_topic(struct sample *s, const char *brokers, const char *topic,
		  unsigned partitions)
{
	struct looking look = { .fields = FIELDS + strlen(topic) };
	rd_kafka_t *rk = open_reader(brokers, &look);

	*s = (struct sample){ 0 };
	if (rk == NULL)
		return;
	read_batches(rk, topic, partitions, &look, s);
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
	keep_sizes(s, &look);
	s->pace = pace_of(&look);
}

/* Bytes that are sent in vain for each that is kept, in 100,000ths, when a log of these
 * batches is read size bytes at a time and an answer costs as much as so many bytes.
 * UINT64_MAX: nothing would fit. */
static uint64_t cut_share(const struct sample *s, size_t size, size_t answer_cost)
{
	uint64_t kept = 0, cut = 0;

	for (unsigned at = 0; at < LOG_LENGTH;) {
		size_t sum = 0;

		for (; sum + s->batch[at % s->n] <= size; at++)
			sum += s->batch[at % s->n];
		if (sum == 0)
			return UINT64_MAX;
		kept += sum;
		cut += size - sum + answer_cost;
	}
	return cut * 100000 / kept;
}

static size_t with_margin(size_t size)
{
	return size + MARGIN_BYTES + size / MARGIN_SHARE;
}

/* The best of the sums of batches that follow each other; 0: none is within bounds. */
static size_t best_cut(const struct sample *s, size_t most)
{
	uint64_t least = UINT64_MAX;
	size_t best = 0;

	for (unsigned from = 0; from < s->n; from++) {
		size_t sum = 0, size = 0;

		for (unsigned i = 0; size <= most; i++) {
			uint64_t share = size >= most / 2
						 ? cut_share(s, size, ANSWER_COST)
						 : UINT64_MAX;

			if (share < least) {
				least = share;
				best = size;
			}
			sum += s->batch[(from + i) % s->n];
			size = with_margin(sum);
		}
	}
	return best;
}

size_t sample_fetch(const struct sample *s, size_t most)
{
	size_t usual = sample_usual_batch(s), best;

	if (s->n > 0 && usual < most / SMALL_SHARE)
		return most; /* whatever is cut is next to nothing */
	best = best_cut(s, most);
	if (usual < LONG_BATCH)
		return best;
	if (best == 0 || (s->pace >= NEAR_PACE && cut_share(s, best, 0) > LONG_WASTE))
		return SAMPLE_ONE_BATCH;
	return best;
}

static int by_size(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

size_t sample_usual_batch(const struct sample *s)
{
	uint32_t sorted[SAMPLE_BATCHES];

	if (s->n == 0)
		return 0;
	memcpy(sorted, s->batch, sizeof(sorted));
	qsort(sorted, s->n, sizeof(sorted[0]), by_size);
	return sorted[s->n / 2];
}
