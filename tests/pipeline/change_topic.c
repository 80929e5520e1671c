/*
 * change_topic - what an administrator does to a topic while nobody looks
 *
 * change-topic HOST:PORT trim TOPIC OFFSET   removes what lies before OFFSET in
 *                                            partition 0, as retention does
 * change-topic HOST:PORT drop TOPIC          removes the topic
 * change-topic HOST:PORT grow TOPIC N        gives it N partitions in all
 * change-topic HOST:PORT make TOPIC N [NAME VALUE]   makes it, with a setting
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 10000

static void trim(rd_kafka_t *rk, rd_kafka_queue_t *queue, const char *topic,
		 const char *offset)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_DeleteRecords_t *records;

	rd_kafka_topic_partition_list_add(list, topic, 0)->offset = atoll(offset);
	records = rd_kafka_DeleteRecords_new(list);
	rd_kafka_DeleteRecords(rk, &records, 1, NULL, queue);
	rd_kafka_DeleteRecords_destroy(records);
	rd_kafka_topic_partition_list_destroy(list);
}

static void drop(rd_kafka_t *rk, rd_kafka_queue_t *queue, const char *topic)
{
	rd_kafka_DeleteTopic_t *one = rd_kafka_DeleteTopic_new(topic);

	rd_kafka_DeleteTopics(rk, &one, 1, NULL, queue);
	rd_kafka_DeleteTopic_destroy(one);
}

static void grow(rd_kafka_t *rk, rd_kafka_queue_t *queue, const char *topic,
		 const char *n)
{
	char why[128];
	rd_kafka_NewPartitions_t *more =
		rd_kafka_NewPartitions_new(topic, (size_t)atol(n), why, sizeof(why));

	rd_kafka_CreatePartitions(rk, &more, 1, NULL, queue);
	rd_kafka_NewPartitions_destroy(more);
}

/* setting: NULL or a name and its value. */
static void make(rd_kafka_t *rk, rd_kafka_queue_t *queue, const char *topic,
		 const char *n, char **setting)
{
	char why[128];
	rd_kafka_NewTopic_t *one =
		rd_kafka_NewTopic_new(topic, atoi(n), -1, why, sizeof(why));

	if (setting != NULL)
		rd_kafka_NewTopic_set_config(one, setting[0], setting[1]);
	rd_kafka_CreateTopics(rk, &one, 1, NULL, queue);
	rd_kafka_NewTopic_destroy(one);
}

/* Errors of a single partition come beside the one of the whole. */
static const char *wrong(rd_kafka_event_t *event)
{
	const rd_kafka_DeleteRecords_result_t *records;

	if (event == NULL)
		return "no answer";
	if (rd_kafka_event_error(event) != 0)
		return rd_kafka_event_error_string(event);
	records = rd_kafka_event_DeleteRecords_result(event);
	if (records != NULL &&
	    rd_kafka_DeleteRecords_result_offsets(records)->elems[0].err)
		return rd_kafka_err2str(
			rd_kafka_DeleteRecords_result_offsets(records)->elems[0].err);
	return NULL;
}

static int answer(rd_kafka_queue_t *queue)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TIMEOUT_MS);
	const char *what = wrong(event);
	int r = what != NULL;

	if (r != 0)
		fprintf(stderr, "change-topic: %s\n", what);
	rd_kafka_event_destroy(event);
	return r;
}

int main(int argc, char **argv)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_queue_t *queue;
	rd_kafka_t *rk;
	char why[128];
	int r;

	if (argc < 4)
		return 2;
	rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], why, sizeof(why));
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	queue = rd_kafka_queue_new(rk);
	if (strcmp(argv[2], "trim") == 0 && argc == 5)
		trim(rk, queue, argv[3], argv[4]);
	else if (strcmp(argv[2], "grow") == 0 && argc == 5)
		grow(rk, queue, argv[3], argv[4]);
	else if (strcmp(argv[2], "make") == 0 && argc >= 5)
		make(rk, queue, argv[3], argv[4], argc == 7 ? argv + 5 : NULL);
	else
		drop(rk, queue, argv[3]);
	r = answer(queue);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(rk);
	return r;
}
