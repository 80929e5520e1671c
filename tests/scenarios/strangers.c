/*
 * strangers - programs in the way of those that people write to try a profiler: plain
 * loops, whole programs in one function, everything inlined that the compiler likes
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenarios/scenario.h"

struct node {
	struct node *next;
	char *name;
	double price;
};

static struct node *list;

static void add_item(unsigned n)
{
	struct node *node = malloc(sizeof(*node));
	char text[40];

	snprintf(text, sizeof(text), "item-%u", n);
	node->name = strdup(text);
	node->price = n;
	node->next = list;
	list = node;
}

static void linked_list(double scale)
{
	for (unsigned n = 0; scenario_tick(150 * scale); n++)
		add_item(n);
}

static void free_list(void)
{
	while (list) {
		struct node *next = list->next;

		free(list->name);
		free(list);
		list = next;
	}
}

/* A list is built, summed up and freed, once and again. */
static void list_and_free(double scale)
{
	for (unsigned n = 0; scenario_tick(500); n++) {
		add_item(n);
		if (n % (unsigned)(600 * scale) == 0)
			free_list();
	}
}

/* The whole is freed in the end: no leak when it ends, but one while it runs. */
static void freed_in_the_end(double scale)
{
	for (unsigned n = 0; scenario_tick(300 * scale); n++)
		add_item(n);
	free_list();
}

/* Reads a file's worth of lines, handles them, frees them; a tidy little tool. */
static void tidy_tool(double scale)
{
	char *lines[200];

	for (unsigned i = 0; i < 5000 * scale; i++)
		add_item(i);
	while (scenario_tick(20)) {
		for (int i = 0; i < 200; i++) {
			lines[i] = malloc(80);
			memset(lines[i], 'x', 80);
		}
		for (int i = 0; i < 200; i++)
			free(lines[i]);
	}
	free_list();
}

/* A matrix each time, large enough to be mapped. */
static double multiply(int n)
{
	double *a = calloc((size_t)n * n, sizeof(*a));
	double *b = calloc((size_t)n * n, sizeof(*b));
	double sum = 0;

	for (int i = 0; i < n * n; i += 64)
		sum += (a[i] = i) * (b[i] = 2);
	free(a);
	free(b);
	return sum;
}

static void matrices(double scale)
{
	volatile double sum = 0;

	while (scenario_tick(20 * scale))
		sum = sum + multiply(200);
}

static void matrices_leak(double scale)
{
	while (scenario_tick(6 * scale))
		scenario_use(malloc(160000), 160000);
}

struct bucket {
	struct bucket *next;
	unsigned key;
	char value[64];
};

static struct bucket **buckets;
static unsigned buckets_count, entries;

static void grow_table(void)
{
	unsigned count = buckets_count ? 2 * buckets_count : 64;
	struct bucket **more = calloc(count, sizeof(*more));

	for (unsigned i = 0; i < buckets_count; i++)
		while (buckets[i]) {
			struct bucket *one = buckets[i];

			buckets[i] = one->next;
			one->next = more[one->key % count];
			more[one->key % count] = one;
		}
	free(buckets);
	buckets = more;
	buckets_count = count;
}

static void table_put(unsigned key)
{
	struct bucket *one;

	if (entries >= buckets_count)
		grow_table();
	one = malloc(sizeof(*one));
	one->key = key;
	one->next = buckets[key % buckets_count];
	buckets[key % buckets_count] = one;
	entries++;
}

static bool table_has(unsigned key)
{
	const struct bucket *one = buckets_count ? buckets[key % buckets_count] : NULL;

	while (one && one->key != key)
		one = one->next;
	return one != NULL;
}

static void table_take(unsigned key)
{
	struct bucket **at = &buckets[key % buckets_count], *one;

	while (*at && (*at)->key != key)
		at = &(*at)->next;
	one = *at;
	if (!one)
		return;
	*at = one->next;
	free(one);
	entries--;
}

static void table_of_all(double scale)
{
	for (unsigned n = 0; scenario_tick(400 * scale); n++)
		table_put(n);
}

/* Full when it has so many: the oldest goes. */
static void table_bounded(double scale)
{
	unsigned most = (unsigned)(400 * scenario_seconds() * 0.45 * scale);

	for (unsigned n = 0; scenario_tick(400); n++) {
		if (n >= most)
			table_take(n - most);
		table_put(n);
	}
}

/* Only new ones are put in, of a universe that is exhausted by and by. */
static void table_of_known(double scale)
{
	while (scenario_tick(800)) {
		unsigned key = scenario_random((unsigned)(1500 * scale));

		if (!table_has(key))
			table_put(key);
	}
}

