/*
 * stores - caches, pools, buffers and queues as services have them: skewed keys, idle
 * time-outs, high-water marks, rooms that double
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenarios/scenario.h"

/* 0 .. below - 1, of which rank r comes as often as 1/r. */
static unsigned skewed(unsigned below)
{
	double u = scenario_random(1 << 20) / (double)(1 << 20);

	return (unsigned)exp(u * log(below)) - 1;
}

/* --- least recently used, by a hash with chains and a list --- */

struct entry {
	struct entry *chain, *newer, *older;
	unsigned key;
	char value[];
};

static struct entry *buckets[1024], *newest, *oldest;
static unsigned entries;

static void unlink_entry(struct entry *e)
{
	*(e->newer ? &e->newer->older : &newest) = e->older;
	*(e->older ? &e->older->newer : &oldest) = e->newer;
}

static void link_newest(struct entry *e)
{
	e->newer = NULL;
	e->older = newest;
	*(newest ? &newest->newer : &oldest) = e;
	newest = e;
}

SCENARIO static void evict(void)
{
	struct entry *e = oldest, **at = &buckets[e->key % 1024];

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	unlink_entry(e);
	free(e);
	entries--;
}

SCENARIO static void fetch(unsigned key)
{
	struct entry *e = buckets[key % 1024];

	while (e && e->key != key)
		e = e->chain;
	if (e) {
		unlink_entry(e);
	} else {
		e = scenario_use(malloc(sizeof(*e) + 40 + key % 500), 1);
		e->key = key;
		e->chain = buckets[key % 1024];
		buckets[key % 1024] = e;
		entries++;
	}
	link_newest(e);
}

static void lru_zipf(double scale)
{
	while (scenario_tick(700)) {
		fetch(skewed(20000));
		while (entries > 600 * scale)
			evict();
	}
}

/* Nobody ever wrote the eviction. */
static void lru_forgotten(double scale)
{
	unsigned fresh = 20000;

	while (scenario_tick(700))
		fetch(scenario_random(100) < 12 * scale ? fresh++ : skewed(300));
}

/* --- words that are kept once each --- */

static char *words[40000];

SCENARIO static const char *intern_word(unsigned n)
{
	char text[40];

	if (words[n])
		return words[n];
	snprintf(text, sizeof(text), "word-%u-of-the-text", n);
	words[n] = scenario_use(strdup(text), 1);
	return words[n];
}

static void interned_late(double scale)
{
	while (scenario_tick(900 * scale)) {
		intern_word(scenario_random(1500));
		free(scenario_use(malloc(64), 1));
	}
}

/* --- names that are asked for: what is found expires, what is not found never does ---
 */

struct answer {
	struct answer *next;
	double until;
	char text[100];
};

static struct answer *answers;

SCENARIO static void remember_answer(double now)
{
	struct answer *a = scenario_use(malloc(sizeof(*a)), 1);

	a->until = now + 0.05;
	a->next = answers;
	answers = a;
}

SCENARIO static void remember_missing(void)
{
	scenario_use(calloc(1, 56), 1);
}

SCENARIO static void forget_old(double now)
{
	for (struct answer **at = &answers, *a = *at; a; a = *at) {
		if (a->until > now) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		free(a);
	}
}

static void negative_answers(double scale)
{
	while (scenario_tick(500)) {
		if (scenario_random(100) < 8 * scale)
			remember_missing();
		else
			remember_answer(scenario_done());
		forget_old(scenario_done());
	}
}

/* --- a pool of connections: opened at need, closed when idle for a while --- */

struct connection {
	char *in, *out;
	double used;
};

static struct connection pool[400];

SCENARIO static void open_connection(struct connection *c)
{
	c->in = scenario_use(malloc(4096), 4096);
	c->out = scenario_use(malloc(4096), 4096);
}

SCENARIO static void close_connection(struct connection *c)
{
	free(c->in);
	free(c->out);
	c->in = c->out = NULL;
}

SCENARIO static void use_connections(unsigned wanted, double now)
{
	for (unsigned i = 0; i < 400; i++) {
		if (i < wanted && !pool[i].in)
			open_connection(&pool[i]);
		if (i < wanted)
			pool[i].used = now;
		else if (pool[i].in && now - pool[i].used > 0.06)
			close_connection(&pool[i]);
	}
}

static void pool_idles(double scale)
{
	while (scenario_tick(100)) {
		double done = scenario_done();
		bool busy = fmod(done * 4, 1) < 0.4;

		use_connections((unsigned)(scale * (busy ? 300 : 40)), done);
		free(scenario_use(malloc(500), 1));
	}
}

/* --- buffers of connections, as large as the largest message they saw --- */

static void high_water(double scale)
{
	static struct {
		char *bytes;
		size_t room;
	} in[200];

	while (scenario_tick(500 * scale)) {
		unsigned i = scenario_random(200);
		size_t need = 200 + skewed(12000);

		if (need <= in[i].room)
			continue;
		in[i].bytes = scenario_use(realloc(in[i].bytes, need), need);
		in[i].room = need;
	}
}

