/*
 * source_conf - the consumer's settings, from the run's limits
 *
 * What each is for
 *   offsets are ours: no auto commit, no auto store;
 *   fetch.message.max.bytes, queued.max.messages.kbytes, queued.min.messages: with a
 *     queue for each partition they apply to each partition; librdkafka counts payload
 *     alone as bytes, so the number of messages bounds small and empty ones;
 *   fetch.max.bytes: holds all partitions' shares, or the last ones starve;
 *   receive.message.max.bytes: what memory allows, since a message is sent whole;
 *     a longer one ends the run, for librdkafka would ask again and again;
 *   fetch.wait.max.ms: short, since the embedded broker sleeps it out in full and
 *     since a watermark query waits behind it on the same connection;
 *   fetch.min.bytes: half a batch is worth an answer, or the wait is over; with answers
 *     for every few messages a paced topic cost half as much again, on both sides. The
 *     embedded broker does not look again when there is more, so it answers at once;
 *   topic.metadata.refresh.interval.ms: the longest time until new partitions are
 *     read and a topic that was removed is noticed;
 *   fetch.queue.backoff.ms: exists from librdkafka 2.2; without it a thread that found
 *     its queue full sleeps a second, and must be woken (nudge.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "pipeline/base/say.h"
#include "pipeline/base/units.h"
#include "pipeline/kafka/commit.h"
#include "pipeline/kafka/received.h"
#include "pipeline/stages/source.h"

#define LEAVE_NS UINT64_C(8000000000)
#define LEAVE_POLL_MS 100

static int wake_fd = -1; /* set by source_open, closed by source_close */

int source_wake_fd(void)
{
	return wake_fd;
}

static void on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t err,
		      rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct run *run = opaque;

	(void)rk;
	if (err == RD_KAFKA_RESP_ERR__NO_OFFSET)
		return;
	stats_add(err == RD_KAFKA_RESP_ERR_NO_ERROR ? &run->stats.commits
						    : &run->stats.commit_errors,
		  1);
	commit_doubt(list, err);
	partitions_committed(run->partitions, list);
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility,
		   const char *text)
{
	(void)rk;
	if (level <= 3 && strstr(text, "receive.message.max.bytes") == NULL)
		say_note("librdkafka %s: %s", facility, text);
}

/* librdkafka would ask for it for ever. */
static void say_too_long(struct run *run)
{
	char most[UNITS_TEXT_MAX];

	say_error("topic %s: has a message longer than the %s that this run can take at "
		  "once; give more --memory",
		  run->options->topic, units_bytes_text(most, run->limits.receive_most));
	run_fail(run, EXIT_INPUT);
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
	struct run *run = opaque;
	char why[256];

	stats_add(&run->stats.broker_errors, 1);
	if (err == RD_KAFKA_RESP_ERR__BAD_MSG && !run_stopping(run) &&
	    strstr(reason, "receive.message.max.bytes") != NULL)
		say_too_long(run);
	if (err != RD_KAFKA_RESP_ERR__FATAL)
		return;
	rd_kafka_fatal_error(rk, why, sizeof(why));
	say_error("consumer of %s: %s (%s); start again", run->options->topic, why,
		  reason);
	run_fail(run, EXIT_FAILED);
}

/* All numbers with that name in the text, added up; *ret_last is the last one. */
static uint64_t sum_of(const char *json, const char *name, uint64_t *ret_last)
{
	size_t len = strlen(name);
	uint64_t sum = 0;

	*ret_last = 0;
	for (const char *at = strstr(json, name); at != NULL; at = strstr(at, name)) {
		at += len;
		*ret_last = strtoull(at, NULL, 10);
		sum += *ret_last;
	}
	return sum;
}

/* librdkafka's own counts, without building a tree of its JSON. */
static int on_stats(rd_kafka_t *rk, char *json, size_t len, void *opaque)
{
	struct stats *stats = &((struct run *)opaque)->stats;
	uint64_t last, unused;

	(void)rk, (void)len;
	/* each broker has its own, the last is the total of the instance */
	sum_of(json, "\"rx_bytes\":", &last);
	stats_set(&stats->rx_bytes, last);
	stats_set(&stats->prefetched, sum_of(json, "\"fetchq_cnt\":", &unused));
	stats_set(&stats->prefetched_bytes, sum_of(json, "\"fetchq_size\":", &unused));
	return 0;
}

static int set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char why[256];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
		return 0;
	say_error("setting %s=%s: %s; this librdkafka is too old or too new", name, value,
		  why);
	return -EINVAL;
}

static int set_number(rd_kafka_conf_t *conf, const char *name, size_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", value);
	return set(conf, name, text);
}

