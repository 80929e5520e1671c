/*
 * produce - the command that fills a topic
 *
 * On a real broker it sends and ends. With --broker embedded it starts the mock
 * broker in this process, prints its address, sends, and stays until a signal: a
 * second process can consume. The window is then bounded by what the consumer
 * group has committed, which it asks the broker for.
 */
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/say.h"
#include "pipeline/base/units.h"
#include "pipeline/commands/command.h"
#include "pipeline/kafka/no_log.h"
#include "pipeline/kafka/producer.h"
#include "pipeline/stages/signals.h"

#define ASK_US 20000

struct follower {
	const struct options *options;
	const char *brokers;
	_Atomic uint64_t *drained; /* of each partition */
	_Atomic bool stop;
};

static rd_kafka_t *open_client(const struct follower *f)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[128];

	rd_kafka_conf_set_log_cb(conf, no_log);
	rd_kafka_conf_set(conf, "bootstrap.servers", f->brokers, why, sizeof(why));
	rd_kafka_conf_set(conf, "group.id", f->options->group, why, sizeof(why));
	return rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
}

/* Asks again and again how far the group has committed. */
static void *follow(void *with)
{
	struct follower *f = with;
	rd_kafka_t *rk = open_client(f);
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new((int)f->options->partitions);

	for (unsigned i = 0; i < f->options->partitions; i++)
		rd_kafka_topic_partition_list_add(list, f->options->topic, (int32_t)i);
	while (rk != NULL && !atomic_load_explicit(&f->stop, memory_order_relaxed)) {
		if (rd_kafka_committed(rk, list, 1000) == RD_KAFKA_RESP_ERR_NO_ERROR)
			for (int i = 0; i < list->cnt; i++)
				if (list->elems[i].offset > 0)
					atomic_store_explicit(
						&f->drained[i],
						(uint64_t)list->elems[i].offset,
						memory_order_relaxed);
		usleep(ASK_US);
	}
	rd_kafka_topic_partition_list_destroy(list);
	if (rk != NULL)
		rd_kafka_destroy(rk);
	return NULL;
}

static uint64_t drained(void *with, int32_t partition)
{
	struct follower *f = with;

	return atomic_load_explicit(&f->drained[partition], memory_order_relaxed);
}

static void report(const struct options *o, uint64_t sent, double seconds)
{
	if (o->summary_json)
		printf("{\"produced\":%llu,\"elapsed_s\":%.3f,\"msgs_per_s\":%.0f}\n",
		       (unsigned long long)sent, seconds,
		       seconds > 0 ? (double)sent / seconds : 0);
	else
		say_note("%llu messages in %.1f s, %.0f a second",
			 (unsigned long long)sent, seconds,
			 seconds > 0 ? (double)sent / seconds : 0);
	fflush(stdout);
}

static int send_all(const struct options *o, struct producer *p)
{
	uint64_t start = units_now_ns(), sent = producer_run(p);

	report(o, sent, (double)(units_now_ns() - start) / 1e9);
	if (o->messages == 0 || sent == o->messages || signals_any())
		return EXIT_FINE;
	say_error("only %llu of %llu messages were acknowledged by %s: %s; check the "
		  "broker",
		  (unsigned long long)sent, (unsigned long long)o->messages,
		  producer_brokers(p), producer_error(p));
	return EXIT_FAILED;
}

static int serve_embedded(const struct options *o, struct producer *p, struct follower *f)
{
	pthread_t thread;
	int r;

	f->brokers = producer_brokers(p);
	printf("%s\n", f->brokers);
	fflush(stdout);
	pthread_create(&thread, NULL, follow, f);
	r = send_all(o, p);
	while (!signals_any())
		usleep(50000);
	atomic_store_explicit(&f->stop, true, memory_order_relaxed);
	pthread_join(thread, NULL);
	return r;
}

struct producer_conf command_messages(const struct options *o, const char *dlq_topic)
{
	return (struct producer_conf){
		.topic = o->topic,
		.dlq_topic = dlq_topic,
		.encoding = o->encoding,
		.payload = o->payload,
		.partitions = o->partitions,
		.messages = o->messages,
		.duration_us = o->duration_us,
		.rate = o->rate,
		.poison = o->poison,
	};
}

int command_produce(struct options *o)
{
	struct follower f = { .options = o };
	char dlq[256];
	struct producer_conf conf;
	struct producer *p;
	int r;

	snprintf(dlq, sizeof(dlq), "%s.dlq", o->topic);
	conf = command_messages(o, dlq);
	conf.brokers = o->embedded ? NULL : o->broker;
	conf.thrifty = true;
	conf.make_topic = o->partitions_given;
	conf.drained = o->embedded ? drained : NULL;
	conf.with = &f;
	conf.stop = signals_any;
	f.drained = memory_zero(o->partitions, sizeof(f.drained[0]));
	if (f.drained == NULL)
		return EXIT_INPUT;
	p = producer_open(&conf);
	if (p == NULL)
		return EXIT_INPUT;
	signals_catch();
	r = o->embedded ? serve_embedded(o, p, &f) : send_all(o, p);
	producer_close(p);
	free(f.drained);
	return r;
}
