/*
 * topic - make a topic on a real broker
 *
 * Contract: 0 when the topic is there afterwards, made now or before, and every node that
 * answers knows it; else one line was said and the answer is EXIT_INPUT. rk has reached a
 * broker before.
 */
#ifndef PIPELINE_TOPIC_H
#define PIPELINE_TOPIC_H

#include <librdkafka/rdkafka.h>

int topic_make(rd_kafka_t *rk, const char *name, unsigned partitions);

#endif