static int set_all(struct run *run, rd_kafka_conf_t *conf)
{
	const struct limits *l = &run->limits;
	static const char *const pairs[][2] = {
		{ "enable.auto.commit", "false" },
		{ "enable.auto.offset.store", "false" },
		{ "auto.offset.reset", "earliest" },
		{ "partition.assignment.strategy", "cooperative-sticky" },
		{ "session.timeout.ms", "6000" },
		{ "heartbeat.interval.ms", "1000" },
		{ "max.poll.interval.ms", "300000" },
		{ "fetch.wait.max.ms", "10" },
		{ "fetch.error.backoff.ms", "50" },
		{ "topic.metadata.refresh.interval.ms", "10000" },
		{ "statistics.interval.ms", "1000" },
		{ "check.crcs", "false" },
		{ "client.id", "heapring-pipeline" },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(pairs) / sizeof(pairs[0]); i++)
		r = set(conf, pairs[i][0], pairs[i][1]);
	if (r != 0 || (r = set(conf, "bootstrap.servers", run->brokers)) != 0 ||
	    (r = set(conf, "group.id", run->options->group)) != 0 ||
	    (r = set_number(conf, "fetch.message.max.bytes", l->fetch_bytes)) != 0 ||
	    (r = set_number(conf, "fetch.max.bytes", l->fetch_total)) != 0 ||
	    (r = set_number(conf, "receive.message.max.bytes", l->receive_most)) != 0 ||
	    (r = set_number(conf, "fetch.min.bytes",
			    run->options->embedded ? 1 : l->fetch_least)) != 0)
		return r;
	return set_number(conf, "queued.max.messages.kbytes", l->prefetch_kbytes) != 0 ||
			       set_number(conf, "queued.min.messages",
					  l->prefetch_messages) != 0
		       ? -EINVAL
		       : 0;
}

static void choose_wakeup(struct run *run, rd_kafka_conf_t *conf)
{
	char why[64];

	run->needs_nudge = rd_kafka_conf_set(conf, "fetch.queue.backoff.ms", "2", why,
					     sizeof(why)) == RD_KAFKA_CONF_UNKNOWN;
}

static rd_kafka_t *make_consumer(struct run *run)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk = NULL;
	char why[256];

	if (set_all(run, conf) == 0) {
		choose_wakeup(run, conf);
		rd_kafka_conf_set_opaque(conf, run);
		rd_kafka_conf_set_rebalance_cb(conf, rebalance);
		rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
		rd_kafka_conf_set_error_cb(conf, on_error);
		rd_kafka_conf_set_log_cb(conf, on_log);
		rd_kafka_conf_set_stats_cb(conf, on_stats);
		received_watch(conf);
		rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
		if (rk == NULL)
			say_error("consumer: %s", why);
	}
	if (rk == NULL)
		rd_kafka_conf_destroy(conf);
	return rk;
}

int source_open(struct run *run)
{
	rd_kafka_topic_partition_list_t *topics;
	rd_kafka_resp_err_t err;

	wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	run->consumer = make_consumer(run);
	if (run->consumer == NULL || wake_fd < 0)
		return EXIT_INPUT;
	rd_kafka_poll_set_consumer(run->consumer);
	topics = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(topics, run->options->topic,
					  RD_KAFKA_PARTITION_UA);
	err = rd_kafka_subscribe(run->consumer, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	say_error("topic %s: cannot subscribe: %s", run->options->topic,
		  rd_kafka_err2str(err));
	return EXIT_INPUT;
}

/* Commits and leaves the group, as far as brokers answer. False when they do not. */
static bool leave(rd_kafka_t *consumer)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer);
	uint64_t until = units_now_ns() + LEAVE_NS;

	rd_kafka_error_destroy(rd_kafka_consumer_close_queue(consumer, queue));
	while (!rd_kafka_consumer_closed(consumer) && units_now_ns() < until)
		rd_kafka_queue_poll_callback(queue, LEAVE_POLL_MS);
	rd_kafka_queue_destroy(queue);
	return rd_kafka_consumer_closed(consumer);
}

static void close_consumer(struct run *run)
{
	bool left = leave(run->consumer);

	if (!left) {
		say_error(
			"group %s: no broker answers, so it was not left; what is stored "
			"but not acknowledged comes again",
			run->options->group);
		run_fail(run, EXIT_FAILED);
	}
	for (unsigned i = 0; i < partitions_count(run->partitions); i++)
		partitions_revoke(run->partitions, (int32_t)i);
	/* a fault may hold messages, and destroy would wait for them for ever */
	if (left && !run->stuck && (run->fault == NULL || run->fault->polled == NULL)) {
		rd_kafka_destroy(run->consumer);
		run->consumer = NULL;
	}
	/* librdkafka's own count is up to a second old */
	if (received_total() > stats_read(&run->stats.rx_bytes))
		stats_set(&run->stats.rx_bytes, received_total());
}

void source_close(struct run *run)
{
	if (run->consumer != NULL)
		close_consumer(run);
	if (wake_fd >= 0)
		close(wake_fd);
	wake_fd = -1;
}
