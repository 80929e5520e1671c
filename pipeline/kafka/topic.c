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
#include "pipeline/base/units.h"
#include "pipeline/kafka/no_log.h"
#include "pipeline/kafka/reach.h"

#define MAKE_MS 30000
#define AGAIN_US 500000

static rd_kafka_resp_err_t answer_of(rd_kafka_event_t *event)
{
	const rd_kafka_CreateTopics_result_t *result;
	const rd_kafka_topic_result_t **topics;
	rd_kafka_resp_err_t err;
	size_t n;

	if (event == NULL)
		return RD_KAFKA_RESP_ERR__TIMED_OUT;
	err = rd_kafka_event_error(event);
	result = rd_kafka_event_CreateTopics_result(event);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR || result == NULL)
		return err;
	topics = rd_kafka_CreateTopics_result_topics(result, &n);
	return n > 0 ? rd_kafka_topic_result_error(topics[0]) : err;
}

/* A cluster that just started, or was too busy to answer its controller, has for a moment
 * no node to put a topic on; it says that the number of replicas is wrong, which is its
 * own. */
static bool will_pass(rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
	case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
	case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
		return true;
	default:
		return false;
	}
}

static rd_kafka_t *open_client(const char *address, struct reach *reach)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[128];
	rd_kafka_t *rk;

	reach_watch(reach, conf, address, NULL);
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
	char address[300];
	struct reach reach;
	rd_kafka_topic_t *topic;
	rd_kafka_t *rk;
	bool known;

	snprintf(address, sizeof(address), "%s:%d", node->host, node->port);
	rk = open_client(address, &reach);
	if (rk == NULL)
		return;
	topic = rd_kafka_topic_new(rk, name, NULL);
	do {
		const struct rd_kafka_metadata *meta;

		if (reach_metadata(&reach, rk, topic, &meta) !=
		    RD_KAFKA_RESP_ERR_NO_ERROR)
			break; /* a node that is down is asked by nobody */
		known = has_leaders(&meta->topics[0]);
		rd_kafka_metadata_destroy(meta);
	} while (!known && reach_again(&reach, reach.begun_ns + REACH_NS));
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
}

/* What a node does not know in the end the producer will say. */
static void wait_until_known(rd_kafka_t *rk, const char *name)
{
	const struct rd_kafka_metadata *meta;

	if (rd_kafka_metadata(rk, 0, NULL, &meta, MAKE_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	for (int i = 0; meta->broker_cnt > 1 && i < meta->broker_cnt; i++)
		ask_until_known(&meta->brokers[i], name);
	rd_kafka_metadata_destroy(meta);
}

static rd_kafka_resp_err_t make_once(rd_kafka_t *rk, const char *name,
				     unsigned partitions)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_NewTopic_t *topic;
	rd_kafka_AdminOptions_t *options;
	rd_kafka_event_t *event;
	rd_kafka_resp_err_t err;
	char why[128];

	topic = rd_kafka_NewTopic_new(name, (int)partitions, -1, why, sizeof(why));
	options = rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_AdminOptions_set_request_timeout(options, MAKE_MS, why, sizeof(why));
	rd_kafka_CreateTopics(rk, &topic, 1, options, queue);
	event = rd_kafka_queue_poll(queue, MAKE_MS + 1000);
	err = answer_of(event);
	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_NewTopic_destroy(topic);
	rd_kafka_queue_destroy(queue);
	return err;
}

int topic_make(rd_kafka_t *rk, const char *name, unsigned partitions)
{
	uint64_t begun = units_now_ns();
	rd_kafka_resp_err_t err;
	bool said = false;

	while (will_pass(err = make_once(rk, name, partitions)) &&
	       units_now_ns() - begun < REACH_NS) {
		if (!said)
			say_note("topic %s: cannot be made yet: %s; trying again", name,
				 rd_kafka_err2str(err));
		said = true;
		usleep(AGAIN_US);
	}
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR &&
	    err != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
		say_error("topic %s: cannot be made: %s", name, rd_kafka_err2str(err));
		return EXIT_INPUT;
	}
	wait_until_known(rk, name);
	return 0;
}
