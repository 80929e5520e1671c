/*
 * stats - every number of a run, in one struct
 *
 * Contract
 *   - each field names the one thread that writes it; any thread may read at any
 *     time; sums of different threads may disagree by what is in flight;
 *   - names, units and meaning are published in docs/pipeline-metrics.md: the
 *     summary, the metrics endpoint and the status line all read this struct.
 */
#ifndef PIPELINE_STATS_H
#define PIPELINE_STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pipeline/base/histogram.h"

struct stats {
	/* poller */
	_Atomic uint64_t consumed, consumed_bytes, first_ns;
	_Atomic uint64_t lost;        /* offsets the broker no longer had */
	_Atomic uint64_t redelivered; /* offsets polled a second time */
	_Atomic uint64_t pauses;      /* times it stopped polling: belt full or breaker */
	_Atomic uint64_t paused_ns, rebalances, broker_errors, rx_bytes;
	_Atomic uint64_t commits, commit_errors;
	_Atomic bool breaker_open;
	_Atomic uint64_t breaker_opened;
	_Atomic uint64_t prefetched, prefetched_bytes; /* librdkafka's queues */
	/* workers, each adding */
	_Atomic uint64_t decoded, poisoned, decode_ns;
	/* sink thread */
	_Atomic uint64_t processed, duplicates, batches, last_ns;
	_Atomic uint64_t retried, retry_waiting, retry_bytes;
	_Atomic uint64_t sink_errors, sink_ns;
	_Atomic bool sink_down;
	_Atomic uint64_t dead_lettered, dead_waiting;
	struct histogram latency;    /* us, polled to stored */
	struct histogram end_to_end; /* us, produced to stored (ms clock) */
	struct histogram batch_size;
	/* warm-up mark, sink thread: allocations before it do not count,
	 * nor the messages that were decoded by then: the workers are ahead */
	_Atomic uint64_t warm_calls, warm_bytes, warm_decoded;
	/* embedded producer */
	_Atomic uint64_t produced;
};

static inline void stats_add(_Atomic uint64_t *counter, uint64_t n)
{
	/* a sum that orders nothing: relaxed */
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static inline uint64_t stats_read(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static inline void stats_set(_Atomic uint64_t *gauge, uint64_t n)
{
	atomic_store_explicit(gauge, n, memory_order_relaxed);
}

#endif
