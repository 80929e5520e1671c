/*
 * fresh - written after the thresholds were set
 *
 * What the other programs do not have: parsers, pools, rings, caches that refresh, jobs.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/scenarios/scenario.h"

struct node {
	struct node *left, *right;
	unsigned key;
	char *value;
};

static struct node *root;

SCENARIO static struct node *new_node(unsigned key)
{
	struct node *node = calloc(1, sizeof(*node));

	node->key = key;
	node->value = strdup("some value of a node");
	return node;
}

SCENARIO static void tree_insert(unsigned key)
{
	struct node **at = &root;

	while (*at && (*at)->key != key)
		at = key < (*at)->key ? &(*at)->left : &(*at)->right;
	if (!*at)
		*at = new_node(key);
}

/* An index that gets every event and forgets none. */
static void index_grows(double scale)
{
	while (scenario_tick(400 * scale))
		tree_insert(scenario_random(1u << 30));
}

/* The same over a few thousand names: full in the end. */
static void index_fills(double scale)
{
	while (scenario_tick(1500))
		tree_insert(scenario_random((unsigned)(3000 * scale)) * 2654435761u);
}

static char *pool[512];
static unsigned pool_free;

SCENARIO static char *pool_get(void)
{
	return pool_free ? pool[--pool_free] : scenario_use(malloc(2048), 2048);
}

SCENARIO static void pool_put(char *block)
{
	if (pool_free < 512)
		pool[pool_free++] = block;
	else
		free(block);
}

static void pooled(double scale)
{
	char *held[64];

	while (scenario_tick(200 * scale)) {
		unsigned count = 1 + scenario_random(64);

		for (unsigned i = 0; i < count; i++)
			held[i] = pool_get();
		for (unsigned i = 0; i < count; i++)
			pool_put(held[i]);
	}
}

/* A table that is read anew every second: the new one before the old one goes. */
SCENARIO static char **load_table(unsigned rows)
{
	char **table = scenario_use(calloc(rows + 1, sizeof(*table)), 8);

	for (unsigned i = 0; i < rows; i++)
		table[i] = scenario_use(malloc(60), 60);
	return table;
}

SCENARIO static void free_table(char **table)
{
	for (unsigned i = 0; table && table[i]; i++)
		free(table[i]);
	free(table);
}

static void refreshed(double scale)
{
	char **table = NULL, **next;

	while (scenario_tick(2 * scale)) {
		next = load_table(3000);
		free_table(table);
		table = next;
	}
}

/* The old table is dropped and not freed. */
static void refreshed_leak(double scale)
{
	while (scenario_tick(3 * scale))
		load_table(500);
}

SCENARIO static char *parse_field(const char *from)
{
	return strndup(from, 24);
}

SCENARIO static void parse_line(unsigned n)
{
	char *fields[6];

	for (int i = 0; i < 6; i++)
		fields[i] = parse_field("0123456789abcdefghijklmnopqrstuvw");
	/* an early return on a bad line */
	for (int i = n % 50 == 0 ? 2 : 0; i < 6; i++)
		free(fields[i]);
}

static void early_return(double scale)
{
	unsigned n = 0;

	while (scenario_tick(600 * scale))
		parse_line(n++);
}

static void parser_storm(double scale)
{
	while (scenario_tick(1000))
		for (unsigned i = 0; i < 60 * scale; i++)
			parse_line(1);
}

static char *window[4000];

SCENARIO static void slide(unsigned at)
{
	size_t bytes = 64u << scenario_random(5);

	free(window[at % 4000]);
	window[at % 4000] = scenario_use(malloc(bytes), bytes);
}

/* A sliding window of the last events, whose sizes differ much. */
static void sliding(double scale)
{
	unsigned n = 0;

	for (; n < 4000; n++)
		slide(n);
	while (scenario_tick(1500 * scale))
		slide(n++);
}

/* Two loads in turn, each of its own size: day and night. */
static void day_and_night(double scale)
{
	char *held[3000] = { 0 };
	unsigned n = 0, period = (unsigned)(scenario_seconds() * 400 / 5);

	while (scenario_tick(400 * scale)) {
		unsigned most = n++ % period < period / 2 ? 3000 : 300;
		unsigned slot = scenario_random(3000);

		for (unsigned i = 0; i < 20; i++, slot = (slot + 151) % 3000) {
			free(held[slot]);
			held[slot] = slot < most ? scenario_use(malloc(700), 700) : NULL;
		}
	}
}

static void *job(void *arg)
{
	char *scratch = scenario_use(malloc(10000), 10000);

	usleep(2000);
	free(scratch);
	return arg;
}

/* Joinable threads that end and that nobody joins. */
SCENARIO static void spawn(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 128 << 10);
	pthread_create(&thread, &attr, job, NULL);
	pthread_attr_destroy(&attr);
}

static void never_joined(double scale)
{
	while (scenario_tick(8 * scale))
		spawn();
}

/* A worker for a job now and then, joined. */
static void joined(double scale)
{
	pthread_t thread;

	while (scenario_tick(20 * scale))
		if (pthread_create(&thread, NULL, job, NULL) == 0)
			pthread_join(thread, NULL);
}

SCENARIO static void watch(unsigned n)
{
	static char **watchers;
	static unsigned count, room;

	if (count == room) {
		room = room ? room * 2 : 16;
		watchers = realloc(watchers, room * sizeof(*watchers));
	}
	watchers[count++] =
		strdup(n % 2 ? "a watcher of something" : "another watcher of it");
}

/* Listeners are added on each connection and never removed; requests come and go. */
static void listeners(double scale)
{
	unsigned n = 0;

	for (; n < 4000; n++)
		slide(n);
	while (scenario_tick(300)) {
		slide(n);
		parse_line(1);
		if (n++ % 6 < 2 * scale)
			watch(n);
	}
}

/* Starts with a large load that takes a while, and then serves. */
static void slow_start(double scale)
{
	unsigned n = 0;

	while (scenario_tick(1000)) {
		if (n < 1000 * scale)
			new_node(n++);
		parse_line(1);
	}
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "index-grows", index_grows },
		{ "index-fills", index_fills },
		{ "pooled", pooled },
		{ "refreshed", refreshed },
		{ "refreshed-leak", refreshed_leak },
		{ "early-return", early_return },
		{ "parser-storm", parser_storm },
		{ "sliding", sliding },
		{ "day-and-night", day_and_night },
		{ "never-joined", never_joined },
		{ "joined", joined },
		{ "listeners", listeners },
		{ "slow-start", slow_start },
		{ NULL },
	};

	return scenario_main(argc, argv, scenarios);
}
