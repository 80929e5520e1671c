/*
 * topic - make a topic on a real broker
 *
 * One CreateTopics request through the producer's handle. "Exists already" is as
 * good as made; its partitions are then what they are.
 */
#include "pipeline/topic.h"

#include "pipeline/say.h"

#define TIMEOUT_MS 10000

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
	return r;
}
