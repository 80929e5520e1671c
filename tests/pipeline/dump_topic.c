/*
 * dump_topic - what a test wants to know of a dead letter topic
 *
 * One line a letter: partition and offset of the message it was, from the headers,
 * and the id that is still readable in the payload (0 when it is not).
 * Usage: dump-topic HOST:PORT TOPIC
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long long number_in(rd_kafka_headers_t *headers, const char *name)
{
	const void *value;
	size_t size;

	if (rd_kafka_header_get_last(headers, name, &value, &size) != 0)
		return -1;
	return atoll(value);
}

static void show(const rd_kafka_message_t *message)
{
	rd_kafka_headers_t *headers;
	unsigned long long id = 0;

	if (rd_kafka_message_headers(message, &headers) != 0)
		return;
	if (message->len > 9 && memcmp(message->payload, "{\"id\":", 6) == 0)
		id = strtoull((const char *)message->payload + 6, NULL, 10);
	else if (message->len > 9)
		memcpy(&id, (const char *)message->payload + 1, 8);
	printf("%lld %lld %llu\n", number_in(headers, "heapring.partition"),
	       number_in(headers, "heapring.offset"), id);
}

static rd_kafka_t *open_consumer(const char *broker)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[128], group[32];

	snprintf(group, sizeof(group), "dump-%d", getpid());
	rd_kafka_conf_set(conf, "bootstrap.servers", broker, why, sizeof(why));
	rd_kafka_conf_set(conf, "group.id", group, why, sizeof(why));
	rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", why, sizeof(why));
	rd_kafka_conf_set(conf, "enable.partition.eof", "true", why, sizeof(why));
	return rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
}

/* Until every partition has said once that it is at its end. */
static void dump(rd_kafka_t *rk, int partitions)
{
	while (partitions > 0) {
		rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, 10000);

		if (message == NULL)
			return;
		if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			partitions--;
		else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
			show(message);
		rd_kafka_message_destroy(message);
	}
}

int main(int argc, char **argv)
{
	const struct rd_kafka_metadata *meta;
	rd_kafka_topic_partition_list_t *list;
	rd_kafka_topic_t *topic;
	rd_kafka_t *rk;
	int partitions = 0;

	if (argc != 3 || (rk = open_consumer(argv[1])) == NULL)
		return 2;
	rd_kafka_poll_set_consumer(rk);
	topic = rd_kafka_topic_new(rk, argv[2], NULL);
	if (rd_kafka_metadata(rk, 0, topic, &meta, 10000) == 0) {
		partitions = meta->topics[0].partition_cnt;
		rd_kafka_metadata_destroy(meta);
	}
	list = rd_kafka_topic_partition_list_new(partitions);
	for (int i = 0; i < partitions; i++)
		rd_kafka_topic_partition_list_add(list, argv[2], i)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_assign(rk, list);
	dump(rk, partitions);
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_topic_destroy(topic);
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
	return 0;
}
