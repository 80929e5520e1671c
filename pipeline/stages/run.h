/*
 * run - what the stages of one run share
 *
 * Contract
 *   - everything but stuck, stop, failed and stats is set before the threads start
 * and stays as it is until they have ended;
 *   - run_stop() may be called from anywhere, a signal handler too: the poller takes
 *     nothing new, what is in flight is stored within the drain time;
 *   - run_fail() does the same after a stage said why; the first status stays.
 */
#ifndef PIPELINE_RUN_H
#define PIPELINE_RUN_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

#include "pipeline/belt/belt.h"
#include "pipeline/belt/partitions.h"
#include "pipeline/belt/stats.h"
#include "pipeline/faults/fault.h"
#include "pipeline/limits/limits.h"
#include "pipeline/limits/options.h"
#include "pipeline/sink/sink.h"

struct run {
	const struct options *options;
	struct limits limits;
	struct stats stats;
	struct belt *belt;
	struct partitions *partitions;
	struct sink *sink;
	const struct fault *fault; /* NULL: healthy */
	rd_kafka_t *consumer;
	const char *brokers, *dlq_topic;
	decode_fn decode;
	bool stuck;       /* librdkafka would be waited for for ever: it is left alone */
	bool needs_nudge; /* librdkafka has no fetch.queue.backoff.ms */
	_Atomic bool stop;
	_Atomic int failed;           /* exit status */
	_Atomic uint64_t deadline_ns; /* after it what is in flight is given up */
	_Atomic uint64_t target;      /* messages to consume; UINT64_MAX: no end */
};

/* The flags carry no data with them, threads only have to see them soon: relaxed. */
static inline bool run_stopping(const struct run *run)
{
	return atomic_load_explicit(&run->stop, memory_order_relaxed);
}

/* From the first call on what is in flight has the drain time. */
void run_drain(struct run *run);
void run_stop(struct run *run);
void run_fail(struct run *run, int status);

/* Is the drain time over? */
bool run_given_up(const struct run *run);

/* The stages: bodies of the threads, each in its own file. */
void *source_thread(void *run);
void *worker_thread(void *run);
void *ends_thread(void *run);

#endif
