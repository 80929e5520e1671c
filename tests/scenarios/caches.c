/*
 * caches - what is kept on purpose, and what a cache loses
 *
 * Fills of several shapes (as popular keys arrive, in steps, straight to a bound), with
 * and without turnover, emptied as a whole or by age; and three that are leaks.
 */
#include "tests/scenarios/scenario.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS = 1 << 16 };

static void *values[KEYS];
static uint32_t held;

SCENARIO static void *load_value(uint32_t key)
{
	size_t bytes = 200 + key * 2654435761u % 800;

	return scenario_use(calloc(1, bytes), bytes);
}

SCENARIO static void fetch(uint32_t key)
{
	if (values[key] != NULL)
		return;
	values[key] = load_value(key);
	held++;
}

static void drop(uint32_t key)
{
	held -= values[key] != NULL;
	free(values[key]);
	values[key] = NULL;
}

static void replace(uint32_t key)
{
	drop(key);
	fetch(key);
}

/* few keys are asked for often, most seldom: the fill slows down by itself */
static uint32_t popular(uint32_t keys)
{
	double draw = scenario_random(1 << 20) / (double)(1 << 20);

	return (uint32_t)(pow((double)keys, draw) - 1);
}

static void popular_keys(double scale)
{
	uint32_t keys = (uint32_t)(4000 * scale);

	while (scenario_tick(500))
		for (int i = 0; i < 20; i++)
			fetch(popular(keys));
}

/* every key as likely as another: 1 - e^-t */
static void even_keys(double scale)
{
	double part = 0;

	while (scenario_tick(200))
		for (part += 6000 * 6 * scale / scenario_seconds() / 200; part >= 1;
		     part--)
			fetch(scenario_random((uint32_t)(6000 * scale)));
}

/* straight to its bound after `scale` of the run, then the oldest makes room */
static void fills_to_bound(double scale)
{
	uint32_t next = 0;
	double per_tick = 8000 / (scale * scenario_seconds()) / 200, part = 0;

	while (scenario_tick(200)) {
		for (part += per_tick; part >= 1; part--) {
			if (held >= 8000)
				drop((next - 8000) % KEYS);
			fetch(next++ % KEYS);
		}
	}
}

/* plugins are loaded one after another in the first half */
SCENARIO static void load_plugin(int number)
{
	for (int i = 0; i < 300; i++)
		values[number * 300 + i] = load_value((uint32_t)(number * 300 + i));
}

static void in_steps(double scale)
{
	int loaded = 0;

	while (scenario_tick(100)) {
		if (loaded < 6 && scenario_done() > loaded * 0.08 * scale)
			load_plugin(loaded++);
		free(load_value(7));
	}
}

/* emptied as a whole when it holds enough */
static void cleared_when_full(double scale)
{
	uint32_t next = 0, most = (uint32_t)(20 * 100 * scale);

	while (scenario_tick(100)) {
		for (int i = 0; i < 20; i++)
			fetch(next++ % KEYS);
		if (held < most)
			continue;
		for (uint32_t key = 0; key < KEYS; key++)
			drop(key);
	}
}

/* an entry lives 1.5 s * scale, swept twice a second */
static double born[KEYS];

static void expires(double scale)
{
	uint32_t next = 0, oldest = 0, ticks = 0;

	while (scenario_tick(100)) {
		double now = scenario_done() * scenario_seconds();

		for (int i = 0; i < 10; i++, next++) {
			born[next % KEYS] = now;
			fetch(next % KEYS);
		}
		if (++ticks % 50 != 0)
			continue;
		while (oldest < next && born[oldest % KEYS] < now - 1.5 * scale)
			drop(oldest++ % KEYS);
	}
}

/* a full cache with turnover, that was filled before the first request */
static void full_at_start(double scale)
{
	uint32_t most = (uint32_t)(10000 * scale);

	for (uint32_t key = 0; key < most; key++)
		fetch(key);
	while (scenario_tick(200)) {
		for (int i = 0; i < 15; i++)
			replace(scenario_random(most));
	}
}

/* the evicted entry leaves the index, its value stays */
struct entry {
	uint32_t key;
	char *value;
};
static struct entry *ring[512];

SCENARIO static char *render_thumbnail(uint32_t key)
{
	char *picture = malloc(3000);

	memset(picture, (int)key, 3000);
	return picture;
}

SCENARIO static void put_thumbnail(uint32_t key)
{
	struct entry **place = &ring[key % 512];

	free(*place);
	*place = calloc(1, sizeof(**place));
	(*place)->key = key;
	(*place)->value = render_thumbnail(key);
}

static void evicts_half(double scale)
{
	uint32_t next = 0;

	while (scenario_tick(100 * scale))
		put_thumbnail(next++);
}

/* a memory of results without a bound, beside a cache that has one */
struct result {
	struct result *next;
	char text[240];
};
static struct result *results;

SCENARIO static void memoise(uint32_t question)
{
	struct result *result = calloc(1, sizeof(*result));

	result->text[0] = (char)question;
	result->next = results;
	results = result;
}

static void memo_beside_cache(double scale)
{
	double part = 0;

	for (uint32_t question = 0; scenario_tick(200); question++) {
		for (int i = 0; i < 10; i++)
			fetch(popular(3000));
		for (part += scale; part >= 1; part--)
			memoise(question);
	}
}

/* two levels: the small one turns over fast, the large one fills for a third */
static void two_levels(double scale)
{
	void *small[64] = { NULL };
	uint32_t next = 0, full = 1;

	(void)scale;
	while (scenario_tick(300)) {
		uint32_t place = next++ % 64;

		free(small[place]);
		small[place] = load_value(next);
		if (scenario_done() < 0.33)
			fetch(full = next % KEYS);
		else
			replace(scenario_random(full));
	}
}

static const struct scenario SCENARIOS[] = {
	{ "popular-keys", popular_keys },
	{ "even-keys", even_keys },
	{ "fills-to-bound", fills_to_bound },
	{ "in-steps", in_steps },
	{ "cleared-when-full", cleared_when_full },
	{ "expires", expires },
	{ "full-at-start", full_at_start },
	{ "evicts-half", evicts_half },
	{ "memo-beside-cache", memo_beside_cache },
	{ "two-levels", two_levels },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, SCENARIOS);
}
