/*
 * crews - many threads, pools of them, heaps full of holes, allocators of one's own
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/scenarios/scenario.h"

#define ROOM 262144u

static char *kept[ROOM];
static unsigned kept_count;

/* A ring of blocks between threads; who finds it full waits. */
static char *ring[1024];
static unsigned ring_from, ring_to;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned lose_each; /* 0: nobody forgets */

SCENARIO static char *receive(void)
{
	return scenario_use(malloc(100 + scenario_random(800)), 1);
}

static void hand_over(char *block)
{
	pthread_mutex_lock(&lock);
	while (ring_to - ring_from == 1024)
		pthread_cond_wait(&changed, &lock);
	ring[ring_to++ % 1024] = block;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void *consume(void *unused)
{
	for (unsigned n = 1;; n++) {
		char *block;

		pthread_mutex_lock(&lock);
		while (ring_from == ring_to)
			pthread_cond_wait(&changed, &lock);
		block = ring[ring_from++ % 1024];
		pthread_cond_broadcast(&changed);
		pthread_mutex_unlock(&lock);
		if (!lose_each || n % lose_each != 0)
			free(block);
	}
	return unused;
}

static void hand_on(double scale)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, consume, NULL);
	while (scenario_tick(600 * scale))
		hand_over(receive());
}

static void others_free(double scale)
{
	hand_on(scale);
}

static void others_forget(double scale)
{
	lose_each = 15;
	hand_on(scale);
}

static void *stay(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void *leave(void *arg)
{
	free(scenario_use(malloc(600), 600));
	usleep(30000);
	return arg;
}

SCENARIO static void add_worker(void *(*body)(void *))
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 128 << 10);
	pthread_create(&thread, &attr, body, NULL);
	pthread_attr_destroy(&attr);
}

/* More threads come while there is more to do, up to a limit that is reached half-way. */
static void pool_up_to_limit(double scale)
{
	unsigned workers = 0, limit = (unsigned)(16 * scale);

	while (scenario_tick(200)) {
		if (workers < limit && workers < 2 * limit * scenario_done()) {
			add_worker(stay);
			workers++;
		}
		free(scenario_use(malloc(400), 400));
	}
}

static void hung_handlers(double scale)
{
	for (unsigned n = 1; scenario_tick(100); n++) {
		if (n % (unsigned)(50 / scale) == 0)
			add_worker(stay);
		else if (n % 20 == 0)
			add_worker(leave);
		free(scenario_use(malloc(400), 400));
	}
}

SCENARIO static char *load_tile(size_t bytes)
{
	return scenario_use(malloc(bytes), bytes);
}

/* What is left of a great many lies on every page. */
static void drop_but_each(unsigned each)
{
	for (unsigned i = 0; i < kept_count; i++)
		if (i % each != 0) {
			free(kept[i]);
			kept[i] = NULL;
		}
}

static void thinned_out(double scale)
{
	bool dropped = false;

	while (kept_count < 100000 * scale)
		kept[kept_count++] = load_tile(400);
	while (scenario_tick(200)) {
		free(scenario_use(malloc(200), 200));
		if (!dropped && scenario_done() > 0.4) {
			drop_but_each(10);
			dropped = true;
		}
	}
}

/* Small entries between large ones, and the large ones go. */
static void small_between_large(double scale)
{
	bool dropped = false;

	while (kept_count < 16000 * scale) {
		kept[kept_count++] = load_tile(64);
		for (int i = 0; i < 3; i++)
			kept[kept_count++] = load_tile(2600);
	}
	while (scenario_tick(200)) {
		free(scenario_use(malloc(100), 100));
		if (!dropped && scenario_done() > 0.3) {
			drop_but_each(4);
			dropped = true;
		}
	}
}

/* Large blocks that are given back to the kernel: no holes. */
static void large_go_back(double scale)
{
	while (kept_count < 40 * scale)
		kept[kept_count++] = load_tile(1 << 20);
	while (scenario_tick(200)) {
		free(scenario_use(malloc(200), 200));
		if (kept_count > 2 && scenario_done() > 0.4)
			free(kept[--kept_count]);
	}
}

/* A bump allocator that is given chunks and gives none back. */
static char *chunk;
static size_t chunk_left;

SCENARIO static void *region_alloc(size_t bytes)
{
	if (bytes > chunk_left) {
		chunk_left = 16384;
		chunk = scenario_use(malloc(chunk_left), chunk_left);
	}
	chunk_left -= bytes;
	return chunk + chunk_left;
}

SCENARIO static void index_page(void)
{
	scenario_use(region_alloc(200), 1);
}

SCENARIO static void tag_page(void)
{
	scenario_use(region_alloc(90), 1);
}

static void region_never_freed(double scale)
{
	while (scenario_tick(100 * scale)) {
		index_page();
		tag_page();
		free(scenario_use(malloc(300), 300));
	}
}

/* Objects from one block, taken and put back. */
struct slot {
	struct slot *next;
	char body[120];
};

static struct slot *spare;

SCENARIO static void borrow_and_return(void)
{
	struct slot *taken[20];

	for (int i = 0; i < 20; i++) {
		taken[i] = spare;
		spare = spare->next;
	}
	for (int i = 0; i < 20; i++) {
		taken[i]->next = spare;
		spare = taken[i];
	}
}

static void pool_of_slots(double scale)
{
	struct slot *all = calloc(2000, sizeof(*all));

	for (int i = 0; i < 2000; i++) {
		all[i].next = spare;
		spare = &all[i];
	}
	while (scenario_tick(500 * scale)) {
		borrow_and_return();
		free(scenario_use(malloc(90), 90));
	}
}

/* It takes more when it is empty, and is given all back: it levels off by itself. */
static void pool_on_demand(double scale)
{
	unsigned in_use[64] = { 0 };

	while (scenario_tick(300)) {
		unsigned who = scenario_random(64);
		unsigned most = (unsigned)(1 + 60 * scale * scenario_done() /
						       (0.3 + scenario_done()));

		while (in_use[who] < most) {
			kept[kept_count++] = load_tile(160);
			in_use[who]++;
		}
		free(scenario_use(malloc(90), 90));
	}
}

/* All at once, as fast as it goes; ends when the time is over. */
SCENARIO static void tight_loop(void)
{
	for (int i = 0; i < 1000; i++)
		free(scenario_use(malloc(48 + i % 200), 1));
}

static void as_fast_as_it_goes(double scale)
{
	while (scenario_done() < 1)
		for (int i = 0; i < scale; i++)
			tight_loop();
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "others-free", others_free },
		{ "others-forget", others_forget },
		{ "pool-up-to-limit", pool_up_to_limit },
		{ "hung-handlers", hung_handlers },
		{ "thinned-out", thinned_out },
		{ "small-between-large", small_between_large },
		{ "large-go-back", large_go_back },
		{ "region-never-freed", region_never_freed },
		{ "pool-of-slots", pool_of_slots },
		{ "pool-on-demand", pool_on_demand },
		{ "as-fast-as-it-goes", as_fast_as_it_goes },
		{ NULL },
	};

	return scenario_main(argc, argv, scenarios);
}
