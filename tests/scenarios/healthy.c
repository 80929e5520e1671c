/*
 * healthy - programs that are well though their memory moves: rings, pools, caches by
 * age and by generation, loads that come and go
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/scenarios/scenario.h"

SCENARIO static void serve(unsigned blocks)
{
	for (unsigned i = 0; i < blocks; i++)
		free(scenario_use(malloc(64 + i % 200), 64));
}

#define RING 4096u

static char *ring[RING];

SCENARIO static void ring_put(unsigned at, size_t bytes)
{
	free(ring[at % RING]);
	ring[at % RING] = scenario_use(malloc(bytes), bytes);
}

/* The last N events: fills once, then each new one drives an old one out. */
static void ring_fills(double scale)
{
	unsigned n = 0, size = (unsigned)(1200 * scale);

	while (scenario_tick(400)) {
		ring_put(n++ % size, 300);
		serve(3);
	}
}

/* --- a cache whose entries die of age --- */

struct entry {
	struct entry *next;
	double born;
	char value[400];
};

static struct entry *oldest, **newest = &oldest;

SCENARIO static void cache_value(double now)
{
	struct entry *entry = scenario_use(malloc(sizeof(*entry)), 1);

	entry->next = NULL;
	entry->born = now;
	*newest = entry;
	newest = &entry->next;
}

SCENARIO static void expire(double before)
{
	struct entry *entry;

	while (oldest && oldest->born < before) {
		entry = oldest;
		oldest = entry->next;
		if (!oldest)
			newest = &oldest;
		free(entry);
	}
}

static void ttl_cache(double scale)
{
	while (scenario_tick(400)) {
		double now = scenario_done() * scenario_seconds();

		cache_value(now);
		expire(now - scale);
	}
}

/* --- two generations: the old one goes when the young one is full --- */

static char *generation[2][1500];
static unsigned generation_used, young;

SCENARIO static void remember(unsigned most)
{
	if (generation_used == most) {
		young = 1 - young;
		for (unsigned i = 0; i < most; i++) {
			free(generation[young][i]);
			generation[young][i] = NULL;
		}
		generation_used = 0;
	}
	generation[young][generation_used++] = scenario_use(malloc(300), 300);
}

static void generations(double scale)
{
	while (scenario_tick(1200))
		remember((unsigned)(1500 * scale));
}

/* --- lines gather in a log that is rotated --- */

static char *log_lines[3000];
static unsigned log_used;

SCENARIO static void log_line(unsigned n)
{
	char line[80];

	snprintf(line, sizeof(line), "%u: a message of the usual length to the log", n);
	log_lines[log_used++] = strdup(line);
}

SCENARIO static void rotate(void)
{
	while (log_used > 0)
		free(log_lines[--log_used]);
}

static void log_rotation(double scale)
{
	unsigned n = 0;

	while (scenario_tick(900)) {
		log_line(n++);
		serve(2);
		if (log_used >= 1200 * scale)
			rotate();
	}
}

/* --- a pool of connections that follows a load of waves --- */

static char *connections[800];
static unsigned connected;

SCENARIO static void connect_one(void)
{
	connections[connected++] = scenario_use(malloc(8000), 8000);
}

SCENARIO static void disconnect_one(void)
{
	free(connections[--connected]);
}

SCENARIO static void follow(double wanted)
{
	while (connected < wanted && connected < 800)
		connect_one();
	while (connected > wanted + 1)
		disconnect_one();
}

static void waves(double scale)
{
	while (scenario_tick(200)) {
		follow(200 + 150 * sin(scenario_done() * 2 * M_PI * 4 * scale));
		serve(20);
	}
}

/* Load that grows a little and shrinks a little, around a mean. */
static void ripples(double scale)
{
	while (scenario_tick(200)) {
		follow(300 + 20 * scale * sin(scenario_done() * 2 * M_PI * 9) +
		       scenario_random(10));
		serve(20);
	}
}

/* Grows to what the load needs in the first fifth, then stays. */
static void pool_ramps(double scale)
{
	while (scenario_tick(200)) {
		follow(fmin(200 * scale, 1000 * scale * scenario_done()));
		serve(20);
	}
}

/* A larger working set after a while: one step, and no more. */
static void one_step(double scale)
{
	while (scenario_tick(200)) {
		follow(scenario_done() < 0.5 ? 100 : 100 + 200 * scale);
		serve(20);
	}
}

