/*
 * topic - make a topic on a real broker
 *
 * One CreateTopics request through the producer's handle. "Exists already" is as
 * good as made; its partitions are then what they are.
 *
 * The answer comes from one node; the others hear of the topic a moment later, and
 * librdkafka asks whichever it likes. When it asks one that does not know the topic yet,
 * after another did, it throws away everything that was sent: "Unknown partition", seen
 * in 5 of 12 runs on three nodes. So each node is asked, by a client that knows no other,
 * until it names a leader for every partition.
 */
#include "pipeline/kafka/topic.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "pipeline/base/say.h"
#include "pipeline/kafka/no_log.h"

#define TIMEOUT_MS 10000
#define KNOWN_TRIES 100
#define KNOWN_PAUSE_US 100000

static int answer_of(rd_kafka_event_t *event, const char *name)
{
	const rd_kafka_CreateTopics_result_t *result;
	const rd_kafka_topic_result_t **topics;
	rd_kafka_resp_err_t err;
	size_t n;

	if (event == NULL) {
		say_error("topic %s: the broker does not answer; is it running?", name);
		return EXIT_INPUT;
	}
	err = rd_kafka_event_error(event);
	result = rd_kafka_event_CreateTopics_result(event);
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR && result != NULL) {
		topics = rd_kafka_CreateTopics_result_topics(result, &n);
		err = n > 0 ? rd_kafka_topic_result_error(topics[0]) : err;
	}
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR ||
	    err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
		return 0;
	say_error("topic %s: cannot be made: %s", name, rd_kafka_err2str(err));
	return EXIT_INPUT;
}

static rd_kafka_t *open_client(const struct rd_kafka_metadata_broker *node)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char address[300], why[128];
	rd_kafka_t *rk;

	snprintf(address, sizeof(address), "%s:%d", node->host, node->port);
	rd_kafka_conf_set(conf, "bootstrap.servers", address, why, sizeof(why));
	rd_kafka_conf_set_log_cb(conf, no_log);
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	if (rk == NULL)
		rd_kafka_conf_destroy(conf);
	return rk;
}

static bool has_leaders(const struct rd_kafka_metadata_topic *topic)
{
	for (int i = 0; i < topic->partition_cnt; i++)
		if (topic->partitions[i].leader < 0)
			return false;
	return topic->err == RD_KAFKA_RESP_ERR_NO_ERROR && topic->partition_cnt > 0;
}

static void ask_until_known(const struct rd_kafka_metadata_broker *node, const char *name)
{
	rd_kafka_t *rk = open_client(node);
	rd_kafka_topic_t *topic;
	bool known = false;

	if (rk == NULL)
		return;
	topic = rd_kafka_topic_new(rk, name, NULL);
	for (int i = 0; i < KNOWN_TRIES && !known; i++) {
		const struct rd_kafka_metadata *meta;

		if (i > 0)
			usleep(KNOWN_PAUSE_US);
		if (rd_kafka_metadata(rk, 0, topic, &meta, TIMEOUT_MS) !=
		    RD_KAFKA_RESP_ERR_NO_ERROR)
			break; /* a node that is down is asked by nobody */
		known = has_leaders(&meta->topics[0]);
		rd_kafka_metadata_destroy(meta);
	}
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
}

/* What a node does not know in the end the producer will say. */
static void wait_until_known(rd_kafka_t *rk, const char *name)
{
	const struct rd_kafka_metadata *meta;

	if (rd_kafka_metadata(rk, 0, NULL, &meta, TIMEOUT_MS) !=
	    RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	for (int i = 0; meta->broker_cnt > 1 && i < meta->broker_cnt; i++)
		ask_until_known(&meta->brokers[i], name);
	rd_kafka_metadata_destroy(meta);
}

int topic_make(rd_kafka_t *rk, const char *name, unsigned partitions)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_NewTopic_t *topic;
	rd_kafka_AdminOptions_t *options;
	rd_kafka_event_t *event;
	char why[128];
	int r;

	topic = rd_kafka_NewTopic_new(name, (int)partitions, -1, why, sizeof(why));
	options = rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_AdminOptions_set_request_timeout(options, TIMEOUT_MS, why, sizeof(why));
	rd_kafka_CreateTopics(rk, &topic, 1, options, queue);
	event = rd_kafka_queue_poll(queue, TIMEOUT_MS + 1000);
	r = answer_of(event, name);
	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_NewTopic_destroy(topic);
	rd_kafka_queue_destroy(queue);
	if (r == 0)
		wait_until_known(rk, name);
	return r;
}
