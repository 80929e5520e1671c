/*
 * limits - every bound of a run, from one number
 *
 * The cost of a message is not its payload: librdkafka adds LIMITS_MESSAGE_OVERHEAD
 * bytes, the belt a row and its share of an arena. So the shares below are of
 * memory, and the limits that librdkafka counts in payload are scaled down.
 *
 *   budget = process + sink cache [+ embedded broker] + work
 *   work   = prefetch 34 % + belt 24 % + retry 4 % + dead letters 6 % + slack 32 %
 *
 * Prefetch is two parts: what waits in a partition's queue, and the answer that is
 * on its way while the queue is just below its limit. The answer gets at most seven
 * eighths: a broker cuts it off anywhere and the cut batch is fetched again, so long
 * answers waste less, and each costs its request; how long it is exactly follows from the
 * topic's batches (sample.h), since a cut that falls just behind one wastes nothing. What
 * it leaves is the queue's. Where no batch was seen they are taken to be of 16 KiB.
 * The sink's cache is a tenth of what the process leaves: appending needs the last page
 * of each tree and little else. As much again is slack, since SQLite fills its cache to
 * the brim and takes pages beyond it while a transaction is open.
 *
 * Slack is what the allocator does not hand back at once, an answer of several partitions
 * that lives until the last of them is read, a batch that does not
 * end where a limit does, and the distance to the memory breaker, which opens at
 * 85 % of the budget and must not in a run that goes well.
 *
 * A broker sends a message whole, however long. What goes beyond the answers that were
 * asked for by half the budget cannot be taken within it.
 *
 * The process line is what was resident at the start plus PROCESS_GROWTH, the
 * pages that threads, connections and libraries touch later (measured: 2.4 to
 * 3.1 MiB).
 */
#include "pipeline/limits/limits.h"

#include <errno.h>

#include "pipeline/base/say.h"
#include "pipeline/base/units.h"
#include "pipeline/belt/belt.h"
#include "pipeline/limits/sample.h"

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define PREFETCH_SHARE 34 /* percent of work */
#define PROCESS_GROWTH (3 * MIB)
#define MOCK_LOG (5 * MIB + 512 * KIB) /* a partition of librdkafka's mock broker */
#define PRODUCER_QUEUE (6 * MIB)
#define SINK_CODE (2 * MIB)
#define BATCH_USUAL (16 * KIB) /* what a producer fills unless told otherwise */
#define ANSWER_MAX MIB         /* librdkafka's own default */
#define QUEUED_MIN 1u          /* messages */
#define QUEUED_MAX 1000000u
#define FETCH_TOTAL_MIN MIB       /* librdkafka wants it above message.max.bytes */
#define MESSAGE_MAX (256 * MIB)   /* without a budget */
#define BELT_MAX (256 * MIB)      /* without a budget: 8,000 messages of 32 KiB */
#define RESIDENT_VARIES (MIB / 4) /* from one start to the next */

static size_t clamp(size_t value, size_t low, size_t high)
{
	return value < low ? low : value > high ? high : value;
}

static size_t row_cost(const struct limits_ask *ask)
{
	return ask->payload + LIMITS_MESSAGE_OVERHEAD + sizeof(struct row) +
	       LIMITS_ARENA_PER_MESSAGE;
}

static bool sampled(const struct limits_ask *ask)
{
	return ask->sample != NULL && ask->sample->n > 0;
}

/* Memory for each byte that a broker sends, in 1024ths: once it is read there is a
 * message for each record, and nothing is compressed. */
static size_t cost_of_byte(const struct limits_ask *ask)
{
	const struct sample *s = ask->sample;

	if (!sampled(ask))
		return KIB + KIB * LIMITS_MESSAGE_OVERHEAD / ask->payload;
	return (s->bytes + s->messages * LIMITS_MESSAGE_OVERHEAD) * KIB / s->sent + 1;
}

static size_t answer_cost(const struct limits_ask *ask, size_t bytes)
{
	return bytes * cost_of_byte(ask) / KIB;
}

static size_t queued_cost(const struct limits_ask *ask)
{
	return ask->payload + LIMITS_MESSAGE_OVERHEAD;
}