/* Steps upwards and downwards, as configurations are read. */
static void steps(double scale)
{
	static const int levels[] = { 200, 320, 150, 280, 210, 330, 160, 240 };

	while (scenario_tick(200)) {
		follow(scale * levels[(int)(scenario_done() * 7.99)]);
		serve(20);
	}
}

/* It lost memory until the half, and no more since. */
SCENARIO static void lose(void)
{
	scenario_use(malloc(200), 200);
}

static void leak_stops(double scale)
{
	while (scenario_tick(300 * scale)) {
		serve(5);
		if (scenario_done() < 0.5)
			lose();
	}
}

/* --- documents: a tree is built, asked, and goes --- */

struct json {
	struct json *child[4];
	char *key;
};

SCENARIO static struct json *parse(unsigned depth)
{
	struct json *json = calloc(1, sizeof(*json));

	json->key = strdup("the key of a value");
	for (int i = 0; depth > 0 && i < 4; i++)
		json->child[i] = parse(depth - 1);
	return json;
}

SCENARIO static void json_free(struct json *json)
{
	for (int i = 0; i < 4; i++)
		if (json->child[i])
			json_free(json->child[i]);
	free(json->key);
	free(json);
}

static void documents(double scale)
{
	while (scenario_tick(20 * scale))
		json_free(parse(3));
}

/* The five last versions of a document are kept. */
static void versions(double scale)
{
	struct json *kept[5] = { 0 };
	unsigned n = 0;

	while (scenario_tick(12 * scale)) {
		if (kept[n % 5])
			json_free(kept[n % 5]);
		kept[n++ % 5] = parse(3 + scenario_random(2));
		serve(100);
	}
}

/* A table that doubles until all names are known, early on. */
static char **names;
static unsigned names_used, names_room;

SCENARIO static void intern(unsigned n)
{
	char name[40];

	if (n < names_used)
		return;
	if (names_used == names_room) {
		names_room = names_room ? 2 * names_room : 16;
		names = realloc(names, names_room * sizeof(*names));
	}
	snprintf(name, sizeof(name), "a name with the number %u", n);
	names[names_used++] = strdup(name);
}

static void names_known(double scale)
{
	unsigned n = 0, most = (unsigned)(150 * scale);

	while (scenario_tick(500)) {
		intern(n++ % most);
		serve(8);
	}
}

/* Every second what nobody refers to is collected. */
static char *garbage[4000];
static unsigned garbage_used;

SCENARIO static void make_object(void)
{
	garbage[garbage_used++] = scenario_use(malloc(256), 256);
}

SCENARIO static void collect(void)
{
	while (garbage_used > 200)
		free(garbage[--garbage_used]);
}

static void collector(double scale)
{
	unsigned n = 0;

	while (scenario_tick(1000)) {
		if (garbage_used < 4000)
			make_object();
		if (n++ % (unsigned)(900 * scale) == 0)
			collect();
	}
}

/* Threads come for a burst of work and go. */
static void *burst_worker(void *arg)
{
	char *scratch = scenario_use(malloc(20000), 20000);

	usleep(200000);
	free(scratch);
	return arg;
}

static void thread_bursts(double scale)
{
	pthread_t threads[8];

	while (scenario_tick(1.5 * scale)) {
		for (int i = 0; i < 8; i++)
			pthread_create(&threads[i], NULL, burst_worker, NULL);
		for (int i = 0; i < 8; i++)
			pthread_join(threads[i], NULL);
		serve(100);
	}
}

/* Blocks of very different sizes, each replaced at random. */
static void mixed_sizes(double scale)
{
	for (unsigned i = 0; i < 1000; i++)
		ring_put(i, 16u << scenario_random(9));
	while (scenario_tick(800 * scale))
		ring_put(scenario_random(1000), 16u << scenario_random(9));
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "ring-fills", ring_fills },
		{ "ttl-cache", ttl_cache },
		{ "generations", generations },
		{ "log-rotation", log_rotation },
		{ "waves", waves },
		{ "ripples", ripples },
		{ "pool-ramps", pool_ramps },
		{ "one-step", one_step },
		{ "steps", steps },
		{ "leak-stops", leak_stops },
		{ "documents", documents },
		{ "versions", versions },
		{ "names-known", names_known },
		{ "collector", collector },
		{ "thread-bursts", thread_bursts },
		{ "mixed-sizes", mixed_sizes },
		{ NULL },
	};

	return scenario_main(argc, argv, scenarios);
}
