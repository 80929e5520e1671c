/*
 * stress_belt - a poller, workers and a sink on one belt, for ThreadSanitizer
 *
 * Passes when every row comes out once, decoded, in the order in which it went in,
 * and the belt never held more than its bound. Exit 0 or 1.
 * Usage: stress_belt [slots filled]
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "pipeline/belt/belt.h"

#define SLOTS 4
#define BATCH 16
#define WORKERS 3

static struct belt *belt;
static unsigned long rounds = 50000;

static void *poll_all(void *unused)
{
	int64_t offset = 0;

	(void)unused;
	for (unsigned long i = 0; i < rounds; i++) {
		struct slot *slot;

		while ((slot = belt_reserve(belt, 1000)) == NULL)
			;
		for (slot->n = 0; slot->n < 1 + i % BATCH; slot->n++)
			slot->rows[slot->n] = (struct row){ .offset = offset++ };
		slot->bytes = slot->n;
		belt_dispatch(belt, slot);
	}
	belt_close(belt);
	return NULL;
}

static void *decode_all(void *unused)
{
	struct slot *slot;

	(void)unused;
	while ((slot = belt_take(belt)) != NULL) {
		for (unsigned i = 0; i < slot->n; i++) {
			slot->rows[i].state = ROW_GOOD;
			slot->rows[i].event.id = (uint64_t)slot->rows[i].offset * 3;
		}
		belt_decoded(belt, slot);
	}
	return NULL;
}

static int check(const struct slot *slot, int64_t *expected)
{
	for (unsigned i = 0; i < slot->n; i++) {
		const struct row *row = &slot->rows[i];

		if (row->offset != *expected || row->state != ROW_GOOD ||
		    row->event.id != (uint64_t)*expected * 3)
			return -1;
		++*expected;
	}
	return 0;
}

int main(int argc, char **argv)
{
	pthread_t poller, workers[WORKERS];
	int64_t expected = 0;
	struct slot *slot;
	int r, bad = 0;

	if (argc > 1)
		rounds = strtoul(argv[1], NULL, 10);
	belt = belt_new(SLOTS, BATCH, 1 << 20, 64);
	pthread_create(&poller, NULL, poll_all, NULL);
	for (int i = 0; i < WORKERS; i++)
		pthread_create(&workers[i], NULL, decode_all, NULL);
	while ((r = belt_next(belt, 1000, &slot)) != -ESHUTDOWN) {
		if (r != 0)
			continue;
		bad |= check(slot, &expected);
		belt_retire(belt, slot);
	}
	pthread_join(poller, NULL);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(workers[i], NULL);
	bad |= belt_read(belt).messages_max > SLOTS * BATCH;
	belt_free(belt);
	if (bad)
		fprintf(stderr, "lost, doubled or out of order near %lld\n",
			(long long)expected);
	return bad != 0;
}
