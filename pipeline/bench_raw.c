/*
 * bench_raw - librdkafka alone: poll and drop, the yardstick of every benchmark
 *
 * Reads N messages of a topic from the beginning with the library's own defaults and
 * its batch call, does nothing with them, and prints one JSON line. What the
 * pipeline reaches is a share of this number, taken in the same run.
 * Usage: bench-raw HOST:PORT TOPIC MESSAGES [GROUP]
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/units.h"
#include "pipeline/kafka/received.h"

#define BATCH 1000

static rd_kafka_t *open_consumer(const char *broker, const char *group)
{
	static const char *const pairs[][2] = {
		{ "enable.auto.commit", "false" },
		{ "auto.offset.reset", "earliest" },
		{ "session.timeout.ms", "6000" },
		{ "fetch.wait.max.ms", "10" },
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		rd_kafka_conf_set(conf, pairs[i][0], pairs[i][1], why, sizeof(why));
	rd_kafka_conf_set(conf, "bootstrap.servers", broker, why, sizeof(why));
	rd_kafka_conf_set(conf, "group.id", group, why, sizeof(why));
	received_watch(conf);
	return rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
}

static void subscribe(rd_kafka_t *rk, const char *topic)
{
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
	rd_kafka_subscribe(rk, topics);
	rd_kafka_topic_partition_list_destroy(topics);
}

/* Nanoseconds from the first message to the last. */
static uint64_t drop_all(rd_kafka_t *rk, uint64_t wanted, uint64_t *ret_bytes)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(rk);
	rd_kafka_message_t *messages[BATCH];
	uint64_t got = 0, first = 0;

	while (got < wanted) {
		ssize_t n = rd_kafka_consume_batch_queue(queue, 100, messages, BATCH);

		if (n > 0 && first == 0)
			first = units_now_ns();
		for (ssize_t i = 0; i < n; i++) {
			got += messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR;
			*ret_bytes += messages[i]->len;
			rd_kafka_message_destroy(messages[i]);
		}
	}
	rd_kafka_queue_destroy(queue);
	return units_now_ns() - first;
}

int main(int argc, char **argv)
{
	char group[64];
	rd_kafka_t *rk;
	uint64_t n, ns, bytes = 0;

	if (argc < 4 || units_count(argv[3], &n) != 0) {
		fputs("usage: bench-raw HOST:PORT TOPIC MESSAGES [GROUP]\n", stderr);
		return 2;
	}
	snprintf(group, sizeof(group), "raw-%d", getpid());
	rk = open_consumer(argv[1], argc > 4 ? argv[4] : group);
	if (rk == NULL)
		return 3;
	rd_kafka_poll_set_consumer(rk);
	subscribe(rk, argv[2]);
	ns = drop_all(rk, n, &bytes);
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
	printf("{\"messages\":%llu,\"elapsed_s\":%.3f,\"msgs_per_s\":%.0f,"
	       "\"consumed_bytes\":%llu,\"rx_bytes\":%llu,\"peak_rss_kb\":%zu}\n",
	       (unsigned long long)n, (double)ns / 1e9, (double)n * 1e9 / (double)ns,
	       (unsigned long long)bytes, (unsigned long long)received_total(),
	       memory_resident_peak() / 1024);
	return 0;
}