/* The smallest answer that is of use: one batch. */
static size_t least_answer(const struct limits_ask *ask)
{
	size_t batch = sampled(ask) ? sample_usual_batch(ask->sample) : 0;

	return batch != 0 ? batch + batch / 64 + 64 : BATCH_USUAL;
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
	     ask->partitions * (answer_cost(ask, l->answer_bytes) +
				l->prefetch_messages * queued_cost(ask)));
	line(l, "belt: messages in flight, rows, arenas",
	     (size_t)l->slots * l->batch * row_cost(ask));
	line(l, "retry queue", l->retry_bytes);
	line(l, "dead letter queue", l->dlq_kbytes * KIB);
	known = l->total - known;
	line(l, "slack of the allocator", work > known ? work - known : known / 4);
}

/* A partition's answer and its queue share memory bytes. */
static void divide_prefetch(const struct limits_ask *ask, struct limits *l, size_t memory)
{
	size_t least = least_answer(ask), most, answer = 0, left;

	most = memory / 8 * 7 * KIB / cost_of_byte(ask);
	most = clamp(most, least, least > ANSWER_MAX ? least : ANSWER_MAX);
	if (sampled(ask))
		answer = sample_fetch(ask->sample, most);
	else
		answer = most / BATCH_USUAL * BATCH_USUAL;
	l->answer_bytes = answer > SAMPLE_ONE_BATCH ? answer : least;
	l->fetch_bytes = answer == SAMPLE_ONE_BATCH ? answer : l->answer_bytes;
	left = answer_cost(ask, l->answer_bytes);
	left = memory > left ? memory - left : 0;
	l->prefetch_messages =
		(unsigned)clamp(left / queued_cost(ask), QUEUED_MIN, QUEUED_MAX);
	l->prefetch_kbytes =
		clamp((size_t)l->prefetch_messages * ask->payload / KIB, 1, 1 << 20);
}

static void without_budget(const struct limits_ask *ask, struct limits *l)
{
	size_t rows = clamp(BELT_MAX / row_cost(ask), 1, ask->queue);

	l->batch = ask->batch;
	if (rows < ask->queue)
		l->batch = (unsigned)clamp((rows + 3) / 4, 1, ask->batch);
	l->slots = (unsigned)((rows + l->batch - 1) / l->batch);
	divide_prefetch(ask, l, clamp(16 * MIB / ask->partitions, 192 * KIB, 4 * MIB));
	l->retry_bytes = MIB;
	l->dlq_kbytes = 1024;
	l->sink_cache = ask->stores ? 4 * MIB : 0;
}

static void with_budget(const struct limits_ask *ask, struct limits *l, size_t work)
{
	size_t rows = work / 100 * 24 / row_cost(ask);

	if (rows > ask->queue)
		rows = ask->queue;
	l->batch = ask->batch;
	if (l->batch > rows / 4)
		l->batch = (unsigned)clamp(rows / 4, 1, ask->batch);
	l->slots = (unsigned)clamp(rows / l->batch, 2, 4096);
	divide_prefetch(ask, l, work / 100 * PREFETCH_SHARE / ask->partitions);
	l->retry_bytes = work / 25;
	l->dlq_kbytes = clamp(work / 100 * 6 / KIB, 64, 8192);
}

static void dependent(const struct limits_ask *ask, struct limits *l)
{
	if (l->slots < 2)
		l->slots = 2; /* one fills while one is stored */
	/* librdkafka starves the last partitions when an answer cannot hold all */
	l->fetch_total =
		clamp(l->answer_bytes * ask->partitions, FETCH_TOTAL_MIN, SIZE_MAX);
	l->receive_most = l->fetch_total + (l->memory != 0 ? l->memory / 2 : MESSAGE_MAX);
	l->receive_most = clamp(l->receive_most, 0, INT32_MAX);
	/* a broker counts no more of a partition than is asked of it: one batch is all
	 * that comes, and waiting would bring nothing */
	l->fetch_least = l->fetch_bytes == SAMPLE_ONE_BATCH
				 ? 1
				 : clamp((size_t)l->batch * ask->payload / 2, 1,
					 l->answer_bytes / 2);
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
	least = (answer_cost(ask, least_answer(ask)) + QUEUED_MIN * queued_cost(ask)) *
		ask->partitions * 100 / PREFETCH_SHARE;
	if (least < 1 * MIB)
		least = 1 * MIB;
	if (ask->stores)
		least += MIB;
	if (ask->memory != 0 && ask->memory < fixed + least) {
		ret->total = (fixed + least + RESIDENT_VARIES) / MIB * MIB + MIB;
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
