/*
 * nudge - wake librdkafka's broker threads when a queue has become short
 *
 * Why it exists: librdkafka 2.0.2 puts a broker thread to sleep for up to a second when
 * the queues it fills are at their limit, and nothing that empties them wakes it: with
 * small queues that is 10,000 messages a second.
 *
 * Contract
 *   - nudge_took() after each take from a partition's queue: it sees a queue fall below
 *     the size at which librdkafka fetches again;
 *   - nudge_round() once for each round over the partitions: wakes the threads if a queue
 *     fell, but not while an answer is awaited, for its thread will look by itself then;
 *   - nudge_idle() before the poller waits: wakes them every NUDGE_IDLE_NS if a queue may
 *     have been full since, and every NUDGE_CALM_NS whatever was seen, so that a wrong
 *     guess costs that long and not a second; who keeps up is not woken for nothing;
 *   - one thread calls all of it.
 */
#ifndef PIPELINE_NUDGE_H
#define PIPELINE_NUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUDGE_AWAIT_NS UINT64_C(1000000) /* longest wait for an answer to a nudge */
#define NUDGE_IDLE_NS UINT64_C(10000000)
#define NUDGE_CALM_NS UINT64_C(100000000)

/* What a nudge acts on; tests have their own. */
struct nudge_target {
	void (*wake)(void *with);
	size_t (*length)(void *with, int32_t id); /* messages in a partition's queue */
	void *with;
};

struct nudge {
	struct nudge_target target;
	size_t full, full_messages; /* bytes or messages in a queue that is not fetched */
	bool fell;                  /* a queue fell below that since the last nudge */
	bool doubt;      /* one had a quarter of it, and messages differ in size */
	int32_t fell_id; /* the last one that did */
	int32_t asked;   /* the one of the last nudge, until it got messages; -1: none */
	size_t asked_left; /* messages it had at most since */
	uint64_t woken_ns;
};

void nudge_init(struct nudge *n, struct nudge_target target, size_t full,
		size_t full_messages);

/* messages of bytes payload were taken from the queue of partition id. */
void nudge_took(struct nudge *n, int32_t id, unsigned messages, size_t bytes);
void nudge_round(struct nudge *n, uint64_t now_ns);
void nudge_idle(struct nudge *n, uint64_t now_ns);

#endif