/* --- regions in regions; their chunks are kept for the next one --- */

struct chunk {
	struct chunk *next;
	char bytes[2000];
};

static struct chunk *spare, *stack[64];

SCENARIO static void region_enter(unsigned depth)
{
	for (unsigned i = 0; i < 1 + scenario_random(3); i++) {
		struct chunk *chunk = spare;

		if (chunk)
			spare = chunk->next;
		else
			chunk = scenario_use(malloc(sizeof(*chunk)), 1);
		chunk->next = stack[depth];
		stack[depth] = chunk;
	}
}

SCENARIO static void region_leave(unsigned depth)
{
	while (stack[depth]) {
		struct chunk *chunk = stack[depth];

		stack[depth] = chunk->next;
		chunk->next = spare;
		spare = chunk;
	}
}

static void regions(double scale)
{
	while (scenario_tick(100 * scale)) {
		unsigned depth = 1 + scenario_random(40);

		for (unsigned i = 0; i < depth; i++)
			region_enter(i);
		for (unsigned i = 0; i < depth; i++)
			region_leave(i);
		free(scenario_use(malloc(300), 1));
	}
}

/* --- a queue in a ring whose room doubles --- */

static void **ring;
static size_t ring_room, ring_head, ring_tail;

SCENARIO static void ring_grow(void)
{
	size_t room = ring_room ? ring_room * 2 : 16;
	void **larger = malloc(room * sizeof(*larger));

	for (size_t i = ring_head; i < ring_tail; i++)
		larger[i % room] = ring[i % ring_room];
	free(ring);
	ring = larger;
	ring_room = room;
}

SCENARIO static void ring_push(void)
{
	if (ring_tail - ring_head == ring_room)
		ring_grow();
	ring[ring_tail++ % ring_room] = scenario_use(malloc(150), 1);
}

SCENARIO static void ring_pop(void)
{
	if (ring_head < ring_tail)
		free(ring[ring_head++ % ring_room]);
}

static void ring_lags(double scale)
{
	for (unsigned n = 0; scenario_tick(800); n++) {
		ring_push();
		if (scenario_random(100) > 25 * scale)
			ring_pop();
	}
}

/* Bursts that are worked off: the room stays as large as the worst of them. */
static void ring_keeps_up(double scale)
{
	while (scenario_tick(200)) {
		unsigned come = scenario_random(100) < 6 ? 30 + scenario_random(40) : 3;

		for (unsigned i = 0; i < come * scale; i++)
			ring_push();
		for (unsigned i = 0; i < 9 * scale; i++)
			ring_pop();
	}
}

/* The consumer stands for a quarter of the time and catches up. */
static void backlog_drains(double scale)
{
	for (unsigned n = 0; scenario_tick(500); n++) {
		double done = scenario_done();

		ring_push();
		for (int i = 0; i < 3 && !(done > 0.3 && done < 0.55); i++)
			ring_pop();
		free(scenario_use(malloc((size_t)(300 * scale)), 1));
	}
}

/* --- the history of each of fifty sessions is appended to --- */

SCENARIO static void session_append(unsigned session)
{
	static struct {
		char *text;
		size_t used, room;
	} of[50];

	of[session].used += 120;
	if (of[session].used > of[session].room) {
		of[session].room = of[session].used + 256;
		of[session].text =
			scenario_use(realloc(of[session].text, of[session].room), 1);
	}
}

static void histories(double scale)
{
	while (scenario_tick(250 * scale))
		session_append(scenario_random(50));
}

/* --- a large heap whose noise is a thousand times the leak --- */

SCENARIO static void open_cursor(void)
{
	scenario_use(malloc(88), 1);
}

SCENARIO static void replace(void **slot)
{
	free(*slot);
	*slot = scenario_use(malloc(scenario_random(60000)), 1);
}

static void needle(double scale)
{
	static void *heap[1500];

	for (int i = 0; i < 1500; i++)
		replace(&heap[i]);
	for (unsigned n = 0; scenario_tick(600); n++) {
		replace(&heap[scenario_random(1500)]);
		if (n % (unsigned)(24 / scale) == 0)
			open_cursor();
	}
}

/* Two halves of random size, one of which is made anew while the other is shown. */
static void double_buffer(double scale)
{
	static void *half[2];

	for (unsigned n = 0; scenario_tick(60 * scale); n++) {
		size_t bytes = 20000 + scenario_random(200000);

		free(half[n & 1]);
		half[n & 1] = scenario_use(malloc(bytes), bytes);
	}
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "lru-zipf", lru_zipf },
		{ "lru-forgotten", lru_forgotten },
		{ "interned-late", interned_late },
		{ "negative-answers", negative_answers },
		{ "pool-idles", pool_idles },
		{ "high-water", high_water },
		{ "regions", regions },
		{ "ring-lags", ring_lags },
		{ "ring-keeps-up", ring_keeps_up },
		{ "backlog-drains", backlog_drains },
		{ "histories", histories },
		{ "needle", needle },
		{ "double-buffer", double_buffer },
		{ NULL },
	};

	return scenario_main(argc, argv, scenarios);
}
