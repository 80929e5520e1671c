/*
 * dlq - the dead letter topic
 *
 * An idempotent producer with acks=all: a letter is there once, or its offset is
 * not committed. Each letter rides with a ticket from a fixed pool that says which
 * offset it settles. librdkafka retries on its own without a time limit, so a
 * broker that is down stalls the run instead of losing letters.
 *
 * Headers: those of the message, then heapring.reason, .topic, .partition,
 * .offset, .attempts and .history (first and last attempt, unix ms).
 */
#include "pipeline/kafka/dlq.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/base/memory.h"
#include "pipeline/belt/weight.h"
#include "pipeline/kafka/no_log.h"

struct ticket {
	struct ticket *next;
	int64_t offset;
	size_t bytes;
	int32_t partition;
	unsigned generation;
};

struct dlq {
	struct dlq_conf conf;
	rd_kafka_t *rk;
	struct ticket *tickets, *unused;
	unsigned waiting;
	size_t waiting_bytes;
	int failed;
	char error[256];
};

struct dlq *dlq_new(const struct dlq_conf *conf)
{
	struct dlq *d = memory_zero(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->conf = *conf;
	d->tickets = memory_zero(conf->messages, sizeof(d->tickets[0]));
	if (d->tickets == NULL) {
		free(d);
		return NULL;
	}
	for (unsigned i = 0; i < conf->messages; i++) {
		d->tickets[i].next = d->unused;
		d->unused = &d->tickets[i];
	}
	return d;
}

void dlq_free(struct dlq *d)
{
	if (d == NULL)
		return;
	if (d->rk != NULL) {
		rd_kafka_purge(d->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
		rd_kafka_destroy(d->rk);
	}
	free(d->tickets);
	free(d);
}

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct ticket *ticket = message->_private;
	struct dlq *d = opaque;

	(void)rk;
	if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		d->conf.settled(d->conf.with, ticket->generation, ticket->partition,
				ticket->offset);
	} else if (message->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE &&
		   message->err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) {
		d->failed = -EIO;
		snprintf(d->error, sizeof(d->error), "%s",
			 rd_kafka_err2str(message->err));
	}
	d->waiting_bytes -= ticket->bytes;
	ticket->next = d->unused;
	d->unused = ticket;
	d->waiting--;
}

static int open_producer(struct dlq *d)
{
	char messages[16];
	const char *const pairs[][2] = {
		{ "bootstrap.servers", d->conf.brokers },
		{ "enable.idempotence", "true" },
		{ "queue.buffering.max.messages", messages },
		{ "queue.buffering.max.kbytes", "2000000" }, /* dlq_send() bounds it */
		{ "linger.ms", "5" },
		{ "message.timeout.ms", "0" },
		{ "message.max.bytes", "1000000000" }, /* the broker decides */
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	snprintf(messages, sizeof(messages), "%u", d->conf.messages);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		rd_kafka_conf_set(conf, pairs[i][0], pairs[i][1], d->error,
				  sizeof(d->error));
	rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	rd_kafka_conf_set_log_cb(conf, no_log);
	rd_kafka_conf_set_opaque(conf, d);
	d->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, d->error, sizeof(d->error));
	if (d->rk != NULL)
		return 0;
	rd_kafka_conf_destroy(conf);
	d->failed = -EIO;
	return -EIO;
}

static void add_number(rd_kafka_headers_t *headers, const char *name, long long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", number);
	rd_kafka_header_add(headers, name, -1, text, -1);
}

static rd_kafka_headers_t *headers_for(const struct dlq *d,
				       const struct dlq_letter *letter)
{
	rd_kafka_headers_t *headers = letter->headers != NULL
					      ? rd_kafka_headers_copy(letter->headers)
					      : rd_kafka_headers_new(8);
	char history[96];

	snprintf(history, sizeof(history), "first=%llu last=%llu",
		 (unsigned long long)letter->first_ms,
		 (unsigned long long)letter->last_ms);
	rd_kafka_header_add(headers, "heapring.reason", -1, letter->why, -1);
	rd_kafka_header_add(headers, "heapring.topic", -1, d->conf.source, -1);
	add_number(headers, "heapring.partition", letter->partition);
	add_number(headers, "heapring.offset", letter->offset);
	add_number(headers, "heapring.attempts", letter->attempts);
	rd_kafka_header_add(headers, "heapring.history", -1, history, -1);
	return headers;
}

int dlq_send(struct dlq *d, const struct dlq_letter *letter)
{
	size_t bytes = weight_of(letter->len, letter->key_len, letter->headers);
	struct ticket *ticket = d->unused;
	rd_kafka_headers_t *headers;
	rd_kafka_resp_err_t err;

	if (d->failed != 0 || (d->rk == NULL && open_producer(d) != 0))
		return -EIO;
	if (ticket == NULL ||
	    (d->waiting > 0 && d->waiting_bytes + bytes > d->conf.kbytes * 1024))
		return -EAGAIN;
	headers = headers_for(d, letter);
	err = rd_kafka_producev(d->rk, RD_KAFKA_V_TOPIC(d->conf.topic),
				RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
				RD_KAFKA_V_KEY(letter->key, letter->key_len),
				RD_KAFKA_V_VALUE((void *)letter->payload, letter->len),
				RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(ticket),
				RD_KAFKA_V_END);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		rd_kafka_headers_destroy(headers);
		if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
			return -EAGAIN;
		snprintf(d->error, sizeof(d->error), "%s", rd_kafka_err2str(err));
		d->failed = -EIO;
		return -EIO;
	}
	d->unused = ticket->next;
	*ticket = (struct ticket){ .offset = letter->offset,
				   .bytes = bytes,
				   .partition = letter->partition,
				   .generation = letter->generation };
	d->waiting++;
	d->waiting_bytes += bytes;
	return 0;
}

int dlq_poll(struct dlq *d, int wait_ms)
{
	if (d->rk != NULL)
		rd_kafka_poll(d->rk, wait_ms);
	return d->failed;
}

unsigned dlq_waiting(const struct dlq *d)
{
	return d->waiting;
}

const char *dlq_error(const struct dlq *d)
{
	return d->error;
}
