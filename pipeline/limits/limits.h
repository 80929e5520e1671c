/*
 * limits - every bound of a run, from one number
 *
 * Contract
 *   - limits_derive() fills every field; without a memory budget from the options
 *     (queue, batch), with one from the budget, the options then being upper
 *     bounds;
 *   - the lines add up to total, and with a budget total <= memory;
 *   - -ENOSPC when the budget cannot hold the smallest pipeline that works for that
 *     many partitions; ret->total then says what would be enough, in whole MiB.
 */
#ifndef PIPELINE_LIMITS_H
#define PIPELINE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What librdkafka 2.0.2 allocates for one message beside its bytes (measured). */
#define LIMITS_MESSAGE_OVERHEAD 312u
#define LIMITS_ARENA_PER_MESSAGE 224u /* three items and three tags */
#define LIMITS_LINES 10

struct sample;

struct limits_ask {
	size_t memory;   /* 0: no budget */
	size_t resident; /* of the process before it starts its threads */
	unsigned queue, batch, payload, partitions, brokers;
	bool embedded; /* the broker's log and the producer are in the process too */
	bool stores;   /* the sink has a cache */
	const struct sample *sample; /* of the topic's batches; NULL: not known */
};

struct limits_line {
	const char *what;
	size_t bytes;
};

struct limits {
	size_t memory, total;
	unsigned slots, batch;
	size_t inflight_bytes;  /* payloads and keys on the belt */
	size_t arena_bytes;     /* of one slot */
	size_t fetch_bytes;     /* asked for from one partition at once */
	size_t answer_bytes;    /* what it sends for that: a batch at least */
	size_t fetch_total;     /* of one fetch answer */
	size_t receive_most;    /* longer answers are not taken: one message too long */
	size_t fetch_least;     /* what an answer is worth, unless the wait is over */
	size_t prefetch_kbytes; /* of one partition's queue, in payload */
	unsigned prefetch_messages;
	unsigned retries;
	size_t retry_bytes;
	unsigned dlq_messages;
	size_t dlq_kbytes;
	size_t sink_cache;
	struct limits_line lines[LIMITS_LINES];
	unsigned n_lines;
};

int limits_derive(const struct limits_ask *ask, struct limits *ret);

/* The budget by line on stderr, as notes. */
void limits_say(const struct limits *l);

#endif
