/*
 * belt - the fixed ring of batch slots that everything in flight rides on
 *
 * poller -> [filled] -> workers -> [decoded] -> sink -> back to the poller
 *
 * The four facts of this queue
 *   owner  a slot belongs to the poller from belt_reserve() to belt_dispatch(), to
 *          one worker from belt_take() to belt_decoded(), to the sink thread from
 *          belt_next() to belt_retire(); the belt's lock hands it over;
 *   bound  slots x batch messages, fixed at the start, and a limit of payload
 *          bytes over all slots that are in flight;
 *   full   belt_reserve() waits until half of it is free and then answers NULL: the
 *          poller stops polling and Kafka keeps the backlog; nothing is dropped;
 *   end    belt_close() by the poller: what is on the belt is still decoded and
 *          retired, then belt_take() and belt_next() answer NULL (-ESHUTDOWN).
 *
 * Slots leave in the order in which they were dispatched, whatever order workers
 * finish in: that order is what makes a partition's offsets contiguous.
 */
#ifndef PIPELINE_BELT_H
#define PIPELINE_BELT_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "pipeline/decode/arena.h"
#include "pipeline/decode/event.h"

enum row_state {
	ROW_RAW,     /* not decoded */
	ROW_GOOD,    /* decoded and sound: the sink must store it */
	ROW_POISON,  /* can never succeed: dead letter, why says the reason */
	ROW_REFUSED, /* the sink refused this one row: retry, then dead letter */
};

/* One message. Exactly one of message and copy owns the payload. */
struct row {
	const uint8_t *payload;
	const char *why;
	rd_kafka_message_t *message;
	void *copy; /* of a fault that copies; freed with free() */
	int64_t offset;
	uint32_t len;
	int32_t partition;
	uint64_t polled_ns;
	enum row_state state;
	struct event event;
};

struct slot {
	struct row *rows;
	unsigned n;
	size_t bytes;        /* of the rows' payloads and keys */
	unsigned generation; /* of the assignment the rows were polled under */
	uint64_t opened_ns;  /* first message polled */
	bool decoded;        /* belt's lock */
	struct arena arena;
};

struct belt;

/* NULL when memory is short. */
struct belt *belt_new(unsigned slots, unsigned batch, size_t bytes_max,
		      size_t arena_bytes);
void belt_free(struct belt *b);

/* Poller. Waits at most wait_us; NULL means full. Repeating is harmless. */
struct slot *belt_reserve(struct belt *b, uint64_t wait_us);
void belt_dispatch(struct belt *b, struct slot *slot);
void belt_close(struct belt *b);

/* True when everything dispatched was retired within wait_us. */
bool belt_drained(struct belt *b, uint64_t wait_us);

/* Workers. NULL when closed and nothing is left. */
struct slot *belt_take(struct belt *b);
void belt_decoded(struct belt *b, struct slot *slot);

/* Sink. 0 and a slot; -EAGAIN after wait_us; -ESHUTDOWN at the end. */
int belt_next(struct belt *b, uint64_t wait_us, struct slot **ret);

/* How many slots, from the one belt_next() gave on, are decoded and lie in one piece:
 * they follow each other in memory and all but the last are full. At least 1, at most
 * most. */
unsigned belt_ready(struct belt *b, unsigned most);
void belt_retire(struct belt *b, struct slot *slot);

struct belt_gauge {
	unsigned slots, batch;
	unsigned slots_busy;
	uint64_t messages, messages_max; /* dispatched and not retired: now, highest */
	uint64_t waiting;                /* of those, not yet decoded */
	uint64_t waiting_max;
	size_t waiting_bytes;
	size_t bytes, bytes_max, bytes_limit;
};

struct belt_gauge belt_read(struct belt *b);

#endif
