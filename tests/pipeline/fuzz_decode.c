/*
 * fuzz_decode - damaged messages must never crash a decoder
 *
 * Takes good messages and damages a few bytes or the length, always the same way for
 * one seed; runs all four decoders on a buffer of exactly that size, so that the
 * address sanitizer sees a byte too many. Passes when it ends.
 * Usage: fuzz_decode [rounds] [seed]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/decode/decode.h"
#include "pipeline/kafka/order.h"

static unsigned seed = 1;

static void damage(uint8_t *bytes, size_t len)
{
	for (int i = rand_r(&seed) % 4; i > 0 && len > 0; i--) {
		size_t at = (size_t)rand_r(&seed) % len;

		bytes[at] = rand_r(&seed) % 3 == 0 ? "\"\\{}[]:,0"[rand_r(&seed) % 9]
						   : (uint8_t)rand_r(&seed);
	}
}

static unsigned long round_of(struct order_set **sets, struct arena *arena,
			      unsigned payload)
{
	enum encoding encoding = rand_r(&seed) % 2 ? ENCODING_JSON : ENCODING_PROTOBUF;
	size_t len = rand_r(&seed) % 4 ? payload : (size_t)rand_r(&seed) % payload;
	uint8_t *whole = malloc(payload), *exact = malloc(len + (len == 0));
	unsigned long good = 0;

	order_write(sets[encoding], (uint64_t)rand_r(&seed) + 1, 1700000000000, whole);
	memcpy(exact, whole, len);
	damage(exact, len);
	for (int way = 0; way < 2; way++) {
		const char *why = NULL;
		struct event e;

		if (decode_choose(encoding, (enum decode_way)way)(exact, len, arena, &e,
								  &why) == 0) {
			decode_release(&e);
			good++;
		}
		arena_reset(arena);
	}
	free(whole);
	free(exact);
	return good;
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000, good = 0;
	struct order_set *sets[2];
	struct arena arena;

	if (argc > 2)
		seed = (unsigned)strtoul(argv[2], NULL, 10);
	arena_init(&arena, 65536);
	sets[ENCODING_JSON] = order_set_new(ENCODING_JSON, 300);
	sets[ENCODING_PROTOBUF] = order_set_new(ENCODING_PROTOBUF, 300);
	for (unsigned long i = 0; i < rounds; i++)
		good += round_of(sets, &arena, 300);
	printf("%lu rounds, %lu of %lu still decode\n", rounds, good, rounds * 2);
	order_set_free(sets[0]);
	order_set_free(sets[1]);
	arena_done(&arena);
	return 0;
}
