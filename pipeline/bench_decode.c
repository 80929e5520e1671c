/*
 * bench_decode - one decoder on one thread, without Kafka
 *
 * Usage: bench-decode json|protobuf zerocopy|copy PAYLOAD MESSAGES
 * Decodes MESSAGES orders out of a set of 4096 distinct ones, in batches of 500
 * with an arena that is reset between them, as the pipeline does, and prints one
 * JSON line: ns, allocations and bytes a message, p99 of a batch, peak memory.
 */
#include <stdio.h>
#include <string.h>

#include "pipeline/base/histogram.h"
#include "pipeline/base/memory.h"
#include "pipeline/base/units.h"
#include "pipeline/decode/decode.h"
#include "pipeline/kafka/order.h"
#include "pipeline/limits/options.h"

#define DISTINCT 4096
#define BATCH 500

static uint8_t *make_messages(enum encoding encoding, unsigned payload)
{
	struct order_set *set = order_set_new(encoding, payload);
	uint8_t *messages = memory_alloc((size_t)DISTINCT * payload);

	for (unsigned i = 0; i < DISTINCT; i++)
		order_write(set, i + 1, 1700000000000 + i,
			    messages + (size_t)i * payload);
	order_set_free(set);
	return messages;
}

static uint64_t decode_batch(decode_fn decode, const uint8_t *messages, unsigned payload,
			     uint64_t from, struct arena *arena)
{
	static struct event
		events[BATCH]; /* alive until the batch ends, as on the belt */
	const char *why = NULL;
	uint64_t sum = 0;

	for (unsigned i = 0; i < BATCH; i++) {
		const uint8_t *at = messages + (from + i) % DISTINCT * payload;

		if (decode(at, payload, arena, &events[i], &why) != 0) {
			fprintf(stderr, "bench-decode: %s\n", why);
			exit(1);
		}
		sum += events[i].id;
	}
	for (unsigned i = 0; i < BATCH; i++)
		decode_release(&events[i]);
	arena_reset(arena);
	return sum;
}

int main(int argc, char **argv)
{
	static struct histogram batches;
	struct memory_count before;
	uint64_t n, payload, sum = 0, start, ns, done = 0;
	struct arena arena;
	enum encoding encoding;
	enum decode_way way;
	uint8_t *messages;

	if (argc != 5 || units_bytes(argv[3], &payload) != 0 ||
	    units_count(argv[4], &n) != 0 || payload < ORDER_PAYLOAD_MIN) {
		fputs("usage: bench-decode json|protobuf zerocopy|copy PAYLOAD "
		      "MESSAGES\n",
		      stderr);
		return 2;
	}
	encoding = strcmp(argv[1], "json") == 0 ? ENCODING_JSON : ENCODING_PROTOBUF;
	way = strcmp(argv[2], "copy") == 0 ? DECODE_COPY : DECODE_ZEROCOPY;
	messages = make_messages(encoding, (unsigned)payload);
	arena_init(&arena, BATCH * 256);
	before = memory_here;
	start = units_now_ns();
	for (; done < n; done += BATCH) {
		uint64_t begun = units_now_ns();

		sum += decode_batch(decode_choose(encoding, way), messages,
				    (unsigned)payload, done, &arena);
		histogram_record(&batches, units_now_ns() - begun, 1);
	}
	ns = units_now_ns() - start;
	printf("{\"encoding\":\"%s\",\"decode\":\"%s\",\"payload\":%llu,\"messages\":%"
	       "llu,"
	       "\"ns_per_msg\":%.1f,\"msgs_per_s\":%.0f,\"allocs_per_msg\":%.3f,"
	       "\"bytes_per_msg\":%.1f,\"p99_batch_us\":%.1f,\"peak_rss_kb\":%zu,"
	       "\"check\":%llu}\n",
	       argv[1], argv[2], (unsigned long long)payload, (unsigned long long)done,
	       (double)ns / (double)done, (double)done * 1e9 / (double)ns,
	       (double)(memory_here.calls - before.calls) / (double)done,
	       (double)(memory_here.bytes - before.bytes) / (double)done,
	       (double)histogram_quantile(&batches, 0.99) / 1e3,
	       memory_resident_peak() / 1024, (unsigned long long)sum);
	arena_done(&arena);
	free(messages);
	return 0;
}