/* Each request holds a few blocks for 5 to 50 ms, a hundred at once. */
static void in_flight(double scale)
{
	static char *slots[100];

	while (scenario_tick(1000 * scale)) {
		unsigned slot = scenario_random(100);

		free(slots[slot]);
		slots[slot] = malloc(100 + scenario_random(4000));
	}
}

static void in_flight_leak(double scale)
{
	static char *slots[100];

	while (scenario_tick(1000 * scale)) {
		unsigned slot = scenario_random(100);

		if (scenario_random(50) != 0)
			free(slots[slot]);
		slots[slot] = malloc(100 + scenario_random(4000));
	}
}

/* log(1 + t): quickly at first, slower and slower, and it never ends. */
static void logarithm(double scale)
{
	unsigned n = 0;

	while (scenario_tick(100))
		while (n < 900 * scale * log1p(40 * scenario_done()))
			add_item(n++);
}

static char *text;
static size_t text_length;

/* The buffer of a log that is written nowhere. */
static void log_append(void)
{
	static const char line[] = "2026-01-01 INFO something happened again\n";

	text = realloc(text, text_length + sizeof(line));
	memcpy(text + text_length, line, sizeof(line));
	text_length += sizeof(line) - 1;
}

static void log_buffer(double scale)
{
	while (scenario_tick(120 * scale))
		log_append();
}

/* The same, but written and begun anew at a size. */
static void log_flushed(double scale)
{
	while (scenario_tick(800)) {
		log_append();
		if (text_length > 30000 * scale) {
			free(text);
			text = NULL;
			text_length = 0;
		}
	}
}

/* Large and small ones, nine of ten of which go, over and over: what stays is spread. */
static void spread_out(double scale)
{
	static char *all[40000];
	unsigned count = (unsigned)(40000 * scale);

	for (unsigned i = 0; i < count; i++)
		all[i] = scenario_use(malloc(800), 1);
	while (scenario_tick(50)) {
		if (scenario_done() < 0.25)
			continue;
		for (unsigned i = 0; i < count; i++)
			if (i % 12 != 0) {
				free(all[i]);
				all[i] = NULL;
			}
		free(scenario_use(malloc(100), 100));
	}
}

/* The same, but all goes, in the order in which a tidy program frees: at its end. */
static void all_freed_at_exit(double scale)
{
	static char *all[40000];
	unsigned count = (unsigned)(40000 * scale);

	for (unsigned i = 0; i < count; i++)
		all[i] = scenario_use(malloc(800), 1);
	while (scenario_tick(50))
		free(scenario_use(malloc(100), 100));
	for (unsigned i = 0; i < count; i++)
		if (i % 12 != 0)
			free(all[i]);
}

static void *wait_for_ever(void *arg)
{
	pthread_mutex_lock(arg);
	return arg;
}

static pthread_mutex_t never = PTHREAD_MUTEX_INITIALIZER;

static void on_request(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, wait_for_ever, &never);
}

static void deadlocked(double scale)
{
	pthread_mutex_lock(&never);
	while (scenario_tick(3 * scale))
		on_request();
}

/* Rendering: a hundred small strings for each frame. */
static void frame(void)
{
	char *part[100];

	for (int i = 0; i < 100; i++)
		part[i] = strdup("a label of the frame");
	for (int i = 0; i < 100; i++)
		free(part[i]);
}

static void frames(double scale)
{
	while (scenario_tick(60 * scale))
		frame();
}

/* A worm: each infects as many as there are. */
static void infect(unsigned n)
{
	add_item(n);
}

static void worm(double scale)
{
	double want = 5;
	unsigned n = 0;

	while (scenario_tick(50)) {
		want *= pow(2, 1 / (50 * scale));
		while (n < want && n < 200000)
			infect(n++);
	}
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "linked-list", linked_list },
		{ "list-and-free", list_and_free },
		{ "freed-in-the-end", freed_in_the_end },
		{ "tidy-tool", tidy_tool },
		{ "matrices", matrices },
		{ "matrices-leak", matrices_leak },
		{ "table-of-all", table_of_all },
		{ "table-bounded", table_bounded },
		{ "table-of-known", table_of_known },
		{ "in-flight", in_flight },
		{ "in-flight-leak", in_flight_leak },
		{ "logarithm", logarithm },
		{ "log-buffer", log_buffer },
		{ "log-flushed", log_flushed },
		{ "spread-out", spread_out },
		{ "all-freed-at-exit", all_freed_at_exit },
		{ "deadlocked", deadlocked },
		{ "frames", frames },
		{ "worm", worm },
		{ NULL },
	};

	return scenario_main(argc, argv, scenarios);
}
