/*
 * probe - what the cluster says of the topic before anything is built
 *
 * A short-lived consumer without a group: asking must not create the topic, and
 * a consumer's question does not (allow.auto.create.topics is off there).
 */
#include "pipeline/kafka/probe.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pipeline/base/say.h"
#include "pipeline/kafka/no_log.h"
#include "pipeline/kafka/reach.h"

#define NAME_MS 5000
#define TRIES 3

static rd_kafka_t *open_client(const char *brokers, struct reach *reach,
			       bool (*stop)(void))
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk;
	char why[256];

	rd_kafka_conf_set_log_cb(conf, no_log);
	if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof(why)) !=
	    RD_KAFKA_CONF_OK) {
		say_error("broker %s: %s", brokers, why);
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	reach_watch(reach, conf, brokers, stop);
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	if (rk == NULL) {
		say_error("broker %s: %s", brokers, why);
		rd_kafka_conf_destroy(conf);
	}
	return rk;
}

static rd_kafka_resp_err_t ask(struct probe *p, struct reach *reach, rd_kafka_t *rk,
			       rd_kafka_topic_t *topic)
{
	const struct rd_kafka_metadata *meta;
	rd_kafka_resp_err_t err = reach_metadata(reach, rk, topic, &meta);

	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
		return err;
	err = meta->topics[0].err;
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR && meta->topics[0].partition_cnt == 0)
		err = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		p->partitions = (unsigned)meta->topics[0].partition_cnt;
		p->brokers = (unsigned)meta->broker_cnt;
	}
	rd_kafka_metadata_destroy(meta);
	return err;
}

static void name_cluster(struct probe *p, rd_kafka_t *rk, const char *brokers)
{
	char *id = rd_kafka_clusterid(rk, NAME_MS);

	snprintf(p->cluster, sizeof(p->cluster), "%s", id != NULL ? id : brokers);
	if (id != NULL)
		rd_kafka_mem_free(rk, id);
}

int probe_topic(struct probe *p, const char *brokers, const char *topic,
		bool (*stop)(void))
{
	struct reach reach;
	rd_kafka_t *rk = open_client(brokers, &reach, stop);
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
	rd_kafka_topic_t *handle;

	*p = (struct probe){ 0 };
	if (rk == NULL)
		return EXIT_INPUT;
	handle = rd_kafka_topic_new(rk, topic, NULL);
	for (int i = 0; i < TRIES && p->partitions == 0; i++) {
		if (i > 0)
			usleep(300000); /* a topic that was just made is known a moment
					   later */
		err = ask(p, &reach, rk, handle);
		if (err == RD_KAFKA_RESP_ERR__TRANSPORT ||
		    err == RD_KAFKA_RESP_ERR__TIMED_OUT)
			break;
	}
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
		name_cluster(p, rk, brokers);
	else if (err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
		say_error("topic %s on %s: does not exist; create it or check --topic",
			  topic, brokers);
	else
		say_error("broker %s: %s; is it running, and is --broker right?", brokers,
			  rd_kafka_err2str(err));
	rd_kafka_topic_destroy(handle);
	rd_kafka_destroy(rk);
	return err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : EXIT_INPUT;
}
