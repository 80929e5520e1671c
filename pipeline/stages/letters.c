/*
 * letters - what the sink thread cannot store goes to the dead letter topic
 *
 * A letter says where its message was, why it is there and how often it was tried; the
 * message's own key and headers go with it.
 */
#include "pipeline/stages/letters.h"

#include <errno.h>
#include <string.h>

#include "pipeline/base/say.h"
#include "pipeline/base/units.h"

void letters_settled(void *with, unsigned generation, int32_t partition, int64_t offset)
{
	struct store *s = with;

	partitions_settle(s->run->partitions, generation, partition, offset);
	stats_add(&s->run->stats.dead_lettered, 1);
}

int letters_serve(struct store *s, int wait_ms)
{
	if (dlq_poll(s->dlq, wait_ms) == 0)
		return 0;
	if (!s->failed)
		say_error("dead letter topic %s: %s; its messages stay unacknowledged",
			  s->run->dlq_topic, dlq_error(s->dlq));
	s->failed = true;
	run_fail(s->run, EXIT_INPUT);
	return -EIO;
}

/* 0 sent, else the run ends and the offset stays uncommitted. */
static int send_letter(struct store *s, struct dlq_letter *letter)
{
	int r;

	if (strcmp(s->run->dlq_topic, "off") == 0) {
		letters_settled(s, letter->generation, letter->partition, letter->offset);
		return 0;
	}
	while ((r = dlq_send(s->dlq, letter)) == -EAGAIN && !run_given_up(s->run))
		if (letters_serve(s, 10) != 0)
			return -EIO;
	if (r == -EIO)
		letters_serve(s, 0);
	return r;
}

int letters_bury_row(struct store *s, const struct slot *slot, const struct row *row)
{
	rd_kafka_headers_t *headers = NULL;
	struct dlq_letter letter = {
		.payload = row->payload,
		.len = row->len,
		.offset = row->offset,
		.partition = row->partition,
		.generation = slot->generation,
		.attempts = 1,
		.why = row->why,
		.first_ms = units_unix_ms(),
		.last_ms = units_unix_ms(),
	};

	if (row->message != NULL) {
		letter.key = row->message->key;
		letter.key_len = row->message->key_len;
		if (rd_kafka_message_headers(row->message, &headers) ==
		    RD_KAFKA_RESP_ERR_NO_ERROR)
			letter.headers = headers;
	}
	return send_letter(s, &letter);
}

int letters_bury_entry(struct store *s, const struct retry_entry *entry)
{
	uint64_t now_ms = units_unix_ms();
	struct dlq_letter letter = {
		.payload = entry->payload,
		.key = entry->key,
		.len = entry->len,
		.key_len = entry->key_len,
		.offset = entry->offset,
		.partition = entry->partition,
		.generation = entry->generation,
		.attempts = entry->attempts,
		.why = entry->why,
		.first_ms = now_ms - (units_now_ns() - entry->first_ns) / 1000000,
		.last_ms = now_ms,
		.headers = entry->headers,
	};

	return send_letter(s, &letter);
}
