/*
 * partitions - what is known of each partition of the topic
 *
 * Contract
 *   - the table has as many partitions as the topic had at the start; the poller's
 *     partitions_grow() adds those that the topic got since, PARTITIONS_SPARE at most;
 *   - the poller owns queue, expected and the assignment (partitions_assign,
 *     partitions_revoke); the sink thread moves the watermarks; both go through the
 *     table's lock, taken a few times a batch;
 *   - each assignment raises the generation; marks made under an older assignment
 *     of a partition are ignored, so a slow batch cannot commit what another
 *     member owns by now;
 *   - every commit carries this run's signature as its metadata. A broker may take a
 *     commit whose answer is lost: where the group's offset is found signed at the next
 *     assignment it was this run's, and counts; another member's does not.
 */
#ifndef PIPELINE_PARTITIONS_H
#define PIPELINE_PARTITIONS_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "pipeline/belt/watermark.h"

struct partition {
	/* poller */
	rd_kafka_queue_t *queue;
	int64_t expected;         /* next offset to be polled, -1: unknown */
	uint64_t given, taken_ns; /* see turns.h */
	int64_t counted_to; /* commits below it are counted or not ours, -1: unknown */
	bool owned;
	unsigned since; /* generation of the assignment */
	/* under the lock */
	struct watermark mark;
	int64_t sent; /* last offset given to commit */
	/* read by metrics */
	_Atomic int64_t position, committed, first,
		high; /* negative: not known or not ours */
};

#define PARTITIONS_SPARE 256u

struct partitions;

struct partitions *partitions_new(const char *topic, unsigned n);
void partitions_free(struct partitions *t);
unsigned partitions_count(const struct partitions *t);

/* Makes room for partition id. False when the table cannot hold it. */
bool partitions_grow(struct partitions *t, int32_t id);
struct partition *partitions_at(struct partitions *t, int32_t id);

/* Poller, in the rebalance callback. group: where the group stands, its offset negative
 * when that is not known. */
void partitions_assign(struct partitions *t, rd_kafka_queue_t *queue,
		       const rd_kafka_topic_partition_t *group);

/* Poller: of a partition about which nothing was known the first message is here. */
void partitions_begin(struct partition *p, int64_t offset);
void partitions_revoke(struct partitions *t, int32_t id);
unsigned partitions_generation(struct partitions *t);

/* Sink thread. -EAGAIN: too much waits behind a deferred offset. */
int partitions_done(struct partitions *t, unsigned generation, int32_t id, int64_t from,
		    int64_t to);
int partitions_defer(struct partitions *t, unsigned generation, int32_t id,
		     int64_t offset);
void partitions_settle(struct partitions *t, unsigned generation, int32_t id,
		       int64_t offset);

/* False when the partition went away since that generation. */
bool partitions_current(struct partitions *t, unsigned generation, int32_t id);

/* Offsets that moved since the last call, NULL when none did. Caller destroys.
 * With only != NULL just the partitions in it, and all that is not acknowledged yet. */
rd_kafka_topic_partition_list_t *
partitions_offsets(struct partitions *t, const rd_kafka_topic_partition_list_t *only);

/* What the broker said about a commit; only offsets without error count. */
void partitions_committed(struct partitions *t,
			  const rd_kafka_topic_partition_list_t *list);

/* Messages that this run committed. */
uint64_t partitions_committed_sum(struct partitions *t);

/* Messages between the committed offset and the end of the log. */
uint64_t partitions_lag(struct partitions *t, int32_t id);

#endif
