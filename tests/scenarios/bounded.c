/*
 * bounded - programs that are well: caches, queues, working sets, and ones that churn
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <heapring/heapring.h>

#include "tests/scenarios/scenario.h"

#define SLOTS 20000u

static char *slots[SLOTS];

SCENARIO static void put(unsigned slot, size_t bytes)
{
	free(slots[slot]);
	slots[slot] = scenario_use(malloc(bytes), bytes);
}

SCENARIO static void look_up(unsigned slot)
{
	free(scenario_use(malloc(40), 40));
	if (slots[slot] == NULL)
		put(slot, 400);
}

/* Keys at random: new ones are seen less and less often. */
static void cache_random_keys(double scale)
{
	unsigned keys = (unsigned)(4000 * scale);

	while (scenario_tick(2000))
		look_up(scenario_random(keys));
}

/* In a straight line until it is full; then the oldest goes for each new one. */
static void cache_until_full(double scale)
{
	unsigned next = 0, room = (unsigned)(1000 * scale * scenario_seconds() / 2);

	room = room < SLOTS ? room : SLOTS;
	while (scenario_tick(1000 * scale))
		put(next++ % room, 300);
}

static void cache_turnover(double scale)
{
	unsigned room = (unsigned)(3000 * scale);

	for (unsigned i = 0; i < room; i++)
		put(i, 300);
	while (scenario_tick(1000))
		put(scenario_random(room), 100 + scenario_random(400));
}

struct request {
	char *parts[8];
};

SCENARIO static void serve(struct request *request)
{
	for (int i = 0; i < 8; i++)
		request->parts[i] = scenario_use(malloc(200u << (i % 4)), 200);
	for (int i = 0; i < 8; i++)
		free(request->parts[i]);
}

static void requests(double scale)
{
	struct request request;

	while (scenario_tick(300 * scale))
		serve(&request);
}

static void idle(double scale)
{
	for (unsigned i = 0; i < 1000; i++)
		put(i, 1000);
	while (scenario_tick(4 * scale))
		put(scenario_random(1000), 1000);
}

static unsigned queue_from, queue_to;

SCENARIO static void enqueue(size_t bytes)
{
	if (queue_to - queue_from < SLOTS)
		put(queue_to++ % SLOTS, bytes);
}

SCENARIO static void dequeue(void)
{
	if (queue_from == queue_to)
		return;
	free(slots[queue_from % SLOTS]);
	slots[queue_from++ % SLOTS] = NULL;
}

/* Bursts at random that are worked off: bounded, though it often grows. */
static void queue_bursts(double scale)
{
	while (scenario_tick(500)) {
		if (scenario_random(200) == 0)
			for (unsigned i = 0; i < 300 * scale; i++)
				enqueue(200);
		for (int i = 0; i < 4 * scale; i++)
			dequeue();
	}
}

/* A consumer that keeps up, with a few in flight. */
static void queue_steady(double scale)
{
	for (int i = 0; i < 50; i++)
		enqueue(500);
	while (scenario_tick(800 * scale)) {
		enqueue(500);
		dequeue();
	}
}

static void queue_unbounded(double scale)
{
	while (scenario_tick(500)) {
		for (int i = 0; i < 4; i++)
			enqueue(100);
		for (int i = 0; i < 4 - scale; i++)
			dequeue();
	}
}

/* A working set that wanders: blocks come and go on their own. */
static void population(double scale)
{
	unsigned room = 4000;

	for (unsigned i = 0; i < room; i += 2)
		put(i, 250);
	while (scenario_tick(2000 * scale)) {
		unsigned slot = scenario_random(room);

		if (slots[slot]) {
			free(slots[slot]);
			slots[slot] = NULL;
		} else {
			put(slot, 250);
		}
	}
}

/* Hands its blocks from one function to another, which grows as the first shrinks. */
SCENARIO static void move_over(unsigned slot)
{
	free(slots[slot]);
	slots[slot] = scenario_use(malloc(500), 500);
}

static void migration(double scale)
{
	unsigned moved = 0, room = 4000;

	for (unsigned i = 0; i < room; i++)
		put(i, 500);
	while (scenario_tick(300 * scale))
		if (moved < room)
			move_over(moved++);
}

static void startup(double scale)
{
	for (unsigned i = 0; i < SLOTS; i++)
		put(i, (size_t)(1000 * scale));
	while (scenario_tick(300))
		put(scenario_random(SLOTS), (size_t)(1000 * scale));
}

SCENARIO static void churn(size_t bytes)
{
	free(scenario_use(malloc(bytes), 1));
}

static void storm(double scale)
{
	while (scenario_tick(1000))
		for (unsigned i = 0; i < 400 * scale; i++)
			churn(100);
}

static void storm_large(double scale)
{
	while (scenario_tick(1000 * scale))
		churn(1 << 20);
}

SCENARIO static void log_line(unsigned n)
{
	char *line = NULL;

	if (asprintf(&line, "request %u took %u us on connection %u", n, n * 7 % 1000,
		     n % 100) > 0)
		free(line);
}

static void storm_format(double scale)
{
	unsigned n = 0;

	while (scenario_tick(1000))
		for (unsigned i = 0; i < 150 * scale; i++)
			log_line(n++);
}

SCENARIO static void pass_on(const char *payload, size_t bytes)
{
	char *copies[4];

	for (int i = 0; i < 4; i++) {
		copies[i] = malloc(bytes);
		memcpy(copies[i], payload, bytes);
	}
	for (int i = 0; i < 4; i++)
		free(scenario_use(copies[i], bytes));
}

static void storm_copies(double scale)
{
	static char payload[400];

	while (scenario_tick(1000))
		for (unsigned i = 0; i < 60 * scale; i++)
			pass_on(payload, sizeof(payload));
}

/* A mark for each round, of eight blocks. */
static void marked(double scale)
{
	struct request request;

	while (scenario_tick(100 * scale)) {
		heapring_mark("requests");
		serve(&request);
	}
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "cache-random-keys", cache_random_keys },
		{ "cache-until-full", cache_until_full },
		{ "cache-turnover", cache_turnover },
		{ "requests", requests },
		{ "idle", idle },
		{ "queue-bursts", queue_bursts },
		{ "queue-steady", queue_steady },
		{ "queue-unbounded", queue_unbounded },
		{ "population", population },
		{ "migration", migration },
		{ "startup", startup },
		{ "storm", storm },
		{ "storm-large", storm_large },
		{ "storm-format", storm_format },
		{ "storm-copies", storm_copies },
		{ "marked", marked },
		{ NULL },
	};

	return scenario_main(argc, argv, scenarios);
}
