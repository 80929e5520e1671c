/*
 * ends - where the partitions' logs end, for the lag
 *
 * Every fetch answer brings the end of its partition's log, and librdkafka keeps it: that
 * is read every LOOK_NS and costs no request. Only a partition that is not fetched,
 * because its queue is full or nothing came, is asked for over the network, ASK_MAX of
 * them every ASK_NS; such a question waits behind a fetch on the same connection, so
 * there are few.
 */
#include <time.h>

#include "pipeline/base/units.h"
#include "pipeline/stages/run.h"

#define TICK_NS 20000000
#define LOOK_NS UINT64_C(200000000)
#define ASK_NS UINT64_C(1000000000)
#define ASK_MAX 32
#define ASK_TIMEOUT_MS 1000

/* What the last answer said. True when that is news. */
static bool look(struct run *run, int32_t id)
{
	_Atomic int64_t *known = &partitions_at(run->partitions, id)->high;
	int64_t low, high;

	if (rd_kafka_get_watermark_offsets(run->consumer, run->options->topic, id, &low,
					   &high) != RD_KAFKA_RESP_ERR_NO_ERROR ||
	    high <= atomic_load_explicit(known, memory_order_relaxed))
		return false;
	atomic_store_explicit(known, high, memory_order_relaxed);
	return true;
}

static void ask(struct run *run, int32_t id)
{
	struct partition *p = partitions_at(run->partitions, id);
	int64_t low, high;

	if (rd_kafka_query_watermark_offsets(run->consumer, run->options->topic, id, &low,
					     &high, ASK_TIMEOUT_MS) ==
	    RD_KAFKA_RESP_ERR_NO_ERROR)
		atomic_store_explicit(&p->high, high, memory_order_relaxed);
}

static bool owned(struct run *run, int32_t id)
{
	return atomic_load_explicit(&partitions_at(run->partitions, id)->position,
				    memory_order_relaxed) >= 0;
}

static void look_at_all(struct run *run)
{
	for (unsigned i = 0; i < partitions_count(run->partitions); i++)
		if (owned(run, (int32_t)i))
			look(run, (int32_t)i);
}

/* Those of which no answer brought news, beginning at *cursor. */
static void ask_some(struct run *run, unsigned *cursor)
{
	unsigned n = partitions_count(run->partitions), asked = 0;

	for (unsigned i = 0; i < n && asked < ASK_MAX && !run_stopping(run); i++) {
		int32_t id = (int32_t)*cursor;

		*cursor = (*cursor + 1) % n;
		if (!owned(run, id) || look(run, id))
			continue;
		ask(run, id);
		asked++;
	}
}

void *ends_thread(void *with)
{
	static const struct timespec tick = { 0, TICK_NS };
	struct run *run = with;
	uint64_t looked_ns = 0, asked_ns = 0;
	unsigned cursor = 0;

	for (; !run_stopping(run); nanosleep(&tick, NULL)) {
		uint64_t now = units_now_ns();

		if (now - asked_ns >= ASK_NS) {
			asked_ns = now;
			ask_some(run, &cursor);
		}
		if (now - looked_ns >= LOOK_NS) {
			looked_ns = now;
			look_at_all(run);
		}
	}
	return NULL;
}
