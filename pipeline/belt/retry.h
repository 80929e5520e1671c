/*
 * retry - rows that the sink refused, waiting for another try
 *
 * The four facts of this queue
 *   owner  the sink thread alone; an entry owns a copy of its message, because
 *          holding the message itself would pin the whole fetch it came with;
 *   bound  entries and bytes (payloads, keys, headers), both fixed at the start;
 *   full   retry_add() answers -EAGAIN; the sink thread then settles entries before
 *          it takes the next batch: back-pressure, nothing dropped;
 *   end    an entry leaves when it is stored, after its attempts or its time to
 *          live (then it is a dead letter), or uncommitted when the run ends.
 */
#ifndef PIPELINE_RETRY_H
#define PIPELINE_RETRY_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "pipeline/belt/belt.h"

struct retry_entry {
	uint64_t due_ns, first_ns;
	int64_t offset;
	int32_t partition;
	unsigned generation, attempts;
	uint32_t len, key_len;
	size_t bytes; /* with key and headers */
	const char *why;
	rd_kafka_headers_t *headers; /* own copy or NULL */
	uint8_t *key;                /* behind the payload, or NULL */
	uint8_t payload[];
};

struct retry;

struct retry *retry_new(unsigned entries, size_t bytes);
void retry_free(struct retry *q);

/* Copies the row out; it counts as tried once. -EAGAIN full, -ENOMEM. */
int retry_add(struct retry *q, const struct row *row, unsigned generation);

/* The entry that is due at now_ns, taken out; NULL when none is. */
struct retry_entry *retry_take(struct retry *q, uint64_t now_ns);

/* Back into the queue after another failed attempt, with a longer wait. */
void retry_again(struct retry *q, struct retry_entry *entry);

/* Gives up an entry that was taken. */
void retry_drop(struct retry *q, struct retry_entry *entry);

unsigned retry_count(const struct retry *q);
size_t retry_bytes(const struct retry *q);

/* Wait before attempt n + 1: doubling from 50 ms to 5 s, a random half to whole. */
uint64_t retry_backoff_ns(unsigned attempts, unsigned *seed);

#endif
