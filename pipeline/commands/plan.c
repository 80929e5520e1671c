/*
 * plan - the arithmetic of memory before anything runs
 *
 *   in flight       = rate x time in the pipeline (Little's law)
 *   a message costs = payload + what librdkafka allocates + its row and arena
 *   queue seconds   = messages in flight at most / rate
 *
 * Everything printed comes from limits_derive(), the function that the run uses:
 * the plan and the run cannot disagree.
 */
#include <stdio.h>

#include "pipeline/base/memory.h"
#include "pipeline/base/say.h"
#include "pipeline/base/units.h"
#include "pipeline/belt/belt.h"
#include "pipeline/commands/command.h"
#include "pipeline/limits/limits.h"
#include "pipeline/sink/sink.h"

static void print_json(const struct options *o, const struct limits *l, double needed)
{
	printf("{\"rate\":%llu,\"latency_ms\":%.3f,\"payload\":%u,\"inflight_needed\":%."
	       "0f,"
	       "\"inflight_limit\":%u,\"message_bytes\":%zu,\"queue_seconds\":%.4f,"
	       "\"fetch_bytes\":%zu,\"prefetch_kbytes\":%zu,\"budget\":[",
	       (unsigned long long)o->rate, (double)o->latency_us / 1e3, o->payload,
	       needed, l->slots * l->batch,
	       o->payload + LIMITS_MESSAGE_OVERHEAD + sizeof(struct row) +
		       LIMITS_ARENA_PER_MESSAGE,
	       (double)(l->slots * l->batch) / (double)o->rate, l->fetch_bytes,
	       l->prefetch_kbytes);
	for (unsigned i = 0; i < l->n_lines; i++)
		printf("%s{\"line\":\"%s\",\"bytes\":%zu}", i == 0 ? "" : ",",
		       l->lines[i].what, l->lines[i].bytes);
	printf("],\"total_bytes\":%zu}\n", l->total);
}

static void print_text(const struct options *o, const struct limits *l, double needed)
{
	unsigned limit = l->slots * l->batch;
	char text[UNITS_TEXT_MAX];

	printf("rate             %llu messages/s of %u bytes: %s/s\n",
	       (unsigned long long)o->rate, o->payload,
	       units_bytes_text(text, o->rate * o->payload));
	printf("in flight        %.0f needed = rate x %.1f ms; at most %u = %u batches "
	       "of %u\n",
	       needed, (double)o->latency_us / 1e3, limit, l->slots, l->batch);
	printf("a message        %u payload + %u librdkafka + %zu row + %u arena bytes\n",
	       o->payload, LIMITS_MESSAGE_OVERHEAD, sizeof(struct row),
	       LIMITS_ARENA_PER_MESSAGE);
	printf("queue            %.1f ms of the rate; beyond that the backlog stays in "
	       "Kafka\n",
	       (double)limit * 1e3 / (double)o->rate);
	printf("prefetch         %zu KiB waiting and %zu KiB on their way, each "
	       "partition\n",
	       l->prefetch_kbytes, l->fetch_bytes / 1024);
	for (unsigned i = 0; i < l->n_lines; i++)
		printf("memory %12s  %s\n", units_bytes_text(text, l->lines[i].bytes),
		       l->lines[i].what);
	printf("memory %12s  total\n", units_bytes_text(text, l->total));
}

int command_plan(struct options *o)
{
	struct limits_ask ask = {
		.memory = o->memory,
		.resident = memory_resident(),
		.queue = o->queue,
		.batch = o->batch,
		.payload = o->payload,
		.partitions = o->partitions,
		.brokers = 1,
		.embedded = false,
		.stores = sink_stores(o->sink),
	};
	struct limits limits;
	char text[UNITS_TEXT_MAX];
	double needed;

	if (o->rate == 0)
		o->rate = 100000;
	needed = (double)o->rate * (double)o->latency_us / 1e6;
	if (limits_derive(&ask, &limits) != 0) {
		say_error("--memory: %u partitions need at least %s", o->partitions,
			  units_bytes_text(text, limits.total));
		return EXIT_USAGE;
	}
	if (o->summary_json)
		print_json(o, &limits, needed);
	else
		print_text(o, &limits, needed);
	if (needed <= (double)(limits.slots * limits.batch))
		return EXIT_FINE;
	say_error(
		"--queue %u: %.0f messages are in flight at that rate and latency; give "
		"a larger --queue or more --memory",
		o->queue, needed);
	return EXIT_FAILED;
}
