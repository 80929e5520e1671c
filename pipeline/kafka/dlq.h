/*
 * dlq - the dead letter topic
 *
 * The four facts of this queue
 *   owner  the sink thread sends and polls; librdkafka owns a copy of the message
 *          until the broker has it;
 *   bound  messages and bytes on their way, both fixed at the start; a letter that is
 *          larger than the bytes goes alone;
 *   full   dlq_send() answers -EAGAIN; the sink thread waits, the belt fills, the
 *          poller stops: nothing dropped;
 *   end    a letter's offset is done only when the broker acknowledged the letter
 *          (dlq_settled is called from dlq_poll); what is still on its way when the
 *          run ends stays uncommitted and comes again.
 *
 * The producer is made with the first letter: a run without poison has none.
 */
#ifndef PIPELINE_DLQ_H
#define PIPELINE_DLQ_H

#include <librdkafka/rdkafka.h>

struct dlq;

struct dlq_conf {
	const char *brokers, *topic, *source; /* source: the topic consumed */
	unsigned messages;
	size_t kbytes;
	void (*settled)(void *with, unsigned generation, int32_t partition,
			int64_t offset);
	void *with;
};

struct dlq_letter {
	const void *payload, *key;
	size_t len, key_len;
	int64_t offset;
	int32_t partition;
	unsigned generation, attempts;
	const char *why;
	uint64_t first_ms, last_ms;        /* unix time of the first and last attempt */
	const rd_kafka_headers_t *headers; /* of the message, or NULL */
};

struct dlq *dlq_new(const struct dlq_conf *conf);
void dlq_free(struct dlq *d);

/* 0; -EAGAIN full, poll and try again; -EIO the producer cannot be used, now and
 * ever: what is not sent stays unacknowledged. */
int dlq_send(struct dlq *d, const struct dlq_letter *letter);

/* Serves acknowledgements. -EIO when a letter was refused for good. */
int dlq_poll(struct dlq *d, int wait_ms);

/* Letters not acknowledged yet. */
unsigned dlq_waiting(const struct dlq *d);
const char *dlq_error(const struct dlq *d);

#endif
