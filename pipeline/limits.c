/*
 * limits - every bound of a run, from one number
 *
 * The cost of a message is not its payload: librdkafka adds LIMITS_MESSAGE_OVERHEAD
 * bytes, the belt a row and its share of an arena. So the shares below are of
 * memory, and the limits that librdkafka counts in payload are scaled down.
 *
 *   budget = process + sink cache [+ embedded broker] + work
 *   work   = prefetch 40 % + belt 24 % + retry 4 % + dead letters 6 % + slack 26 %
 *
 * Prefetch is two parts: what waits in a partition's queue, and the answer that is
 * on its way while the queue is just below its limit. The answer gets two thirds: a
 * broker cuts it off anywhere and the cut batch is fetched again, so long answers
 * waste less; and it is a whole number of usual batches, since a cut that falls just
 * behind full ones wastes next to nothing.
 * The sink's cache is a tenth of what the process leaves: appending needs the last page
 * of each tree and little else. As much again is slack, since SQLite fills its cache to
 * the brim and takes pages beyond it while a transaction is open.
 *
 * Slack is what the allocator does not hand back at once, a batch that does not
 * end where a limit does, and the distance to the memory breaker, which opens at
 * 85 % of the budget and must not in a run that goes well.
 *
 * The process line is what was resident at the start plus PROCESS_GROWTH, the
 * pages that threads, connections and libraries touch later (measured: 2.4 to
 * 3.1 MiB).
 */
#include "pipeline/limits.h"

#include <errno.h>

#include "pipeline/belt.h"
#include "pipeline/say.h"
#include "pipeline/units.h"

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define PROCESS_GROWTH (3 * MIB)
#define MOCK_LOG (5 * MIB + 512 * KIB) /* a partition of librdkafka's mock broker */
#define PRODUCER_QUEUE (6 * MIB)
#define SINK_CODE (2 * MIB)
#define BATCH_USUAL (16 * KIB) /* what a producer fills unless told otherwise */
#define FETCH_TOTAL_MIN MIB    /* librdkafka wants it above message.max.bytes */

static size_t clamp(size_t value, size_t low, size_t high)
{
	return value < low ? low : value > high ? high : value;
}

static size_t row_cost(const struct limits_ask *ask)
{
	return ask->payload + LIMITS_MESSAGE_OVERHEAD + sizeof(struct row) +
	       LIMITS_ARENA_PER_MESSAGE;
}

/* Memory that payload bytes in librdkafka's queues really take. */
static size_t fetched_cost(const struct limits_ask *ask, size_t payload_bytes)
{
	return payload_bytes + payload_bytes / ask->payload * LIMITS_MESSAGE_OVERHEAD;
}

static void line(struct limits *l, const char *what, size_t bytes)
{
	l->lines[l->n_lines++] = (struct limits_line){ what, bytes };
	l->total += bytes;
}

/* Pages of the sink's library, statements, index of the log: not its cache. */
static size_t sink_code(const struct limits_ask *ask)
{
	return ask->stores ? SINK_CODE : 0;
}

static size_t fixed_cost(const struct limits_ask *ask)
{
	size_t fixed = ask->resident + PROCESS_GROWTH + sink_code(ask);

	if (ask->embedded)
		fixed += ask->partitions * MOCK_LOG + PRODUCER_QUEUE;
	return fixed;
}

static void add_lines(const struct limits_ask *ask, struct limits *l, size_t work)
{
	size_t known;

	line(l, "process: program, libraries, threads", ask->resident + PROCESS_GROWTH);
	if (ask->embedded)
		line(l, "embedded broker and producer",
		     ask->partitions * MOCK_LOG + PRODUCER_QUEUE);
	line(l, "sink: library and cache", sink_code(ask) + l->sink_cache);
	known = l->total;
	line(l, "prefetch in librdkafka",
	     fetched_cost(ask,
			  ask->partitions * (l->fetch_bytes + l->prefetch_kbytes * KIB)));
	line(l, "belt: messages in flight, rows, arenas",
	     (size_t)l->slots * l->batch * row_cost(ask));
	line(l, "retry queue", l->retry_bytes);
	line(l, "dead letter queue", l->dlq_kbytes * KIB);
	known = l->total - known;
	line(l, "slack of the allocator", work > known ? work - known : known / 4);
}

