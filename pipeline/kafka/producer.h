/*
 * producer - make order events and send them, at a pace and never too far ahead
 *
 * Contract
 *   - producer_open() with brokers == NULL also starts the embedded broker
 *     (librdkafka's mock cluster) in this process; one line and NULL on error;
 *   - producer_run() sends until messages, duration, stop() or producer_stop(); in each
 *     partition it keeps a bounded window between sent and drained(), so the
 *     embedded broker's small retention never drops a message;
 *   - it returns the number of messages that the broker acknowledged.
 */
#ifndef PIPELINE_PRODUCER_H
#define PIPELINE_PRODUCER_H

#include <stdatomic.h>
#include <stdint.h>

#include "pipeline/decode/decode.h"

struct producer;

struct producer_conf {
	const char *brokers, *topic, *dlq_topic;
	enum encoding encoding;
	unsigned payload, partitions;
	uint64_t messages, duration_us, rate; /* 0: no end, no end, no limit */
	double poison;
	bool thrifty;    /* a budget of memory holds for this process or its reader */
	bool make_topic; /* on a real broker, when it is not there yet */
	uint64_t (*drained)(void *with, int32_t partition); /* NULL: no flow control */
	void *with;
	bool (*stop)(void);     /* NULL, or: is it time to end? */
	_Atomic uint64_t *sent; /* gauge, may be NULL */
};

struct producer *producer_open(const struct producer_conf *conf);
uint64_t producer_run(struct producer *p);
void producer_stop(struct producer *p);
void producer_close(struct producer *p);

/* Address of the broker it sends to, and the cluster's own partition count. */
const char *producer_brokers(const struct producer *p);

/* Why the first message was lost that was, or that the broker did not answer. */
const char *producer_error(const struct producer *p);

#endif
