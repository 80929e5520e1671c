/*
 * store - the sink thread
 *
 * Contract
 *   - store_init() before the thread, store_done() after it has ended;
 *   - store_thread() takes the struct store; it ends when the belt is closed and
 *     empty and deferred work is settled or the drain time is over.
 */
#ifndef PIPELINE_STORE_H
#define PIPELINE_STORE_H

#include "pipeline/belt/retry.h"
#include "pipeline/kafka/dlq.h"
#include "pipeline/stages/run.h"

struct store {
	struct run *run;
	struct retry *retry;
	struct dlq *dlq;
	unsigned seed, group; /* group: batches a transaction at most */
	uint64_t committed_ns;
	bool down, failed, seen_good;
};

int store_init(struct store *s, struct run *run);
void store_done(struct store *s);
void *store_thread(void *store);

#endif