static void without_budget(const struct limits_ask *ask, struct limits *l)
{
	l->batch = ask->batch;
	l->slots = (ask->queue + ask->batch - 1) / ask->batch;
	l->fetch_bytes = clamp(4 * MIB / ask->partitions, 64 * KIB, MIB);
	l->retry_bytes = MIB;
	l->dlq_kbytes = 1024;
	l->sink_cache = ask->stores ? 4 * MIB : 0;
}

static void with_budget(const struct limits_ask *ask, struct limits *l, size_t work)
{
	size_t rows = work / 100 * 24 / row_cost(ask);
	size_t fetch = work / 100 * 40 / 3 * 2 / ask->partitions;

	if (rows > ask->queue)
		rows = ask->queue;
	l->batch = ask->batch;
	if (l->batch > rows / 4)
		l->batch = (unsigned)clamp(rows / 4, 1, ask->batch);
	l->slots = (unsigned)clamp(rows / l->batch, 2, 4096);
	fetch = fetch * ask->payload / (ask->payload + LIMITS_MESSAGE_OVERHEAD);
	l->fetch_bytes = clamp(fetch / BATCH_USUAL * BATCH_USUAL, BATCH_USUAL, MIB);
	l->retry_bytes = work / 25;
	l->dlq_kbytes = clamp(work / 100 * 6 / KIB, 64, 8192);
}

static void dependent(const struct limits_ask *ask, struct limits *l)
{
	if (l->slots < 2)
		l->slots = 2; /* one fills while one is stored */
	l->prefetch_kbytes = l->fetch_bytes / KIB / 2;
	/* librdkafka starves the last partitions when an answer cannot hold all */
	l->fetch_total =
		clamp(l->fetch_bytes * ask->partitions, FETCH_TOTAL_MIN, SIZE_MAX);
	l->fetch_least =
		clamp((size_t)l->batch * ask->payload / 2, 1, l->fetch_bytes / 2);
	l->inflight_bytes = (size_t)l->slots * l->batch * ask->payload * 2;
	l->arena_bytes = (size_t)l->batch * LIMITS_ARENA_PER_MESSAGE;
	l->retries = (unsigned)clamp(l->retry_bytes / (ask->payload + 128), 16, 65536);
	l->dlq_messages = (unsigned)clamp(
		l->dlq_kbytes * KIB / (ask->payload + LIMITS_MESSAGE_OVERHEAD), 16,
		100000);
}

int limits_derive(const struct limits_ask *ask, struct limits *ret)
{
	size_t fixed = fixed_cost(ask), least, work = 0;

	*ret = (struct limits){ .memory = ask->memory };
	least = fetched_cost(ask, BATCH_USUAL * 3 / 2 * ask->partitions) * 100 / 40;
	if (least < 1 * MIB)
		least = 1 * MIB;
	if (ask->stores)
		least += MIB;
	if (ask->memory != 0 && ask->memory < fixed + least) {
		ret->total = fixed + least;
		return -ENOSPC;
	}
	if (ask->memory == 0) {
		without_budget(ask, ret);
	} else {
		work = ask->memory - fixed;
		ret->sink_cache = ask->stores ? clamp(work / 10, MIB, 16 * MIB) : 0;
		work -= ret->sink_cache;
		with_budget(ask, ret, work - ret->sink_cache);
	}
	dependent(ask, ret);
	add_lines(ask, ret, work);
	return 0;
}

void limits_say(const struct limits *l)
{
	char text[UNITS_TEXT_MAX];

	for (unsigned i = 0; i < l->n_lines; i++)
		say_note("budget %12s  %s", units_bytes_text(text, l->lines[i].bytes),
			 l->lines[i].what);
	say_note("budget %12s  total%s", units_bytes_text(text, l->total),
		 l->memory != 0 ? "" : " (no --memory given: an estimate)");
}
